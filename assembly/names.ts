import { ANYWHERE, letterOf, next, says, WORDS } from './tables';

/** What a name says of its value, in bits. */
export const STRONG: u32 = 1;
export const SHORT: u32 = 2;
export const ENDS_AS_CREDENTIAL: u32 = 4;
export const COUNTS: u32 = 8;

/** What WORDS says. */
const LAST_WORD: u32 = 1;
const ABOUT: u32 = 2;
const MEASURE: u32 = 4;
const TOKENS: u32 = 8;
const LETTER_S: u32 = 19;
const LOWER: u8 = 97;

/** Judges a name as `names.ts` of src/redact does, where it lies. */
export function saysOfName(start: usize, end: usize): u32 {
  let word: u32 = 0;
  let part: u32 = 0;
  let measures: u32 = 0;
  let parts: u32 = 0;
  let plural: u32 = 0;
  let before: u8 = 0;
  for (let at = start; at < end; at += 1) {
    const byte = load<u8>(at);
    const letter = letterOf(byte);
    if (letter !== 0) {
      // `dbPassword2` and `DB_PASSWORD` are `db`, `password`.
      if (letterOf(before) === 0 || (byte < LOWER && before >= LOWER)) {
        measures |= says(WORDS, word) & MEASURE;
        word = 0;
      }
      word = next(WORDS, word, letter);
      plural = letter === LETTER_S ? says(ANYWHERE, part) : 0;
      part = next(ANYWHERE, part, letter);
      parts |= says(ANYWHERE, part);
    }
    before = byte;
  }
  const last = says(WORDS, word);
  const counts = ((measures | last) & (MEASURE | TOKENS)) === 0 ? 0 : COUNTS;
  if ((last & ABOUT) !== 0) return counts;
  const ends = (says(ANYWHERE, part) | plural) === 0 ? 0 : ENDS_AS_CREDENTIAL;
  if (parts !== 0) return STRONG | ends | counts;
  return (last & LAST_WORD) === 0 ? counts : SHORT | counts;
}
