import type { BegunLine } from '../model/record.ts';
import { earlierOf, laterOf, parseTimestamp, type Timestamp } from '../model/time.ts';
import { isSameSecond, nanosecondAt, nineDigitsAt, secondOfDayAt } from '../model/time-bytes.ts';
import { LineWindow } from '../simd/line-window.ts';

/**
 * Walks over the records of a node's log file, `TIME STREAM TAG CONTENT\n`, in place: its fields tell where the parts of
 * the current record stand, and no object is made for one. A last record without its newline is not given.
 */
export class RecordCursor {
  readonly bytes: Buffer;
  start = 0;
  /** Where TIME ends; at `start` for bytes that are no record (what a node's crash may leave). */
  timeEnd = 0;
  content = 0;
  /** Where CONTENT ends, i.e. the newline. */
  end = -1;
  isStderr = false;
  /** The next record of the same stream goes on with this line. */
  isPartial = false;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get isValid(): boolean {
    return this.timeEnd > this.start;
  }

  next(): boolean {
    const { bytes } = this;
    const start = this.end + 1;
    const end = start < bytes.length ? bytes.indexOf(10, start) : -1;
    if (end === -1) return false;
    this.start = start;
    this.end = end;
    this.#split();
    return true;
  }

  /** Goes on with the record that begins there. */
  skipTo(start: number): void {
    this.end = start - 1;
  }

  #split(): void {
    const { bytes, start, end } = this;
    // containerd leaves trailing zeros out, so that most times have 30 bytes and the others fewer.
    const isUsual = bytes[start + 30] === SPACE && bytes[start + 29] === LETTER_Z;
    const space = isUsual ? start + 30 : bytes.indexOf(SPACE, start);
    const tag = space + 8;
    const isRecord = space >= start + 20 && tag < end && bytes[space + 1] === LETTER_S && bytes[space + 7] === SPACE;
    if (!isRecord) {
      this.timeEnd = start;
      return;
    }
    this.timeEnd = space;
    this.isStderr = bytes[space + 4] === LETTER_E;
    this.isPartial = bytes[tag] === LETTER_P;
    // The tag may be followed by further ones (`F:x`); content may be empty, and its space then missing.
    const after = bytes[tag + 1] === SPACE ? tag + 1 : bytes.indexOf(SPACE, tag);
    this.content = after === -1 || after >= end ? end : after + 1;
  }
}

const SPACE = 32;
const LETTER_E = 101;
const LETTER_P = 80;
const LETTER_S = 115;
const LETTER_Z = 90;
const LETTER_T = 84;
const DOT = 46;
/** Of a time in UTC with nine digits of a second, in bytes. */
const USUAL_LENGTH = 30;

/** The lines of both streams that are begun and not ended yet. */
export interface Pending {
  readonly stdout?: BegunLine;
  readonly stderr?: BegunLine;
}

export const NOTHING_PENDING: Pending = {};

/** What a run of whole records holds. */
export interface RecordsMeasure {
  /** Lines that end in it, the bytes of their content, and the smallest and greatest of their times. */
  readonly lines: number;
  readonly contentBytes: number;
  /** Where no line ends in it, the time of the one that goes on; undefined without records. */
  readonly first: Timestamp | undefined;
  readonly last: Timestamp | undefined;
  /** Up to here no line is left open. */
  readonly wholeEnd: number;
  readonly pending: Pending;
  /** Bytes that are no records. */
  readonly foreign: number;
}

/** Measures whole records; `pending` are the lines that were begun before. */
export function measureRecords(bytes: Buffer, pending: Pending = NOTHING_PENDING): RecordsMeasure {
  const cursor = new RecordCursor(bytes);
  const window = new LineWindow(bytes, 'cri');
  const times = new DayTimes(bytes);
  let { stdout, stderr } = pending;
  let lines = 0;
  let contentBytes = 0;
  let foreign = 0;
  let wholeEnd = 0;
  while (cursor.next()) {
    const begun = cursor.isStderr ? stderr : stdout;
    const isAlone = begun === undefined && !cursor.isPartial;
    const line = cursor.isValid && !isAlone ? goingOn(cursor, begun) : undefined;
    const isRecord = isAlone ? cursor.isValid && times.take(cursor.start, cursor.timeEnd) : line !== undefined;
    if (!isRecord) foreign += cursor.end + 1 - cursor.start;
    else if (!cursor.isPartial) {
      lines += 1;
      contentBytes += line?.bytes ?? cursor.end - cursor.content;
      if (line !== undefined) times.takeTime(line.time);
    }
    if (line !== undefined) {
      const left = cursor.isPartial ? line : undefined;
      if (cursor.isStderr) stderr = left;
      else stdout = left;
    }
    if (stdout !== undefined || stderr !== undefined) continue;
    wholeEnd = cursor.end + 1;
    const run = isRecord ? window.measure(wholeEnd, cursor.start) : undefined;
    if (run === undefined) continue;
    lines += run.lines;
    contentBytes += run.contentBytes;
    times.takeAt(run.leastAt);
    times.takeAt(run.greatestAt);
    wholeEnd = run.next;
    cursor.skipTo(run.next);
  }
  const left = { ...(stdout === undefined ? {} : { stdout }), ...(stderr === undefined ? {} : { stderr }) };
  const { first = (stdout ?? stderr)?.time, last = first } = times.range;
  return { lines, contentBytes, first, last, wholeEnd, pending: left, foreign };
}

