import type { LogRecord } from '../model/record.ts';
import { type Assembly, assembly } from './assembly.ts';

/** Lines that were measured, one behind the other. Places are those in the bytes of the window. */
export interface Measured {
  readonly lines: number;
  /** Of their contents. */
  readonly contentBytes: number;
  /** Where the lines with the least and the greatest time begin. */
  readonly leastAt: number;
  readonly greatestAt: number;
  /** Each time is later than the one before. */
  readonly isRising: boolean;
  /** Where the first line begins that was not looked at. */
  readonly next: number;
}

/** What entries of a story take from elsewhere than from a line. */
export interface EntryText {
  /** How the first one begins, up to its time, e.g. `,\n{"seq":12,`; moved on in place to how the next one does. */
  readonly beginning: Buffer;
  /** Between time and content, by stream; of lines that tell none it is the first. */
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

export interface EntryBounds {
  /** A line of this nanosecond is written no more. */
  readonly nanosecond: number;
  /** More lines than these are not. */
  readonly lines: number;
}

export interface Written {
  readonly lines: number;
  /** Their entries: to be copied at once. */
  readonly bytes: Buffer;
  /** The greatest nanosecond of them. */
  readonly nanosecond: number;
  /** Where the first line begins that was not written. */
  readonly next: number;
}

/** A window begins with so many bytes, and is twice as wide each time it moves on. */
const LEAST_BYTES = 4096;
const NEWLINE = 10;
/** `2026-11-23T16:07:00.` */
const SECOND_BYTES = 20;
/** Of what stands between time and content. */
const MOST_ABOUT_BYTES = 1000;
const NO_LIMIT = 2 ** 31 - 1;

/**
 * Looks at the usual lines of some bytes with vectors: whole ones, of UTC, of one second, that no other line goes on in. It stops at
 * the first one that is different: whoever calls takes that by itself, and comes back. The bytes may not change meanwhile.
 */
export class LineWindow {
  readonly #bytes: Buffer;
  readonly #format: number;
  #size = LEAST_BYTES;
  #start = 0;
  #end = 0;

  constructor(bytes: Buffer, format: LogRecord['format']) {
    this.#bytes = bytes;
    this.#format = format === 'cri' ? 0 : 1;
  }

  /**
   * Measures lines of the same second as that of the line at `secondAt`, whose time is sound.
   * @param nanosecond of the line before; without it `isRising` tells of what follows the first one only
   */
  measure(from: number, secondAt: number, nanosecond = -1): Measured | undefined {
    const at = from < this.#bytes.length ? this.#show(from) : undefined;
    if (at === undefined) return undefined;
    const { run, result } = at.assembly;
    this.#setSecond(at.assembly, secondAt);
    run.measure(at.from, at.to, this.#format, nanosecond);
    const [next = 0, lines = 0, contentBytes = 0, leastAt = 0, greatestAt = 0, isRising] = result;
    if (lines === 0) return undefined;
    const [least, greatest] = [leastAt - at.offset, greatestAt - at.offset];
    return {
      ...{ lines, contentBytes, leastAt: least, greatestAt: greatest },
      isRising: isRising === 1,
      next: next - at.offset,
    };
  }

  /** Writes lines of the same second as that of the line at `from`, whose time is sound, that one first. The bytes are UTF-8. */
  entries(from: number, text: EntryText, bounds: EntryBounds): Written | undefined {
    const { beginning, stdout, stderr } = text;
    if (stdout.length > MOST_ABOUT_BYTES || stderr.length > MOST_ABOUT_BYTES) return undefined;
    const at = this.#show(from);
    if (at === undefined) return undefined;
    const { run, memory, result } = at.assembly;
    this.#setSecond(at.assembly, from);
    memory.set(beginning, run.BEGINNING.value);
    memory.set(stdout, run.ABOUTS.value);
    memory.set(stderr, run.ABOUTS.value + run.ABOUT_BYTES.value);
    const [limit, most] = [Math.min(bounds.nanosecond, NO_LIMIT), Math.min(bounds.lines, NO_LIMIT)];
    run.entries(at.from, at.to, this.#format, limit, most, beginning.length, stdout.length, stderr.length);
    const [next = 0, lines = 0, length = 0, nanosecond = 0] = result;
    if (lines === 0) return undefined;
    memory.copy(beginning, 0, run.BEGINNING.value);
    const out = run.OUTPUT.value;
    return { lines, bytes: memory.subarray(out, out + length), nanosecond, next: next - at.offset };
  }

  #setSecond({ run, memory }: Assembly, at: number): void {
    this.#bytes.copy(memory, run.SECOND.value, at, at + SECOND_BYTES);
  }

  /** Puts the whole lines from a place on into the memory; undefined where not one of them is whole, or it is too long. */
  #show(from: number): { assembly: Assembly; from: number; to: number; offset: number } | undefined {
    const all = assembly();
    const { run, memory } = all;
    const input = run.INPUT.value;
    if (all.shown !== this || from < this.#start || from >= this.#end) {
      this.#size = all.shown === this ? Math.min(2 * this.#size, run.INPUT_BYTES.value) : LEAST_BYTES;
      this.#start = from;
      this.#end = this.#wholeEnd(from);
      // A line that is longer than the window.
      for (; this.#end === from && this.#size < run.INPUT_BYTES.value; this.#end = this.#wholeEnd(from))
        this.#size *= 2;
      if (this.#end === from) return undefined;
      all.shown = this;
      this.#bytes.copy(memory, input, from, this.#end);
    }
    const offset = input - this.#start;
    return { assembly: all, from: from + offset, to: this.#end + offset, offset };
  }

  /** Where the last line ends that lies whole in a window from a place on. */
  #wholeEnd(from: number): number {
    const end = Math.min(this.#bytes.length, from + this.#size);
    return end > from ? Math.max(from, this.#bytes.lastIndexOf(NEWLINE, end - 1) + 1) : from;
  }
}
