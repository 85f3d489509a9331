import { wholeSecondOf } from '../model/time.ts';
import { linesOf, timeOf } from './lines.ts';
import { LONG_LINE_BYTES } from './long-line.ts';

/**
 * The newest lines that were recorded, in order; they stay in their blocks, and are cut out when they are compared. Long
 * ones are known by their beginning: it holds their time, which no other line of that beginning has.
 */
export class KnownLines {
  readonly #blocks: { readonly bytes: Buffer; readonly isRedacted: boolean }[] = [];
  readonly #blockOf: number[] = [];
  readonly #starts: number[] = [];

  get length(): number {
    return this.#starts.length;
  }

  /** Takes in those lines of a block that are of a second (`2026-11-23T16:07:00`) or later. */
  add(bytes: Buffer, second: string, isRedacted: boolean): void {
    const block = this.#blocks.push({ bytes, isRedacted }) - 1;
    for (const line of linesOf(bytes)) {
      if (wholeSecondOf(timeOf(line) ?? '') < second) continue;
      this.#blockOf.push(block);
      this.#starts.push(line.byteOffset - bytes.byteOffset);
    }
  }

  at(index: number): Buffer {
    const { bytes, start } = this.#place(index);
    const end = bytes.indexOf(10, start);
    return bytes.subarray(start, Math.min(end === -1 ? bytes.length : end, start + LONG_LINE_BYTES));
  }

  /** Byte by byte. */
  isEqual(index: number, line: Buffer): boolean {
    const { bytes, start } = this.#place(index);
    const length = Math.min(line.length, LONG_LINE_BYTES);
    const end = start + length;
    const isOfLength = length === LONG_LINE_BYTES || end === bytes.length || bytes[end] === 10;
    return isOfLength && end <= bytes.length && bytes.compare(line, 0, length, start, end) === 0;
  }

  /** As `isEqual`; a line that may have been redacted since it came is told by its time. */
  isSame(index: number, line: Buffer): boolean {
    return this.isEqual(index, line) || (this.#place(index).isRedacted && timeOf(this.at(index)) === timeOf(line));
  }

  *[Symbol.iterator](): Generator<Buffer> {
    for (let index = 0; index < this.length; index += 1) yield this.at(index);
  }

  #place(index: number): { readonly bytes: Buffer; readonly start: number; readonly isRedacted: boolean } {
    const block = this.#blocks[this.#blockOf[index] ?? -1];
    const start = this.#starts[index];
    if (block === undefined || start === undefined) throw new RangeError(`there is no known line ${index}`);
    return { ...block, start };
  }
}

/** Lines that came and are the known ones from one on; held are only those that are told by their times alone. */
export class KnownRun {
  readonly #known: KnownLines;
  readonly #retold = new Map<number, Buffer>();
  readonly from: number;
  #end: number;

  /** @param lines the first of them, which are known to be the same. */
  constructor(known: KnownLines, from = 0, lines: readonly Buffer[] = []) {
    this.#known = known;
    this.from = from;
    this.#end = from;
    for (const line of lines) this.#add(line);
  }

  /** The known line that comes next. */
  get end(): number {
    return this.#end;
  }

  get length(): number {
    return this.#end - this.from;
  }

  /** Whether nothing that is known comes behind it. */
  get isWhole(): boolean {
    return this.#end === this.#known.length;
  }

  /** False where a line is not the next one that is known. */
  take(line: Buffer): boolean {
    if (this.isWhole || !this.#known.isSame(this.#end, line)) return false;
    this.#add(line);
    return true;
  }

  /** As they came. */
  lines(): Buffer[] {
    return Array.from({ length: this.length }, (_, at) => this.#retold.get(at) ?? this.#known.at(this.from + at));
  }

  #add(line: Buffer): void {
    if (!this.#known.isEqual(this.#end, line)) this.#retold.set(this.length, line);
    this.#end += 1;
  }
}