/** A line with one more record; undefined where that has no time. */
function goingOn(cursor: RecordCursor, begun: BegunLine | undefined): BegunLine | undefined {
  const time = timestampAt(cursor.bytes, cursor.start, cursor.timeEnd);
  if (time === undefined) return undefined;
  return { time: begun?.time ?? time, bytes: (begun?.bytes ?? 0) + cursor.end - cursor.content };
}

/** The same, where lines that never ended are whole: right only at the end of the log itself. */
export function withOpenLines(measure: RecordsMeasure): RecordsMeasure {
  const open = [measure.pending.stdout, measure.pending.stderr].filter((line) => line !== undefined);
  const times = [...(measure.lines > 0 ? [measure.first, measure.last] : []), ...open.map(({ time }) => time)]
    .filter((time) => time !== undefined)
    .sort();
  return {
    ...measure,
    lines: measure.lines + open.length,
    contentBytes: open.reduce((sum, { bytes }) => sum + bytes, measure.contentBytes),
    first: times[0],
    last: times.at(-1),
    pending: NOTHING_PENDING,
  };
}

/** Where the first line begins behind so many bytes of whole records, with no other one open; their end where there is none. */
export function firstLineBehind(records: Buffer, bytes: number): number {
  const cursor = new RecordCursor(records);
  const open = { stdout: false, stderr: false };
  while (cursor.next()) {
    if (cursor.isValid) open[cursor.isStderr ? 'stderr' : 'stdout'] = cursor.isPartial;
    if (!open.stdout && !open.stderr && cursor.end + 1 >= bytes) return cursor.end + 1;
  }
  return records.length;
}

/** Smallest and greatest time of records, compared as numbers of nanoseconds within the first record's day. */
class DayTimes {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  /** Where a record's time stands, and its whole second: most records are of the same one. */
  #secondAt = -1;
  #second = Number.NaN;
  #dayAt = -1;
  #lastAt = -1;
  #lastEnd = -1;
  #least = Number.POSITIVE_INFINITY;
  #greatest = Number.NEGATIVE_INFINITY;
  #first: Timestamp | undefined;
  #last: Timestamp | undefined;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** A time that is known to be one. */
  takeAt(start: number): void {
    this.take(start, this.#bytes.indexOf(SPACE, start));
  }

  /** False if what stands there is no time. */
  take(start: number, end: number): boolean {
    const value = this.#nanoseconds(start, end);
    if (Number.isNaN(value)) return this.#takeText(start, end);
    if (value < this.#least && !this.#setFirst(start, end, value)) return false;
    if (value > this.#greatest) {
      this.#greatest = value;
      this.#lastAt = start;
      this.#lastEnd = end;
    }
    return true;
  }

  get range(): { readonly first: Timestamp | undefined; readonly last: Timestamp | undefined } {
    const last = this.#lastAt === -1 ? undefined : timestampAt(this.#bytes, this.#lastAt, this.#lastEnd);
    return { first: this.#first, last: last === undefined ? this.#last : laterOf(this.#last, last) };
  }

  #setFirst(start: number, end: number, value: number): boolean {
    const time = timestampAt(this.#bytes, start, end);
    if (time === undefined) return false;
    this.#first = earlierOf(this.#first, time);
    this.#least = value;
    return true;
  }

  /** A time of another day or with another zone than Z: rare, and compared as text. */
  #takeText(start: number, end: number): boolean {
    const time = timestampAt(this.#bytes, start, end);
    if (time === undefined) return false;
    this.takeTime(time);
    return true;
  }

  takeTime(time: Timestamp): void {
    this.#first = earlierOf(this.#first, time);
    this.#last = laterOf(this.#last, time);
  }

  #nanoseconds(start: number, end: number): number {
    const view = this.#view;
    const isUsual =
      end - start === USUAL_LENGTH && this.#bytes[start + 19] === DOT && this.#bytes[end - 1] === LETTER_Z;
    if (isUsual && this.#secondAt !== -1 && isSameSecond(view, start, view, this.#secondAt)) {
      const value = this.#second + nineDigitsAt(view, start + 20);
      if (!Number.isNaN(value)) return value;
    }
    const second = this.#wholeSecondOf(start, end);
    if (Number.isNaN(second)) return second;
    this.#second = second;
    this.#secondAt = start;
    return second + this.#fraction(start + 19, end - 1);
  }

  #wholeSecondOf(start: number, end: number): number {
    const bytes = this.#bytes;
    if (bytes[end - 1] !== LETTER_Z || bytes[start + 10] !== LETTER_T) return Number.NaN;
    if (this.#dayAt === -1) this.#dayAt = start;
    if (!isSameDay(bytes, this.#dayAt, start)) return Number.NaN;
    return secondOfDayAt(bytes, start + 11) * 1e9;
  }

  /** Between the seconds and the Z: a dot and its digits, or nothing. */
  #fraction(start: number, end: number): number {
    if (start === end) return 0;
    return this.#bytes[start] === DOT ? nanosecondAt(this.#bytes, start + 1, end - start - 1) : Number.NaN;
  }
}

function isSameDay(bytes: Buffer, a: number, b: number): boolean {
  for (let at = 9; at >= 0; at -= 1) if (bytes[a + at] !== bytes[b + at]) return false;
  return true;
}

/** The time that stands in `bytes` from `start` to `end`, padded to nanoseconds; undefined where it is none. */
export function timestampAt(bytes: Buffer, start: number, end: number): Timestamp | undefined {
  return parseTimestamp(bytes.toString('latin1', start, end));
}
