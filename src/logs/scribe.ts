import type { ContainerInstance } from '../model/instance.ts';
import type { LogRecord, LogRoute } from '../model/record.ts';
import { type Clock, laterOf, type Timestamp, timestampOf } from '../model/time.ts';
import type { LogSink } from './sink.ts';

export interface ScribeOptions {
  readonly instance: ContainerInstance;
  readonly sink: LogSink;
  readonly clock: Pick<Clock, 'now'>;
  readonly nextStream: () => number;
}

type Written = Omit<LogRecord, 'kind' | 'observed' | 'stream'>;

/**
 * Writes one container run's lines to the journal, whichever route brings them. Each change of route is a new stream of
 * the journal, so that their order is the order of the log, and lines that prove wrong can be disowned as one.
 */
export class Scribe {
  readonly #options: ScribeOptions;
  #stream: { readonly number: number; readonly route: LogRoute } | undefined;
  #last: Timestamp | undefined;
  #proven: Timestamp | undefined;
  /** How often the stream was opened again. */
  reconnects = 0;
  lines = 0;

  constructor(options: ScribeOptions) {
    this.#options = options;
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
    this.#last = this.#last === undefined ? block.last : laterOf(this.#last, block.last);
    if (route === 'node-files') this.#proven = this.#last;
    this.lines += block.lines;
    this.#options.sink.append({ kind: 'log', observed, stream: this.#stream.number, ...block });
  }

  /** What the stream brought was found in the file: it stands. */
  prove(): void {
    this.#proven = this.#last;
    this.#end((instance) => ({ boundTo: instance, reason: 'found in the file' }));
  }

  /** What the stream brought is not what the file holds: the file's lines, which follow, stand in its place. */
  disown(lines: number): void {
    this.lines -= lines;
    this.#end(() => ({ boundTo: null, reason: 'not what the file holds' }));
  }

  #end(how: (instance: ContainerInstance) => { boundTo: ContainerInstance | null; reason: string }): void {
    const stream = this.#stream;
    if (stream?.route !== 'stream') return;
    this.#stream = undefined;
    const { instance, sink } = this.#options;
    const closed = { kind: 'streamClosed', observed: this.#now(), stream: stream.number, repeatsRemoved: 0 } as const;
    sink.append({ ...closed, ...how(instance) });
  }

  #open(route: LogRoute, observed: Timestamp): { readonly number: number; readonly route: LogRoute } {
    const { instance, sink, nextStream } = this.#options;
    const stream = nextStream();
    const attempt = route === 'stream' ? this.reconnects : 0;
    sink.append({ kind: 'streamOpened', observed, stream, instance, route, attempt, limited: false });
    return { number: stream, route };
  }

  #now(): Timestamp {
    return timestampOf(this.#options.clock.now());
  }
}
