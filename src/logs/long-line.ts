import type { LinePart } from '../model/record.ts';

/** Of a line that is longer no more is held, its time included, and it is known again by as much. */
export const LONG_LINE_BYTES = 1024 * 1024;
/** What follows is written down in parts of this size. */
const PART_BYTES = 256 * 1024;

/** A part of a line, `TIME CONTENT\n`. */
export interface WrittenPart extends LinePart {
  readonly bytes: Buffer;
}

/** A line that is too long to be held, while it comes. */
export class LongLine {
  /** What it is known by, with a newline. */
  readonly head: Buffer;
  readonly #time: Buffer;
  #index = 0;
  #rest: Buffer[] = [];
  #restBytes = 0;
  #bytes: number;
  /** It is passed over: it is known, or not to be kept. */
  isPassed = false;

  constructor(head: Buffer) {
    this.head = Buffer.concat([head, NEWLINE]);
    this.#time = this.head.subarray(0, this.head.indexOf(32) + 1);
    this.#bytes = head.length - this.#time.length;
  }

  /** Of its content, so far. */
  get contentBytes(): number {
    return this.#bytes;
  }

  /** Tells how far it came: two that came as far are at the same place. */
  get mark(): string {
    return `${this.#time.toString('latin1')}${this.#bytes}`;
  }

  /** Enough has come for a part. */
  get isFull(): boolean {
    return this.#restBytes >= PART_BYTES;
  }

  push(rest: Buffer): void {
    this.#bytes += rest.length;
    if (this.isPassed) return;
    this.#rest.push(rest);
    this.#restBytes += rest.length;
  }

  /** The part that is written next. */
  takePart({ isLast }: { readonly isLast: boolean }): WrittenPart {
    const index = this.#index++;
    if (index === 0) return { bytes: this.head, index, isLast };
    const bytes = Buffer.concat([this.#time, ...this.#rest, NEWLINE]);
    this.#rest = [];
    this.#restBytes = 0;
    return { bytes, index, isLast };
  }
}

const NEWLINE = Buffer.from('\n');
