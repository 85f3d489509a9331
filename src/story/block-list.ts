import type { JournalPosition } from '../journal/reader.ts';

/** A block of log lines, by where it stands in the journal. */
export interface BlockRef {
  readonly position: JournalPosition;
  /** Order in the journal. */
  readonly seq: number;
}

const NUMBERS = 4;

/** References to blocks, in order, four numbers each: a long capture of many quiet containers has millions of them. */
export class BlockList implements Iterable<BlockRef> {
  #numbers = new Float64Array(NUMBERS * 4);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push({ segment, offset, length }: JournalPosition, seq: number): void {
    this.#reserve(this.#length + 1);
    this.#numbers.set([segment, offset, length, seq], NUMBERS * this.#length);
    this.#length += 1;
  }

  append(other: BlockList): void {
    this.#reserve(this.#length + other.#length);
    this.#numbers.set(other.#numbers.subarray(0, NUMBERS * other.#length), NUMBERS * this.#length);
    this.#length += other.#length;
  }

  *[Symbol.iterator](): Generator<BlockRef> {
    for (let index = 0; index < this.#length; index += 1) {
      const [segment = 0, offset = 0, length = 0, seq = 0] = this.#numbers.subarray(NUMBERS * index);
      yield { position: { segment, offset, length }, seq };
    }
  }

  #reserve(count: number): void {
    if (NUMBERS * count <= this.#numbers.length) return;
    const grown = new Float64Array(Math.max(NUMBERS * count, 2 * this.#numbers.length));
    grown.set(this.#numbers);
    this.#numbers = grown;
  }
}
