import { timeOfDay } from '../../../model/time.ts';
import type { LogColumns } from '../data/report-data.ts';

/** Milliseconds since the story's start, from which everything in the report counts. */
export type Millis = number;

/** A line's time; the part below a microsecond is lost in a double. */
export function timeOfLine({ seconds, nanos }: LogColumns, index: number, startNanos: number): Millis {
  return (seconds[index] ?? 0) * 1000 + ((nanos[index] ?? 0) - startNanos) / 1e6;
}

/** A clock time in UTC to the millisecond, or the second, cut as `Timestamp` is; a double may be a little below the true time. */
export function clockText(epoch: number, precision?: '1s'): string {
  return timeOfDay(new Date(Math.floor(epoch + 0.001)).toISOString(), precision);
}

/** A span of time in the two largest units that it has: `1 h 5 min`, `12.4 s`, `85 ms`. */
export function durationText(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 1) return `${Math.round(ms)} ms`;
  if (seconds < 60) return `${Number(seconds.toFixed(seconds < 10 ? 2 : 1))} s`;
  const units = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'min'],
    [1, 's'],
  ] as const;
  const first = units.findIndex(([size]) => seconds >= size);
  const [[size, unit], next] = [units[first] ?? [1, 's'], units[first + 1]];
  const whole = Math.floor(seconds / size);
  const rest = next === undefined ? 0 : Math.floor((seconds - whole * size) / next[0]);
  return rest === 0 || next === undefined ? `${whole} ${unit}` : `${whole} ${unit} ${rest} ${next[1]}`;
}

const STEPS: readonly number[] = [1, 2, 5, 10, 20, 50, 100, 200, 500].concat(
  [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200].map((s) => s * 1000),
);
const DAY = 86_400_000;

export interface Tick {
  readonly at: Millis;
  readonly label: string;
}

/** Round clock times in a window, at least `gap` of `width` pixels apart. */
export function ticksOf(
  window: { readonly from: Millis; readonly to: Millis },
  width: number,
  options: { readonly epoch: number; readonly gap: number },
): Tick[] {
  const { epoch, gap } = options;
  const least = ((window.to - window.from) / Math.max(width, 1)) * gap;
  const step = STEPS.find((size) => size >= least) ?? Math.ceil(least / DAY) * DAY;
  const first = Math.ceil((epoch + window.from) / step) * step;
  const ticks: Tick[] = [];
  for (let time = first; time <= epoch + window.to; time += step)
    ticks.push({ at: time - epoch, label: tickText(time, step) });
  return ticks;
}

function tickText(time: number, step: number): string {
  const iso = new Date(time).toISOString();
  if (step < 1000) return iso.slice(11, 23);
  if (step < 60_000) return iso.slice(11, 19);
  return step < DAY ? (time % DAY === 0 ? iso.slice(5, 10) : iso.slice(11, 16)) : iso.slice(0, 10);
}
