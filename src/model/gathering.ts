/** What comes in pieces, gathered in memory that is used again. */
export class Gathering {
  #memory: Buffer = NOTHING;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** All of it; holds until more is added. */
  get bytes(): Buffer {
    return this.#memory.subarray(0, this.#size);
  }

  add(piece: Buffer): void {
    const size = this.#size + piece.length;
    if (size > this.#memory.length) this.#grow(size);
    piece.copy(this.#memory, this.#size);
    this.#size = size;
  }

  /** Begins anew, with what may be a part of what was gathered. */
  beginWith(piece: Buffer): void {
    this.#size = 0;
    this.add(piece);
  }

  /** Begins anew; gives all of some pieces together, which holds until more is added. */
  join(pieces: readonly Buffer[]): Buffer {
    this.#size = 0;
    for (const piece of pieces) this.add(piece);
    return this.bytes;
  }

  #grow(size: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(size, 2 * this.#memory.length, LEAST));
    this.#memory.copy(grown, 0, 0, this.#size);
    this.#memory = grown;
  }
}

const NOTHING: Buffer = Buffer.alloc(0);
const LEAST = 4096;
