/** What `assembly/words.ts` takes of a word. */
const WORD_BYTES = 48;
const MOST_LETTERS = 16;
const [MASK, SAYS, LENGTH, NEXT] = [16, 32, 36, 40];
const CASE = 0x20;

/**
 * Words in lower case, each with what it says, that bytes are compared with one behind the other, the longest first, whatever their case.
 * @param at the address at which they are to stand
 */
export function wordList(words: Iterable<readonly [word: string, says: number]>, at: number): Buffer {
  const longestFirst = [...words].toSorted(([a], [b]) => b.length - a.length);
  const list = Buffer.alloc(longestFirst.length * WORD_BYTES);
  for (const [index, [word, says]] of longestFirst.entries()) {
    if (word.length > MOST_LETTERS) throw new Error(`${word}: no room for more than ${MOST_LETTERS} letters`);
    const entry = list.subarray(index * WORD_BYTES);
    entry.write(word, 'latin1');
    for (const [place, char] of [...word].entries()) entry[MASK + place] = 0xff ^ (/[a-z]/.test(char) ? CASE : 0);
    entry.writeUInt32LE(says, SAYS);
    entry.writeUInt32LE(word.length, LENGTH);
    entry.writeUInt32LE(index + 1 < longestFirst.length ? at + (index + 1) * WORD_BYTES : 0, NEXT);
  }
  return list;
}
