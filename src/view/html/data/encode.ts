import { Buffer } from 'node:buffer';
import type { TimelineEntry } from '../../../story/document.ts';
import { ByteWriter } from './bytes.ts';
import { type Moment, momentOf, RAW, type ReportFacts, STREAMS } from './report-data.ts';

export type LogEntry = Extract<TimelineEntry, { type: 'log' }>;

/** Collects log lines by column: what is alike stands together, which gzip rewards. */
export class LogEncoder {
  readonly #columns = {
    seq: new ByteWriter(),
    container: new ByteWriter(),
    seconds: new ByteWriter(),
    nanos: new ByteWriter(),
    flags: new ByteWriter(),
    length: new ByteWriter(),
    text: new ByteWriter(),
  };
  #count = 0;
  #previous: Moment & { readonly seq: number } = { seq: 0, seconds: 0, nanos: 0 };
  readonly #startTime: string;

  /** Times count from `startTime`, the story's. */
  constructor(startTime: string) {
    this.#startTime = startTime;
  }

  add({ seq, container, time, stream, line, bytes }: LogEntry): void {
    const { seq: seqs, container: containers, seconds, nanos, flags, length, text } = this.#columns;
    const now = { seq, ...momentOf(time, this.#startTime) };
    const raw = bytes === undefined ? Buffer.from(line ?? '') : Buffer.from(bytes, 'base64');
    seqs.varint(seq - this.#previous.seq);
    containers.varint(container);
    seconds.signed(now.seconds - this.#previous.seconds);
    nanos.signed(now.nanos - this.#previous.nanos);
    flags.varint(STREAMS.indexOf(stream) | (bytes === undefined ? 0 : RAW));
    length.varint(raw.length);
    text.append(raw);
    this.#previous = now;
    this.#count += 1;
  }

  /** The report's data, uncompressed, piece by piece: lengths, the facts as JSON, then the columns. */
  *finish(facts: ReportFacts): Generator<Uint8Array> {
    const json = Buffer.from(JSON.stringify(facts));
    const columns = Object.values(this.#columns).map((column) => column.written());
    const lengths = new ByteWriter();
    for (const value of [this.#count, json.length, ...columns.map(({ length }) => length)]) lengths.varint(value);
    yield lengths.written();
    yield json;
    yield* columns;
  }
}
