import type { Millis } from './clock.ts';
import { type LaneIndex, laneName } from './lanes.ts';
import type { LaneStory } from './spans.ts';

/** A span, a mark or a gap of a lane in words. */
export interface TextRow {
  readonly lane: string;
  readonly isFirst: boolean;
  readonly from: Millis;
  /** undefined for a moment. */
  readonly to: Millis | undefined;
  readonly text: string;
  readonly tone: 'bad' | 'warn' | '';
  readonly seq: number;
}

const BAD = new Set(['failed', 'crashed', 'missing']);
const WARN = new Set(['waiting', 'warning', 'overtaken', 'leaving']);

/** Everything that the lanes show, lane by lane in order of time. `lanes` undefined: of all. */
export function tableOf(
  index: LaneIndex,
  stories: readonly LaneStory[],
  lanes: ReadonlySet<number> | undefined,
): TextRow[] {
  return index.lanes.flatMap((lane) => {
    const story = stories[lane.index];
    if (story === undefined || lanes?.has(lane.index) === false) return [];
    const name = laneName(index, lane);
    return rowsOf(story).map((row, number) => ({ ...row, lane: `${lane.kind} ${name}`, isFirst: number === 0 }));
  });
}

function rowsOf({ spans, marks, missing }: LaneStory): Omit<TextRow, 'lane' | 'isFirst'>[] {
  const tone = (name: string) => (BAD.has(name) ? 'bad' : WARN.has(name) ? 'warn' : '');
  return [
    ...spans.map(({ from, to, text, tone: name, seq }) => ({ from, to, text, tone: tone(name), seq }) as const),
    ...marks.map(
      ({ at, text, tone: name, seq }) => ({ from: at, to: undefined, text, tone: tone(name), seq }) as const,
    ),
    ...missing.map(({ from, to, text, seq }) => ({ from, to, text: `missing: ${text}`, tone: 'bad', seq }) as const),
  ].sort((a, b) => a.from - b.from || a.seq - b.seq);
}
