import { durationText } from '../model/clock.ts';
import { laneName } from '../model/lanes.ts';
import type { Scene } from './draw.ts';
import { LANE_HEIGHT } from './lane-tree.tsx';

/** What the pointer is on. */
export interface Found {
  readonly lane: string;
  readonly from: number;
  readonly to?: number;
  readonly texts: readonly string[];
  readonly seq: number;
}

/** Pixels around the pointer in which a mark is meant. */
const REACH = 7;

/** Marks come first, the nearest above all; then what is missing; then the span beneath. */
export function findAt(
  { x, y }: { readonly x: number; readonly y: number },
  { opened, shown, top, window, width }: Pick<Scene, 'opened' | 'shown' | 'top' | 'window' | 'width'>,
): Found | undefined {
  const number = shown[Math.floor((y + top) / LANE_HEIGHT)];
  const [lane, story] = [opened.index.lanes[number ?? -1], opened.stories[number ?? -1]];
  if (lane === undefined || story === undefined) return undefined;
  const name = laneName(opened.index, lane);
  const scale = (window.to - window.from) / width;
  const at = window.from + x * scale;
  const near = story.marks
    .filter((mark) => Math.abs(mark.at - at) <= REACH * scale)
    .sort((a, b) => Math.abs(a.at - at) - Math.abs(b.at - at));
  const [nearest] = near;
  if (nearest !== undefined) {
    const more = near.length > 4 ? [`and ${near.length - 4} more`] : [];
    return {
      lane: name,
      from: nearest.at,
      seq: nearest.seq,
      texts: [...near.slice(0, 4).map(({ text }) => text), ...more],
    };
  }
  const reach = 3 * scale;
  const missing = story.missing.find(({ from, to }) => from - reach <= at && at <= to + reach);
  if (missing !== undefined) return { lane: name, ...missing, texts: [`missing: ${missing.text}`] };
  const span = story.spans.findLast(({ from, to }) => from - reach <= at && at <= to + reach);
  return span === undefined
    ? undefined
    : { lane: name, ...span, texts: [`${span.text}, ${durationText(span.to - span.from)}`] };
}
