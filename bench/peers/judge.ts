import type { Story } from '../../src/story/document.ts';

/** A story against what the containers wrote. */
export interface Judgement {
  readonly written: number;
  readonly once: number;
  readonly repeated: number;
  /** Missing, inside a stated gap of their run. */
  readonly stated: number;
  /** Missing, and nothing says so: the defect. */
  readonly silent: number;
  /** Lines that came, though a stated gap of their run covers their time. */
  readonly overStated: number;
  readonly complete: boolean;
  /** The first silent losses, for a person. */
  readonly examples: readonly string[];
}

interface Line {
  readonly number: number;
  readonly ms: number;
  readonly container: number;
}

/** Whole seconds of status times, and the moment between writing a line and noting it. */
const TOLERANCE_MS = 1500;

/** Judges every run's lines: once, inside a stated gap, or lost in silence. Tags are `TPOD-NANOSECONDS`. */
export function judge(story: Story, truth: ReadonlyMap<string, number>): Judgement {
  const lines = linesByTag(story);
  const total = { written: 0, once: 0, repeated: 0, stated: 0, silent: 0 };
  const examples: string[] = [];
  for (const [tag, written] of truth) {
    const own = (lines.get(tag) ?? []).filter(({ number }) => number < written);
    const got = new Map(own.map((line) => [line.number, line]));
    total.written += written;
    total.once += got.size;
    total.repeated += own.length - got.size;
    for (const { from, to } of missingRuns(got, written)) {
      const isStated = isCovered(story, tag, { before: got.get(from - 1), after: got.get(to) });
      total[isStated ? 'stated' : 'silent'] += to - from;
      if (!isStated && examples.length < 10) examples.push(`${tag}: ${from} to ${to - 1} of ${written}`);
    }
  }
  return { ...total, overStated: overStated(story), complete: story.metadata.complete, examples };
}

function linesByTag(story: Story): Map<string, Line[]> {
  const lines = new Map<string, Line[]>();
  for (const entry of story.timeline) {
    if (entry.type !== 'log') continue;
    const [, tag, number] = /^(T[a-z0-9-]+) (\d+) x/.exec(entry.line ?? '') ?? [];
    if (tag === undefined) continue;
    const line = { number: Number(number), ms: Date.parse(entry.time), container: entry.container };
    const known = lines.get(tag);
    if (known === undefined) lines.set(tag, [line]);
    else known.push(line);
  }
  return lines;
}

function missingRuns(got: ReadonlyMap<number, Line>, written: number): { from: number; to: number }[] {
  const runs: { from: number; to: number }[] = [];
  for (let number = 0; number < written; number += 1) {
    if (got.has(number)) continue;
    const from = number;
    while (number < written && !got.has(number)) number += 1;
    runs.push({ from, to: number });
  }
  return runs;
}

function isCovered(
  story: Story,
  tag: string,
  { before, after }: { before: Line | undefined; after: Line | undefined },
): boolean {
  const container = before?.container ?? after?.container;
  const [, pod = '', nanoseconds = '0'] = /^T(.+)-(\d+)$/.exec(tag) ?? [];
  const from = before?.ms ?? Number(nanoseconds) / 1e6;
  const to = after?.ms ?? from;
  return story.gaps.some((gap) => {
    if (!('container' in gap.of)) return false;
    const run = story.containers[gap.of.container as number];
    // Of a run without any line only its pod is known.
    const isOwn =
      container === undefined ? story.objects[run?.object ?? -1]?.name === pod : gap.of.container === container;
    return isOwn && Date.parse(gap.from) <= from + TOLERANCE_MS && Date.parse(gap.to) >= to - TOLERANCE_MS;
  });
}

function overStated(story: Story): number {
  const gaps = Map.groupBy(story.gaps, ({ of }) => ('container' in of ? of.container : -1));
  return story.timeline.filter(
    (entry) =>
      entry.type === 'log' &&
      gaps.get(entry.container)?.some(({ from, to }) => from < entry.time && entry.time < to) === true,
  ).length;
}
