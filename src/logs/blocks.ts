import type { LogRecord } from '../model/record.ts';
import { earlierOf, parseTimestamp, type Timestamp } from '../model/time.ts';
import { nanosecondAt } from '../model/time-bytes.ts';
import { LineWindow, type Measured as Run } from '../simd/line-window.ts';
import { linesOf, timeOf } from './lines.ts';

/** Whole lines with what a block of the journal says about them. */
export type Block = Pick<LogRecord, 'lines' | 'contentBytes' | 'first' | 'last' | 'bytes' | 'unterminated'>;

/** A block is handed on at this size, or when its reader asks for what there is. */
const BLOCK_BYTES = 64 * 1024;
/** `2026-11-23T16:07:00.120000000Z`, as the pod log API pads it. */
const PADDED_TIME_LENGTH = 30;
const NANOSECOND_AT = 20;
const NANOSECOND_DIGITS = 9;
const NEWLINE_BYTE = 10;

/**
 * Collects the bytes of a stream of `TIME CONTENT\n` lines into blocks of whole lines. Lines are counted and their
 * times compared in place; no string and no object is made for a line.
 */
export class BlockBuilder {
  #tail: Buffer[] = [];
  #tailBytes = 0;
  #whole: Buffer[] = [];
  #wholeBytes = 0;

  /** True while whole lines wait for `take`. */
  get hasLines(): boolean {
    return this.#wholeBytes > 0;
  }

  get isFull(): boolean {
    return this.#wholeBytes >= BLOCK_BYTES;
  }

  push(chunk: Buffer): void {
    const end = chunk.lastIndexOf(10) + 1;
    if (end === 0) {
      if (chunk.length > 0) this.#tail.push(chunk);
      this.#tailBytes += chunk.length;
      return;
    }
    this.#add([...this.#tail, chunk.subarray(0, end)]);
    this.#tail = end < chunk.length ? [chunk.subarray(end)] : [];
    this.#tailBytes = chunk.length - end;
  }

  /** Lines that were taken apart before, e.g. to be compared, each without its newline. */
  pushLines(lines: readonly Buffer[]): void {
    for (const line of lines) this.#add([line, NEWLINE]);
  }

  /** The whole lines so far. */
  take(): Buffer {
    const bytes = this.#whole.length === 1 ? (this.#whole[0] ?? EMPTY) : Buffer.concat(this.#whole, this.#wholeBytes);
    this.#whole = [];
    this.#wholeBytes = 0;
    return bytes;
  }

  get tailBytes(): number {
    return this.#tailBytes;
  }

  /** The beginning of a line whose newline has not come. */
  get tail(): Buffer {
    if (this.#tail.length > 1) this.#tail = [Buffer.concat(this.#tail)];
    return this.#tail[0] ?? EMPTY;
  }

  /** As `tail`, which is taken away. */
  takeTail(): Buffer {
    const { tail } = this;
    this.#tail = [];
    this.#tailBytes = 0;
    return tail;
  }

  /** Takes the last line for whole, though it has no newline: only right where the log itself ends there. */
  endLine(): void {
    this.#add([this.takeTail(), NEWLINE]);
  }

  #add(parts: readonly Buffer[]): void {
    for (const part of parts) {
      this.#whole.push(part);
      this.#wholeBytes += part.length;
    }
  }
}

const NEWLINE = Buffer.from('\n');
const EMPTY = Buffer.alloc(0);

/** Whole lines, measured. */
export interface Measured {
  readonly block: Block | undefined;
  /** A line without a time is not one of the container's but the kubelet's own word (an error while it read the file). */
  readonly undated: readonly string[];
  /** Each line's time is later than that of the one before, as it nearly always is: then none of them is there twice. */
  readonly isRising: boolean;
}

/** Measures a block of whole lines. */
export function measure(bytes: Buffer): Measured {
  const times = new TimeRange();
  const window = new LineWindow(bytes, 'timestamped');
  let [lines, contentBytes] = [0, 0];
  for (let start = 0; start < bytes.length; ) {
    if (!times.takePadded(bytes, start)) return measureSlowly(bytes);
    const next = bytes.indexOf(NEWLINE_BYTE, start) + 1;
    lines += 1;
    contentBytes += next - start - PADDED_TIME_LENGTH - 2;
    if (next === bytes.length) break;
    const nanosecond = nanosecondAt(bytes, start + NANOSECOND_AT, NANOSECOND_DIGITS);
    const run = window.measure(next, start, nanosecond);
    if (run !== undefined && !times.takeRun(bytes, run)) return measureSlowly(bytes);
    lines += run?.lines ?? 0;
    contentBytes += run?.contentBytes ?? 0;
    start = run?.next ?? next;
  }
  const { isRising } = times;
  return { block: times.block(bytes, lines, contentBytes), undated: [], isRising };
}

function measureSlowly(bytes: Buffer): Measured {
  const times = new TimeRange();
  const kept: Buffer[] = [];
  let contentBytes = 0;
  const undated: string[] = [];
  for (const line of linesOf(bytes)) {
    const time = timeOf(line);
    if (time === undefined) undated.push(line.toString('utf8'));
    else {
      times.take(time);
      contentBytes += line.length - line.indexOf(32) - 1;
      kept.push(line, NEWLINE);
    }
  }
  const { isRising } = times;
  return { block: times.block(Buffer.concat(kept), kept.length / 2, contentBytes), undated, isRising };
}

/** Smallest and greatest time of a block; padded ones are compared as bytes. */
class TimeRange {
  #source: Buffer = EMPTY;
  #firstAt = -1;
  #lastAt = -1;
  #first: Timestamp | undefined;
  #last: Timestamp | undefined;
  isRising = true;

  /** False if no padded UTC time stands at `start`. */
  takePadded(bytes: Buffer, start: number): boolean {
    if (bytes[start + PADDED_TIME_LENGTH] !== 32 || bytes[start + 29] !== 90 || bytes[start + 19] !== 46) return false;
    this.#source = bytes;
    const end = start + 29;
    if (this.#lastAt === -1) this.#firstAt = this.#lastAt = start;
    else if (bytes.compare(bytes, this.#lastAt, this.#lastAt + 29, start, end) > 0) this.#lastAt = start;
    else {
      this.isRising = false;
      if (bytes.compare(bytes, this.#firstAt, this.#firstAt + 29, start, end) < 0) this.#firstAt = start;
    }
    return true;
  }

  /** Lines that were measured at once, by where those with the least and the greatest time stand; false if these are not padded. */
  takeRun(bytes: Buffer, { leastAt, greatestAt, isRising }: Run): boolean {
    const wasRising = this.isRising;
    const isPadded = this.takePadded(bytes, leastAt) && this.takePadded(bytes, greatestAt);
    this.isRising = wasRising && isRising;
    return isPadded;
  }

  take(time: Timestamp): void {
    this.#first = earlierOf(this.#first, time);
    if (this.#last === undefined || time > this.#last) this.#last = time;
    else this.isRising = false;
  }

  block(bytes: Buffer, lines: number, contentBytes: number): Block | undefined {
    for (const at of this.#firstAt === -1 ? [] : [this.#firstAt, this.#lastAt]) {
      const time = parseTimestamp(this.#source.toString('latin1', at, at + PADDED_TIME_LENGTH));
      if (time !== undefined) this.take(time);
    }
    if (this.#first === undefined || this.#last === undefined) return undefined;
    return { lines, contentBytes, first: this.#first, last: this.#last, bytes, unterminated: false };
  }
}
