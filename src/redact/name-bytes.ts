import { ABOUT, LAST_WORDS, MEASURES, PARTS } from './names.ts';
import { LETTER_OF, WordTree } from './word-tree.ts';

/** What a name says of its value, in bits: `nameStrength`, `endsAsCredential`, and whether a number counts something. */
export const STRONG = 1;
const SHORT = 2;
export const STRONG_OR_SHORT = STRONG | SHORT;
export const ENDS_AS_CREDENTIAL = 4;
export const COUNTS = 8;

const LAST_WORD = 1;
const ABOUT_WORD = 2;
const MEASURE = 4;
const TOKENS = 8;
const LETTER_S = LETTER_OF['s'.charCodeAt(0)];

/** What names consist of. */
interface Parts {
  readonly words: WordTree;
  readonly anywhere: WordTree;
}

let known: Parts | undefined;

/** When the first name comes that may be a credential's: it takes a millisecond, and a start waits for none. */
function learn(): Parts {
  return {
    words: new WordTree(
      [
        ...[...LAST_WORDS].map((word) => [word, LAST_WORD] as const),
        ...[...ABOUT].map((word) => [word, ABOUT_WORD] as const),
        ...[...MEASURES].map((word) => [word, MEASURE] as const),
        ['tokens', TOKENS],
      ],
      { searches: false },
    ),
    anywhere: new WordTree(
      PARTS.map((part) => [part, 1]),
      { searches: true },
    ),
  };
}

/** Judges a name as `names.ts` does, where it lies: of nearly no name in a log a text need be made. */
export function saysOf(bytes: Buffer, start: number, end: number): number {
  known ??= learn();
  const { words, anywhere } = known;
  let [word, part] = [0, 0];
  let [measures, parts, plural] = [0, 0, 0];
  let before = 0;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    const letter = LETTER_OF[byte] ?? 0;
    if (letter !== 0) {
      // `dbPassword2` and `DB_PASSWORD` are `db`, `password`.
      if (LETTER_OF[before] === 0 || (byte < LOWER && before >= LOWER)) {
        measures |= words.says(word) & MEASURE;
        word = 0;
      }
      word = words.next(word, letter);
      plural = letter === LETTER_S ? anywhere.says(part) : 0;
      part = anywhere.next(part, letter);
      parts |= anywhere.says(part);
    }
    before = byte;
  }
  const last = words.says(word);
  const counts = ((measures | last) & (MEASURE | TOKENS)) === 0 ? 0 : COUNTS;
  if ((last & ABOUT_WORD) !== 0) return counts;
  const ends = (anywhere.says(part) | plural) === 0 ? 0 : ENDS_AS_CREDENTIAL;
  if (parts !== 0) return STRONG | ends | counts;
  return (last & LAST_WORD) === 0 ? counts : SHORT | counts;
}

const LOWER = 'a'.charCodeAt(0);
