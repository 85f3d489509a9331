/** Of each byte the letter that it is, in either case, from 1 on; 0: none. */
export const LETTER_OF = new Uint8Array(256);
const FIRST = 'a'.charCodeAt(0);
for (let letter = 1; letter <= 26; letter += 1) {
  LETTER_OF[FIRST + letter - 1] = letter;
  LETTER_OF[FIRST + letter - 33] = letter;
}

/**
 * Words, each with what it says, as a tree that letters are led through one by one.
 * Node 0 is the root, and node 1 that of what no word begins with.
 * A tree that `searches` finds its words anywhere: where none goes on, it goes on with the longest one that may have begun
 * meanwhile, and a node also says what the words say that end in it.
 */
export class WordTree {
  /** The node that follows each node: by the letter that comes, 32 for a node. */
  readonly next: Uint16Array;
  /** What the word says that ends at each node; 0: none does. */
  readonly says: Uint8Array;
  #nodes = 2;

  constructor(words: Iterable<readonly [word: string, says: number]>, { searches = false } = {}) {
    const all = [...words];
    const size = all.reduce((sum, [word]) => sum + word.length, 2);
    this.next = new Uint16Array(size << LETTER_BITS).fill(NOWHERE);
    this.says = new Uint8Array(size);
    for (const [word, says] of all) this.#add(word, says);
    this.next = this.next.subarray(0, this.#nodes << LETTER_BITS);
    this.says = this.says.subarray(0, this.#nodes);
    if (searches) this.#join();
  }

  #add(word: string, says: number): void {
    let node = 0;
    for (const char of word) {
      const place = (node << LETTER_BITS) | (LETTER_OF[char.charCodeAt(0)] ?? 0);
      const known = this.next[place] ?? NOWHERE;
      node = known === NOWHERE ? this.#nodes++ : known;
      this.next[place] = node;
    }
    this.says[node] = (this.says[node] ?? 0) | says;
  }

  /** Breadth first, so that where a shorter beginning leads is known: Aho and Corasick, 1975. */
  #join(): void {
    const shorter = new Uint16Array(this.#nodes);
    const queue = [0];
    for (const node of queue) {
      this.says[node] = (this.says[node] ?? 0) | (this.says[shorter[node] ?? 0] ?? 0);
      for (let letter = 1; letter <= 26; letter += 1) {
        const place = (node << LETTER_BITS) | letter;
        const child = this.next[place] ?? NOWHERE;
        const other = node === 0 ? 0 : (this.next[((shorter[node] ?? 0) << LETTER_BITS) | letter] ?? NOWHERE);
        if (child === NOWHERE) this.next[place] = other;
        else {
          shorter[child] = other;
          queue.push(child);
        }
      }
    }
  }
}

const NOWHERE = 1;
const LETTER_BITS = 5;
