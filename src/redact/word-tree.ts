/** Of each byte the letter that it is, in either case, from 1 on; 0: none. */
export const LETTER_OF = new Uint8Array(256);
const FIRST = 'a'.charCodeAt(0);
for (let letter = 1; letter <= 26; letter += 1) {
  LETTER_OF[FIRST + letter - 1] = letter;
  LETTER_OF[FIRST + letter - 33] = letter;
}
/** The bits that a letter takes. */
const LETTER_BITS = 5;

/**
 * Words of letters, each with what it says, as a tree that bytes are led through one by one. Node 0 is the root.
 * A tree that `searches` finds its words anywhere: where none goes on, it goes on with the longest one that may have begun
 * meanwhile, and a node also says what the words say that end in it.
 */
export class WordTree {
  readonly #next: Int16Array;
  readonly #says: Uint8Array;
  #nodes = 2;

  constructor(words: Iterable<readonly [word: string, says: number]>, { searches }: { readonly searches: boolean }) {
    const all = [...words];
    const size = all.reduce((sum, [word]) => sum + word.length, 2);
    this.#next = new Int16Array(size << LETTER_BITS).fill(NOWHERE);
    this.#says = new Uint8Array(size);
    for (const [word, says] of all) this.#add(word, says);
    if (searches) this.#join();
  }

  /** The node that follows when a letter comes; one that nothing follows where no word goes on so. */
  next(node: number, letter: number): number {
    return this.#next[(node << LETTER_BITS) | letter] ?? NOWHERE;
  }

  /** What the word says that ends at a node; 0: none does. */
  says(node: number): number {
    return this.#says[node] ?? 0;
  }

  /** What is said by the letters that lie in some bytes. */
  saysOf(bytes: Buffer, start: number, end: number): number {
    let node = 0;
    for (let at = start; at < end && node !== NOWHERE; at += 1) node = this.next(node, LETTER_OF[bytes[at] ?? 0] ?? 0);
    return this.says(node);
  }

  #add(word: string, says: number): void {
    let node = 0;
    for (const char of word) {
      const place = (node << LETTER_BITS) | (LETTER_OF[char.charCodeAt(0)] ?? 0);
      const known = this.#next[place] ?? NOWHERE;
      node = known === NOWHERE ? this.#nodes++ : known;
      this.#next[place] = node;
    }
    this.#says[node] = (this.#says[node] ?? 0) | says;
  }

  /** Breadth first, so that where a shorter beginning leads is known: Aho and Corasick, 1975. */
  #join(): void {
    const shorter = new Int16Array(this.#nodes);
    const queue = [0];
    for (const node of queue) {
      this.#says[node] = this.says(node) | this.says(shorter[node] ?? 0);
      for (let letter = 1; letter <= 26; letter += 1) {
        const place = (node << LETTER_BITS) | letter;
        const child = this.#next[place] ?? NOWHERE;
        const other = node === 0 ? 0 : this.next(shorter[node] ?? 0, letter);
        if (child === NOWHERE) this.#next[place] = other;
        else {
          shorter[child] = other;
          queue.push(child);
        }
      }
    }
  }
}

/** The node of what no word begins with. */
const NOWHERE = 1;
