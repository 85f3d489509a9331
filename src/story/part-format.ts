import type { Place } from './order.ts';

/**
 * A line of a part: `second f64 | order f64 | nanosecond u32 | steps u32 | container u32 | length u32 | JSON`, as the machine
 * orders bytes, filled up so that the next one begins at a multiple of eight. Parts are read where they were written.
 */
export const HEADER = 32;
const WORD = 8;

/** Where the line behind one of so many bytes begins. */
export function afterLine(start: number, length: number): number {
  return start + Math.ceil((HEADER + length) / WORD) * WORD;
}

/** The headers of lines in some memory, by where their lines begin. */
export class LineHeaders implements Place {
  readonly #doubles: Float64Array;
  readonly #words: Uint32Array;
  second = 0;
  nanosecond = 0;
  steps = 0;
  order = 0;
  container = 0;
  length = 0;

  constructor(bytes: Uint8Array) {
    this.#doubles = new Float64Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / WORD));
    this.#words = new Uint32Array(bytes.buffer, bytes.byteOffset, 2 * this.#doubles.length);
  }

  put(start: number, container: number, { second, nanosecond, steps, order }: Place): void {
    const at = start / WORD;
    this.#doubles[at] = second;
    this.#doubles[at + 1] = order;
    this.#words[2 * at + 4] = nanosecond;
    this.#words[2 * at + 5] = steps;
    this.#words[2 * at + 6] = container;
  }

  putLength(start: number, length: number): void {
    this.#words[(2 * start) / WORD + 7] = length;
  }

  /** Shows the header that stands there in the fields. */
  show(start: number): void {
    const at = start / WORD;
    this.second = this.#doubles[at] ?? 0;
    this.order = this.#doubles[at + 1] ?? 0;
    this.nanosecond = this.#words[2 * at + 4] ?? 0;
    this.steps = this.#words[2 * at + 5] ?? 0;
    this.container = this.#words[2 * at + 6] ?? 0;
    this.length = this.#words[2 * at + 7] ?? 0;
  }
}
