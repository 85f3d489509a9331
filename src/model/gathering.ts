import { once } from './once.ts';

/** What comes in pieces, gathered in memory that is used again. */
export class Gathering {
  #memory: Buffer = NOTHING;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** How many bytes of memory it has. */
  get room(): number {
    return this.#memory.length;
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

  clear(): void {
    this.#size = 0;
  }

  /** Begins anew, with what may be a part of what was gathered. */
  beginWith(piece: Buffer): void {
    this.clear();
    this.add(piece);
  }

  /** Begins anew; gives all of some pieces together, which holds until more is added. */
  join(pieces: readonly Buffer[]): Buffer {
    this.clear();
    for (const piece of pieces) this.add(piece);
    return this.bytes;
  }

  #grow(size: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(size, 2 * this.#memory.length, LEAST));
    this.#memory.copy(grown, 0, 0, this.#size);
    this.#memory = grown;
  }
}

/** Memory to gather in, which goes from one who needs it for a while to the next. */
export class Gatherings {
  readonly #free: Gathering[] = [];

  /** An empty one; its bytes hold until the loan is disposed. */
  lend(): { readonly gathering: Gathering } & Disposable {
    const gathering = this.#free.pop() ?? new Gathering();
    const giveBack = once(() => {
      if (gathering.room > MOST_ROOM || this.#free.length === MOST_FREE) return;
      gathering.clear();
      this.#free.push(gathering);
    });
    return { gathering, [Symbol.dispose]: giveBack };
  }
}

/** What waits to be lent again: no more than so many, none with more bytes. */
const MOST_FREE = 8;
const MOST_ROOM = 1024 * 1024;
const NOTHING: Buffer = Buffer.alloc(0);
const LEAST = 4096;
