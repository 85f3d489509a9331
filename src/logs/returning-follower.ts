import type { FilePosition, LogRecord } from '../model/record.ts';
import { type Clock, type Timestamp, timestampOf } from '../model/time.ts';
import type { InstanceLife } from './life.ts';
import { LogPast } from './past.ts';
import { LogCursor, type Resume } from './position.ts';
import type { FilesRoute } from './route-chooser.ts';
import type { FollowEnd, Follower, LogSink } from './sink.ts';
import type { StreamFollower } from './stream-follower.ts';

export interface ReturningFollowerOptions {
  readonly life: InstanceLife;
  readonly sink: LogSink;
  readonly clock: Clock;
  /** What an earlier recorder has of it, which was killed. */
  readonly past: LogPast | undefined;
  /** Set where the node lets its files be read already, and what there is of the log came by the pod log API. */
  readonly answers: FilesRoute | undefined;
  /** Resolves when the node lets its files be read; never, where it does not. */
  readonly filesRoute: () => Promise<FilesRoute>;
  /** Follows by the pod log API, behind what was recorded. */
  readonly stream: (sink: LogSink, past: LogPast) => StreamFollower;
  /** Follows by the node's files, behind what was recorded. */
  readonly files: (route: FilesRoute, past: LogPast) => Promise<Follower>;
  /** Where in the files the last lines are; undefined where they are not found. */
  readonly foothold: (route: FilesRoute, resume: Resume, last: Timestamp) => Promise<FilePosition | undefined>;
  /** Whether the files begin no later than a line. */
  readonly beginBy: (route: FilesRoute, first: Timestamp) => Promise<boolean>;
}

/** Lines that were not found in the files may be there later: where one was open, or the node could not be asked again. */
const NEXT_TRY_MS = 30_000;
/** As much of what came by the stream is compared with the files, in bytes: so much is kept of it anyway. */
const COMPARED_BYTES = 256 * 1024;

/**
 * Follows a container run whose node could not be asked for its files: by the pod log API, until the node answers; from
 * then on by its files, behind the line that the stream brought last. Where that is not found, the stream goes on.
 * What the stream left in doubt is read from the files once more, as long as that is little.
 */
export class ReturningFollower implements Follower {
  readonly #options: ReturningFollowerOptions;
  readonly #told: ToldPast;
  #current: Follower | undefined;

  constructor(options: ReturningFollowerOptions) {
    this.#options = options;
    this.#told = new ToldPast(options.past ?? new LogPast(options.life.instance), options.sink);
  }

  /** Resolves when all that can be had was read, or was given up for a stated reason; rejects only when the signal aborts. */
  async run(signal: AbortSignal): Promise<FollowEnd> {
    const { answers, stream } = this.#options;
    if (answers !== undefined) {
      const follower = stream(this.#told, this.#told.past);
      this.#current = follower;
      const next = await this.#goOver(follower, answers);
      if (next !== undefined) return await next.run(signal);
    }
    for (let ms = answers === undefined ? 0 : NEXT_TRY_MS; ; ms = NEXT_TRY_MS) {
      const follower = stream(this.#told, this.#told.past);
      this.#current = follower;
      const left = await this.#untilFiles(follower, ms, signal);
      if ('end' in left) return left.end;
      const next = await this.#goOver(follower, left.route);
      if (next !== undefined) return await next.run(signal);
    }
  }

  interrupted(): FollowEnd {
    return (
      this.#current?.interrupted() ?? { end: 'not proven', evidence: 'the capture ended before this log was read' }
    );
  }

  /** Until the log has ended, or its files can be read and the stream was left. */
  async #untilFiles(
    follower: StreamFollower,
    ms: number,
    signal: AbortSignal,
  ): Promise<{ readonly end: FollowEnd } | { readonly route: FilesRoute }> {
    const { filesRoute, clock, life } = this.#options;
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    const running = follower.run(either);
    const asking = (async () => {
      if (ms > 0) await clock.sleep(ms, either);
      const route = await filesRoute();
      // Of what has ended, or is about to be told, the stream reads the end.
      if (life.isOver || life.isLastCall) return await new Promise<never>(() => undefined);
      return { route };
    })();
    asking.catch(() => undefined); // rejected only by the end
    try {
      const first = await Promise.race([running.then((end) => ({ end })), asking]);
      if ('end' in first) return first;
      over.abort();
      // It may have come to its end at the same moment.
      const end = await running.catch(() => undefined);
      signal.throwIfAborted();
      return end === undefined ? first : { end };
    } finally {
      over.abort();
    }
  }

  /**
   * Follows by the files from where the stream stands, which is not read any more, or from their beginning; undefined where
   * the place is not found in them.
   */
  async #goOver(follower: StreamFollower, route: FilesRoute): Promise<Follower | undefined> {
    const { life, clock, files } = this.#options;
    const { past } = this.#told;
    // Nothing came by the stream: the files tell all, or go on where they were left.
    const isOfStream = past.lines > 0 && past.position === undefined;
    const position = isOfStream ? await this.#found(route) : undefined;
    if (isOfStream && position === undefined) return undefined;
    const isAnew = position !== undefined && (await this.#isReadAnew(follower, route));
    if (position !== undefined && !isAnew) {
      past.prove(position);
      await follower.leave();
    }
    const how = isAnew
      ? 'what the pod log API left in doubt is read from them, from its beginning on'
      : 'they go on where the pod log API was left';
    const text = `node ${route.node} lets its log files be read now: ${how}`;
    this.#told.append({ kind: 'note', observed: timestampOf(clock.now()), text });
    life.hasFiles = true;
    this.#current = await files(route, past);
    return this.#current;
  }

  /**
   * Whether the files tell all from the log's beginning on, what the stream brought once more: where that may not be all.
   * It stands if they hold the same, else theirs stands in its place.
   */
  async #isReadAnew(follower: StreamFollower, route: FilesRoute): Promise<boolean> {
    const { first, proven, doubts, bytes } = this.#told.past;
    if (first === undefined || proven !== undefined || bytes > COMPARED_BYTES) return false;
    if (doubts.length === 0 && !(await follower.isInDoubt())) return false;
    return await this.#options.beginBy(route, first).catch(() => false);
  }

