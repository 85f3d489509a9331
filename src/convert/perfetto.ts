import { millisecondsOf, type Timestamp } from '../model/time.ts';
import type { TimelineEntry } from '../story/document.ts';
import type { StoryHead, StoryReader } from '../story/reader.ts';
import { inPieces } from './converter.ts';
import { detailsOf, textOf, wordOf } from './describe.ts';
import { containerOfGap, objectName, subjectOf } from './subject.ts';

/**
 * A trace for ui.perfetto.dev (Chrome's trace event format): a process for each object, a track for each container run,
 * spans for their lives, marks for Events and changes, gaps, and the rate of log lines. Times are microseconds since
 * the story's start.
 */
export function perfetto(story: StoryReader): AsyncIterable<string> {
  return inPieces(trace(story));
}

async function* trace({ head, entries }: StoryReader): AsyncGenerator<string> {
  const { id, generator, cluster, startTime } = head.metadata;
  const otherData = { story: id, generator, server: cluster.server, startTime };
  yield `{"displayTimeUnit":"ms","otherData":${JSON.stringify(otherData)},"traceEvents":[`;
  const clock = new TraceClock(head);
  let separator = '\n';
  const write = (event: object) => {
    const text = `${separator}${JSON.stringify(event)}`;
    separator = ',\n';
    return text;
  };
  for (const event of [...tracks(head), ...lives(head, clock), ...gaps(head, clock)]) yield write(event);
  const rates = new LineRates(head);
  for await (const entry of entries()) {
    if (entry.type === 'log') for (const event of rates.take(entry.container, clock.at(entry.time))) yield write(event);
    else yield write(mark(entry, head, clock));
  }
  for (const event of rates.finish()) yield write(event);
  yield '\n]}\n';
}

/** Where an object's own marks and life stand; container runs follow. Process 0 is what belongs to no object. */
const OWN_TRACK = 0;

function pidOf(object: number): number {
  return object + 1;
}

class TraceClock {
  readonly #start: Timestamp;
  /** Microseconds at which the story ends. */
  readonly end: number;

  constructor({ metadata, objects }: StoryHead) {
    const starts = [metadata.startTime, ...objects.map(({ firstSeen }) => firstSeen)].sort();
    this.#start = (starts[0] ?? metadata.startTime) as Timestamp;
    this.end = this.at(metadata.endTime);
  }

  /** Microseconds since the start; three digits below. Never negative: the importer would drop it. */
  at(time: string): number {
    const milliseconds = millisecondsOf(time as Timestamp) - millisecondsOf(this.#start);
    const nanoseconds = Number(time.slice(23, 29)) - Number(this.#start.slice(23, 29));
    return Math.max(0, milliseconds * 1000 + nanoseconds / 1000);
  }
}

function tracks({ objects, containers }: StoryHead): object[] {
  return [
    ...objects.flatMap((object, index) => [
      { ph: 'M', name: 'process_name', pid: pidOf(index), tid: OWN_TRACK, args: { name: objectName(object) } },
      { ph: 'M', name: 'process_sort_index', pid: pidOf(index), tid: OWN_TRACK, args: { sort_index: index } },
      { ph: 'M', name: 'thread_name', pid: pidOf(index), tid: OWN_TRACK, args: { name: object.kind } },
    ]),
    ...containers.map(({ object, name, restart }, index) => ({
      ph: 'M',
      name: 'thread_name',
      pid: pidOf(object),
      tid: index + 1,
      args: { name: `${name} #${restart}` },
    })),
  ];
}

function lives({ objects, containers }: StoryHead, clock: TraceClock): object[] {
  const span = (name: string, from: string, to: string | undefined) => {
    const ts = clock.at(from);
    return { ph: 'X', name, ts, dur: Math.max(0, (to === undefined ? clock.end : clock.at(to)) - ts) };
  };
  return [
    ...objects.map((object, index) => ({
      ...span(objectName(object), object.firstSeen, object.deletedTime),
      cat: 'object',
      pid: pidOf(index),
      tid: OWN_TRACK,
      args: { uid: object.uid, lineage: object.lineage },
    })),
    ...containers.flatMap(({ object, name, restart, startedTime, finishedTime, exitCode, reason, ledger }, index) => {
      if (startedTime === undefined) return [];
      const place = {
        cat: 'run',
        pid: pidOf(object),
        tid: index + 1,
        args: { exitCode, reason, lines: ledger.lines, end: ledger.end },
      };
      return [{ ...span(`${name} #${restart}`, startedTime, finishedTime), ...place }];
    }),
  ];
}

/** Gaps may overlap each other and the runs, so they are asynchronous spans. */
function gaps({ gaps: all, containers }: StoryHead, clock: TraceClock): object[] {
  return all.flatMap((gap, index) => {
    const container = containerOfGap(gap);
    const of = containers[container ?? -1];
    const pid = of === undefined ? 0 : pidOf(of.object);
    const about = { cat: 'gap', name: `gap: ${gap.cause}`, id: `gap-${index}`, pid, tid: (container ?? -1) + 1 };
    const { certainty, evidence } = gap;
    return [
      { ph: 'b', ...about, ts: clock.at(gap.from), args: { certainty, evidence } },
      { ph: 'e', ...about, ts: clock.at(gap.to) },
    ];
  });
}

function mark(entry: Exclude<TimelineEntry, { type: 'log' }>, head: StoryHead, clock: TraceClock): object {
  const { object, container, at } = subjectOf(head, entry);
  const word = wordOf(entry, head.gaps);
  const text = textOf(entry, head.gaps);
  return {
    ph: 'i',
    s: object === undefined ? 'g' : container === undefined ? 'p' : 't',
    cat: entry.type,
    name: word === '' ? entry.type : word,
    ts: clock.at(entry.time),
    pid: pidOf(at.object),
    tid: at.container + 1,
    args: { seq: entry.seq, text, ...(entry.type === 'lifecycle' ? detailsOf(entry) : {}) },
  };
}

const SECOND = 1_000_000;

/** Lines of each container run in each second in which there are any, as a counter that falls back to 0. */
class LineRates {
  readonly #head: StoryHead;
  readonly #open = new Map<number, { second: number; lines: number }>();

  constructor(head: StoryHead) {
    this.#head = head;
  }

  take(container: number, at: number): object[] {
    const second = Math.floor(at / SECOND);
    const open = this.#open.get(container);
    // A clock that steps back counts in the second that is open.
    if (open !== undefined && second <= open.second) {
      open.lines += 1;
      return [];
    }
    this.#open.set(container, { second, lines: 1 });
    return open === undefined ? [] : this.#close(container, open, second);
  }

  finish(): object[] {
    return [...this.#open].flatMap(([container, open]) => this.#close(container, open, Number.POSITIVE_INFINITY));
  }

  #close(container: number, { second, lines }: { second: number; lines: number }, next: number): object[] {
    const { name = '', restart = 0, object = 0 } = this.#head.containers[container] ?? {};
    const counter = (at: number, value: number) => ({
      ph: 'C',
      name: `${name} #${restart} lines/s`,
      pid: pidOf(object),
      ts: at * SECOND,
      args: { lines: value },
    });
    return next === second + 1 ? [counter(second, lines)] : [counter(second, lines), counter(second + 1, 0)];
  }
}
