import { RecordCursor, timestampAt } from '../logs/cri.ts';
import type { LinePart, LogRecord } from '../model/record.ts';
import type { Timestamp } from '../model/time.ts';
import { viewOf } from './json-bytes.ts';
import { LineTime } from './line-time.ts';

export const STREAMS = ['stdout', 'stderr', 'unknown'] as const;
/** Index of STREAMS. */
export const UNKNOWN = 2;
const EMPTY = Buffer.alloc(0);
/** A line of more than this is never put together. */
const LONG = 1024 * 1024;
const SPACE = 32;
const NEWLINE = 10;

/** A line that is not ended yet. */
interface Begun {
  /** Undefined where it has none. */
  readonly time: Timestamp | undefined;
  readonly parts: Buffer[];
}

/**
 * Takes the blocks of one log apart, in order; a line may begin in one block and end in a later one. Its fields tell where
 * the current line stands, and no object is made for a line.
 */
export class BlockLines {
  readonly time = new LineTime();
  /** The line's content stands from `from` to `to` of these. */
  bytes: Buffer = EMPTY;
  /** The same bytes. */
  view = viewOf(EMPTY);
  from = 0;
  to = 0;
  /** The same of a line that is too long to be put together: what it was split into. Undefined for others. */
  parts: readonly Buffer[] | undefined;
  /** Index of STREAMS. */
  stream = UNKNOWN;
  #block: Buffer = EMPTY;
  #blockView = viewOf(EMPTY);
  #records: RecordCursor | undefined;
  /** The block is a part of a line, and was not taken yet. */
  #part: LinePart | undefined;
  #start = 0;
  #next = 0;
  #isLogEnd = false;
  readonly #begun: (Begun | undefined)[] = [undefined, undefined];

  /** @param first the time of a line that tells none, while there is no earlier one. */
  constructor(first: Timestamp | undefined) {
    if (first !== undefined) this.time.set(first);
  }

  /** Goes to the beginning of a block. */
  enter(block: Pick<LogRecord, 'bytes' | 'format' | 'unterminated' | 'part' | 'anew'>): void {
    const { bytes, format, unterminated, part, anew = false } = block;
    if (anew) this.#begun.fill(undefined);
    this.#block = bytes;
    this.#blockView = viewOf(bytes);
    this.time.enter(bytes, this.#blockView);
    this.#part = part;
    this.#records = format === 'cri' ? new RecordCursor(bytes) : undefined;
    this.#next = 0;
    this.#isLogEnd = unterminated;
  }

  /** Where the current line begins in the block, with its time; -1 where other parts of it stand elsewhere, or it has no end. */
  get start(): number {
    if (this.bytes !== this.#block || this.#begun.some((begun) => begun !== undefined)) return -1;
    return this.#records?.start ?? this.#start;
  }

  /** Goes on with the line that begins there; before it stand usual ones. */
  skipTo(start: number): void {
    const before = this.#block.lastIndexOf(NEWLINE, start - 2) + 1;
    this.time.take(before, this.#block.indexOf(SPACE, before));
    this.#records?.skipTo(start);
    this.#next = start;
  }

  /** Goes to the next line; false at the end of the block. */
  next(): boolean {
    this.parts = undefined;
    if (this.#part !== undefined) return this.#takePart(this.#part);
    if (this.#records === undefined) return this.#nextTimestamped();
    return this.#nextOfRecords(this.#records) || (this.#isLogEnd && this.#nextUnended());
  }

  #nextTimestamped(): boolean {
    const { time } = this;
    const bytes = this.#block;
    const start = this.#next;
    if (start >= bytes.length) return false;
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline === -1 ? bytes.length : newline;
    let space = start;
    while (space < end && bytes[space] !== SPACE) space += 1;
    time.take(start, space); // a line without a time has that of the line before it
    this.bytes = bytes;
    this.view = this.#blockView;
    this.from = space < end ? space + 1 : start;
    this.to = end;
    this.stream = UNKNOWN;
    this.#start = start;
    this.#next = end + 1;
    return true;
  }

  /** All parts of a line follow each other; true for the last one. */
  #takePart({ index, isLast }: LinePart): boolean {
    const bytes = this.#block;
    const space = bytes.indexOf(SPACE);
    const begun = index === 0 ? { time: timestampAt(bytes, 0, space), parts: [] } : this.#begun[UNKNOWN];
    this.#begun[UNKNOWN] = begun;
    this.#part = undefined;
    this.#next = bytes.length;
    begun?.parts.push(Buffer.from(bytes.subarray(space + 1, -1)));
    if (begun !== undefined && isLast) this.#show(UNKNOWN, begun);
    return begun !== undefined && isLast;
  }

  #nextOfRecords(records: RecordCursor): boolean {
    while (records.next()) {
      const stream = records.isStderr ? 1 : 0;
      const isAlone = !records.isPartial && this.#begun[stream] === undefined;
      if (!records.isValid) continue;
      if (isAlone && this.time.take(records.start, records.timeEnd)) {
        this.bytes = records.bytes;
        this.view = this.#blockView;
        this.from = records.content;
        this.to = records.end;
        this.stream = stream;
        return true;
      }
      if (!isAlone && this.#join(records, stream)) return true;
    }
    return false;
  }

  /** Takes a part of a line; true if it is the last. */
  #join({ bytes, start, timeEnd, content, end, isPartial }: RecordCursor, stream: number): boolean {
    const time = timestampAt(bytes, start, timeEnd);
    if (time === undefined) return false;
    const begun = this.#begun[stream] ?? { time, parts: [] };
    begun.parts.push(Buffer.from(bytes.subarray(content, end)));
    this.#begun[stream] = begun;
    if (!isPartial) this.#show(stream, begun);
    return !isPartial;
  }

  /** The lines that were begun and never ended: whole only where the log itself ends. */
  #nextUnended(): boolean {
    const stream = this.#begun[0] === undefined ? 1 : 0;
    const begun = this.#begun[stream];
    if (begun !== undefined) this.#show(stream, begun);
    return begun !== undefined;
  }

  #show(stream: number, { time, parts }: Begun): void {
    this.#begun[stream] = undefined;
    if (time !== undefined) this.time.set(time); // else it has that of the line before it
    const isLong = parts.reduce((sum, { length }) => sum + length, 0) > LONG;
    this.parts = isLong ? parts : undefined;
    this.bytes = isLong ? EMPTY : Buffer.concat(parts);
    this.view = viewOf(this.bytes);
    this.from = 0;
    this.to = this.bytes.length;
    this.stream = stream;
  }
}