  /** Where in the files what was recorded last ends: they go on there. */
  async #found(route: FilesRoute): Promise<FilePosition | undefined> {
    const { past } = this.#told;
    const cursor = new LogCursor();
    cursor.restore(await past.recentLines());
    const resume = cursor.resume();
    const { last } = cursor;
    if (resume === undefined || last === undefined) return undefined;
    // Whatever keeps the node from telling now: the stream goes on.
    return await this.#options.foothold(route, resume, last).catch(() => undefined);
  }
}

/** Passes on what a follower writes down, and keeps what another one needs to go on behind it. */
class ToldPast implements LogSink {
  readonly #sink: LogSink;
  readonly #withLines = new Set<number>();
  #past: LogPast;
  /** The first part of a line that comes in parts, by which it is known again. */
  #head: LogRecord | undefined;

  constructor(past: LogPast, sink: LogSink) {
    this.#past = past;
    this.#sink = sink;
  }

  get past(): LogPast {
    return this.#past;
  }

  get hold(): LogSink['hold'] {
    return this.#sink.hold;
  }

  append(record: Parameters<LogSink['append']>[0]): void {
    this.#sink.append(record);
    switch (record.kind) {
      case 'log':
        this.#withLines.add(record.stream);
        this.#takeLines(record);
        break;
      case 'streamOpened':
        this.#past.attempts = record.attempt;
        break;
      case 'streamClosed':
        if (record.boundTo === null && this.#withLines.has(record.stream)) this.#startOver();
        break;
      case 'gap':
        this.#past.takeGap(record);
        break;
      default:
        break;
    }
  }

  drained(signal: AbortSignal): Promise<void> {
    return this.#sink.drained(signal);
  }

  /** Of a line that comes in parts no more is kept than the first, until its last one tells that it is whole. */
  #takeLines(record: LogRecord): void {
    if (record.part?.index === 0) this.#head = record;
    if (record.part?.isLast === false) return;
    const known = record.part === undefined ? record : this.#head;
    if (known === undefined) return;
    const part = record.part === undefined ? {} : { part: { index: 0, isLast: true } };
    this.#past.take({ ...record, ...part, read: async () => known });
    const { proven, bytes } = this.#past;
    if (proven !== undefined || bytes > COMPARED_BYTES) this.#past.prove(undefined); // what the stream brought stands
  }

  /** What was written down was another instance's log. */
  #startOver(): void {
    const { instance, gaps, doubts } = this.#past;
    this.#past = new LogPast(instance);
    this.#past.gaps = gaps;
    this.#past.doubts = doubts;
  }
}
