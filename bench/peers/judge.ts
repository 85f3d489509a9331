import type { StoryGap } from '../../src/story/document.ts';
import type { StoryHead } from '../../src/story/head.ts';
import { openStory } from '../../src/story/reader.ts';

/** A story against what the containers wrote. */
export interface Judgement {
  readonly written: number;
  readonly once: number;
  readonly repeated: number;
  /** Missing, inside stated gaps of their run. */
  readonly stated: number;
  /** Missing, and nothing says so: the defect. */
  readonly silent: number;
  /** Lines that came, though a stated gap of their run covers their time. */
  readonly overStated: number;
  readonly complete: boolean;
  /** The first silent losses, for a person. */
  readonly examples: readonly string[];
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** Times of a status have whole seconds; and a moment lies between writing a line and noting it. */
const STATUS_MS = 1500;
/** A line's own time has nanoseconds, of which milliseconds are compared. */
const LINE_MS = 1;

/**
 * Judges every run's lines in a story: once, inside a stated gap, or lost in silence. The lines of a tag are `TAG N x…`, N
 * from 0 to the number that is given. Tags are `TPOD-NANOSECONDS`, the time of the run's start, or `TPOD`, of which the
 * pod's name is longer. The story is read piece by piece, whatever its size.
 */
export async function judge(path: string, truth: ReadonlyMap<string, number>): Promise<Judgement> {
  await using story = await openStory(path);
  const { head } = story;
  const runs = new Map([...truth].map(([tag, written]) => [tag, new RunLines(tag, written)]));
  const gaps = Map.groupBy(head.gaps, ({ of }) => ('container' in of ? Number(of.container) : -1));
  let overStated = 0;
  for await (const entry of story.entries({ types: ['log'] })) {
    if (entry.type !== 'log') continue;
    const { container, time } = entry;
    if (gaps.get(container)?.some(({ from, to }) => from < time && time < to) === true) overStated += 1;
    const [, tag = '', number] = /^(T[a-z0-9-]+) (\d+) x/.exec(entry.line ?? '') ?? [];
    runs.get(tag)?.take(Number(number), Date.parse(time), container);
  }
  const total = { written: 0, once: 0, repeated: 0, stated: 0, silent: 0 };
  const examples: string[] = [];
  for (const run of runs.values()) {
    total.written += run.written;
    total.once += run.once;
    total.repeated += run.repeated;
    for (const { from, to } of run.missing()) {
      const isStated = isCovered(head, run, { from, to });
      total[isStated ? 'stated' : 'silent'] += to - from;
      if (!isStated && examples.length < 10) examples.push(`${run.tag}: ${from} to ${to - 1} of ${run.written}`);
    }
  }
  return { ...total, overStated, complete: head.metadata.complete, examples };
}

/** Which of a run's lines came, when they were written, and in which container of the story they stand. */
class RunLines {
  readonly tag: string;
  readonly #ms: Float64Array;
  readonly #containers: Int32Array;
  once = 0;
  repeated = 0;

  constructor(tag: string, written: number) {
    this.tag = tag;
    this.#ms = new Float64Array(written).fill(Number.NaN);
    this.#containers = new Int32Array(written);
  }

  get written(): number {
    return this.#ms.length;
  }

  take(number: number, ms: number, container: number): void {
    if (number >= this.written) return;
    if (this.#has(number)) this.repeated += 1;
    else this.once += 1;
    this.#ms[number] = ms;
    this.#containers[number] = container;
  }

  /** A line's time and container; undefined where it did not come. */
  at(number: number): { readonly ms: number; readonly container: number } | undefined {
    const ms = this.#ms[number];
    return ms === undefined || Number.isNaN(ms) ? undefined : { ms, container: this.#containers[number] ?? -1 };
  }

  /** Numbers that did not come, from one until before another. */
  *missing(): Generator<Span> {
    for (let from = 0; from < this.written; from += 1) {
      if (this.#has(from)) continue;
      let to = from + 1;
      while (to < this.written && !this.#has(to)) to += 1;
      yield { from, to };
      from = to;
    }
  }

  #has(number: number): boolean {
    return !Number.isNaN(this.#ms[number]);
  }
}

/** Whether the time of the missing lines lies within gaps of their run, all of it. */
function isCovered({ containers, objects, gaps }: StoryHead, run: RunLines, { from, to }: Span): boolean {
  const [before, after] = [run.at(from - 1), run.at(to)];
  const known = before?.container ?? after?.container;
  const [, pod = '', nanoseconds] = /^T(.+?)(?:-(\d{15,}))?$/.exec(run.tag) ?? [];
  return containers.some(({ object, startedTime, finishedTime = '' }, index) => {
    const name = objects[object]?.name ?? '';
    // Of a run without any line only its pod is known.
    if (known === undefined ? name !== pod && !name.startsWith(`${pod}-`) : known !== index) return false;
    const started = nanoseconds === undefined ? Date.parse(startedTime ?? '') : Number(nanoseconds) / 1e6;
    const start = before === undefined ? started + STATUS_MS : before.ms + LINE_MS;
    const finished = Math.max(start, Date.parse(finishedTime) || 0) - STATUS_MS;
    const end = after === undefined ? finished : after.ms - LINE_MS;
    return (
      reachOf(
        gaps.filter(({ of }) => 'container' in of && of.container === index),
        start,
      ) >= end
    );
  });
}

/** How far gaps reach from a time on, one after the other; nowhere where none begins by then. */
function reachOf(gaps: readonly StoryGap[], start: number): number {
  const spans = gaps.map(({ from, to }) => ({ from: Date.parse(from), to: Date.parse(to) }));
  let reach = Number.NEGATIVE_INFINITY;
  for (const { from, to } of spans.sort((a, b) => a.from - b.from))
    if (from <= Math.max(start, reach)) reach = Math.max(reach, to);
  return reach;
}
