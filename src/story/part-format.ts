import { TIME_BYTES } from './line-time.ts';
import type { LineHead } from './merge.ts';

/**
 * A part is a row of records, as the machine orders bytes, each filled up so that the next one begins at a multiple of
 * eight: parts are read where they were written. A log line is `second f64 | nanosecond u32 | steps u32 | container u32 |
 * length u32 | time | content`. What is said about it, in the story's JSON between its time and its content, stands before
 * it, once for all lines that follow and have it in common: `-1 f64 | order f64 | 0 u32 | length u32 | JSON`. `length` is
 * that of the text behind the header.
 */
export const HEADER = 24;
const WORD = 8;
const ABOUT = -1;
const EMPTY: Buffer = Buffer.alloc(0);

/** Where the record behind one begins whose text has so many bytes. */
export function afterRecord(start: number, length: number): number {
  return start + Math.ceil((HEADER + length) / WORD) * WORD;
}

/** The headers of the records in some memory, by where they begin. */
export class RecordHeaders {
  readonly #doubles: Float64Array;
  readonly #words: Uint32Array;

  constructor(bytes: Uint8Array) {
    this.#doubles = new Float64Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / WORD));
    this.#words = new Uint32Array(bytes.buffer, bytes.byteOffset, 2 * this.#doubles.length);
  }

  putLine(start: number, { container, second, nanosecond, steps }: LineHead): void {
    const at = start / WORD;
    this.#doubles[at] = second;
    this.#words[2 * at + 2] = nanosecond;
    this.#words[2 * at + 3] = steps;
    this.#words[2 * at + 4] = container;
  }

  putAbout(start: number, order: number): void {
    const at = start / WORD;
    this.#doubles[at] = ABOUT;
    this.#doubles[at + 1] = order;
    this.#words[2 * at + 4] = 0;
  }

  putLength(start: number, length: number): void {
    this.#words[(2 * start) / WORD + 5] = length;
  }

  isAbout(start: number): boolean {
    return this.#doubles[start / WORD] === ABOUT;
  }

  second(line: number): number {
    return this.#doubles[line / WORD] ?? 0;
  }

  nanosecond(line: number): number {
    return this.#words[(2 * line) / WORD + 2] ?? 0;
  }

  steps(line: number): number {
    return this.#words[(2 * line) / WORD + 3] ?? 0;
  }

  order(about: number): number {
    return this.#doubles[about / WORD + 1] ?? 0;
  }

  container(line: number): number {
    return this.#words[(2 * line) / WORD + 4] ?? 0;
  }

  length(start: number): number {
    return this.#words[(2 * start) / WORD + 5] ?? 0;
  }
}

/** A line of a part, by where it and what is said about it begin in some memory. */
export class PartLine implements LineHead {
  #headers = new RecordHeaders(EMPTY);
  time = EMPTY;
  timeAt = 0;
  about = EMPTY;
  aboutAt = 0;
  aboutEnd = 0;
  container = 0;
  second = 0;
  nanosecond = 0;
  steps = 0;
  order = 0;
  /** Where its content begins and ends. */
  from = 0;
  to = 0;

  /** Goes to other memory; what is said stays as it was. */
  enter(bytes: Buffer): void {
    this.#headers = new RecordHeaders(bytes);
    this.time = bytes;
  }

  get headers(): RecordHeaders {
    return this.#headers;
  }

  show(line: number): void {
    const headers = this.#headers;
    this.second = headers.second(line);
    this.nanosecond = headers.nanosecond(line);
    this.steps = headers.steps(line);
    this.container = headers.container(line);
    this.timeAt = line + HEADER;
    this.from = this.timeAt + TIME_BYTES;
    this.to = this.timeAt + headers.length(line);
  }

  showAbout(about: number): void {
    const headers = this.#headers;
    this.order = headers.order(about);
    this.about = this.time;
    this.aboutAt = about + HEADER;
    this.aboutEnd = this.aboutAt + headers.length(about);
  }

  /** The same, kept where the memory is about to be used again. */
  keepAbout(about: number): void {
    this.showAbout(about);
    this.about = Buffer.from(this.time.subarray(this.aboutAt, this.aboutEnd));
    this.aboutAt = 0;
    this.aboutEnd = this.about.length;
  }
}
