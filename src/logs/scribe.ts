import type { ContainerInstance } from '../model/instance.ts';
import type { FilePosition, LogRecord, LogRoute, StreamClosedRecord } from '../model/record.ts';
import { type Clock, laterOf, type Timestamp, timestampOf } from '../model/time.ts';
import type { LogPast } from './past.ts';
import type { LogSink } from './sink.ts';

export interface ScribeOptions {
  readonly instance: ContainerInstance;
  readonly sink: LogSink;
  readonly clock: Pick<Clock, 'now'>;
  readonly nextStream: () => number;
  /** What an earlier recorder wrote, which was killed. */
  readonly past?: LogPast | undefined;
}

type Ending = Pick<StreamClosedRecord, 'boundTo' | 'reason' | 'position'>;
type Written = Omit<LogRecord, 'kind' | 'observed' | 'stream'>;

/**
 * Writes one container run's lines to the journal, whichever route brings them. Each change of route is a new stream of
 * the journal, so that their order is the order of the log, and lines that prove wrong can be disowned as one.
 */
export class Scribe {
  readonly #options: ScribeOptions;
  #stream: { readonly number: number; readonly route: LogRoute } | undefined;
  /** Streams of an earlier recorder whose lines are not proven yet. */
  #inherited: readonly number[];
  #last: Timestamp | undefined;
  #proven: Timestamp | undefined;
  /** How often the stream was opened again. */
  reconnects = 0;
  lines = 0;
  /** Lines that the stream brought though the file had given them, since a stream of the journal was last closed. */
  repeatsRemoved = 0;

  constructor(options: ScribeOptions) {
    this.#options = options;
    const { past } = options;
    this.#inherited = past?.unprovenStreams ?? [];
    this.#last = past?.last;
    this.#proven = past?.proven;
    this.lines = past?.lines ?? 0;
    this.reconnects = past?.attempts ?? 0;
  }

  /** The greatest time that was written. */
  get last(): Timestamp | undefined {
    return this.#last;
  }

  /** The same of what the files hold, too: between then and `last`, the stream may have skipped lines at a rotation. */
  get proven(): Timestamp | undefined {
    return this.#proven;
  }

  write(route: LogRoute, block: Written): void {
    const observed = this.#now();
    this.#stream = this.#stream?.route === route ? this.#stream : this.#open(route, observed);
    this.#last = laterOf(this.#last, block.last);
    if (route === 'node-files') this.#proven = this.#last;
    this.lines += block.lines;
    this.#options.sink.append({ kind: 'log', observed, stream: this.#stream.number, ...block });
  }

  /** What the stream brought was found in the file, or must stand as it is: up to this position there. */
  prove(position?: FilePosition): void {
    this.#proven = this.#last;
    const { instance } = this.#options;
    const found = position === undefined ? {} : { position };
    this.#end({ boundTo: instance, reason: 'found in the file', ...found });
  }

  /** What the stream brought is not what the file holds: the file's lines, which follow, stand in its place. */
  disown(lines: number): void {
    this.lines -= lines;
    this.#end({ boundTo: null, reason: 'not what the file holds' });
  }

  /** Nothing more will be written. */
  close(): void {
    if (this.#stream === undefined) return;
    const { number } = this.#stream;
    this.#stream = undefined;
    this.#close(number, { boundTo: this.#options.instance, reason: 'ended' });
  }

  #end(how: Ending): void {
    const own = this.#stream?.route === 'stream' ? [this.#stream.number] : [];
    if (own.length > 0) this.#stream = undefined;
    for (const stream of [...this.#inherited, ...own]) this.#close(stream, how);
    this.#inherited = [];
  }

  #close(stream: number, how: Ending): void {
    // What is disowned is not counted: repeats are told with what stands.
    const repeatsRemoved = how.boundTo === null ? 0 : this.repeatsRemoved;
    this.repeatsRemoved -= repeatsRemoved;
    this.#options.sink.append({ kind: 'streamClosed', observed: this.#now(), stream, repeatsRemoved, ...how });
  }

  #open(route: LogRoute, observed: Timestamp): { readonly number: number; readonly route: LogRoute } {
    const { instance, sink, nextStream } = this.#options;
    const stream = nextStream();
    const attempt = route === 'stream' ? this.reconnects : 0;
    const beside = route === 'stream' ? ({ beside: true } as const) : {};
    sink.append({ kind: 'streamOpened', observed, stream, instance, route, attempt, limited: false, ...beside });
    return { number: stream, route };
  }

  #now(): Timestamp {
    return timestampOf(this.#options.clock.now());
  }
}
