import { NAMES } from './memory';
import { ANYWHERE, letterOf, next, ONES, says, WORDS } from './tables';

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

/** Of a name that was judged: itself, filled up with zeros, then its length and what it says. */
const ENTRY_BYTES: usize = 32;
const LONGEST: usize = 16;

/** Judges a name as `names.ts` of src/redact does, where it lies. The same few come in line after line. */
export function saysOfName(start: usize, end: usize): u32 {
  const length = end - start;
  if (length > LONGEST) return judged(start, end);
  const name = v128.and(v128.load(start), v128.load(ONES + LONGEST - length));
  const hash = (<u64>i64x2.extract_lane(name, 0) ^ <u64>i64x2.extract_lane(name, 1)) * 0x9e3779b97f4a7c15;
  const entry = NAMES + <usize>(hash >> 58) * ENTRY_BYTES;
  const isKnown = load<u32>(entry, 16) === <u32>length && !v128.any_true(v128.xor(name, v128.load(entry)));
  if (isKnown) return load<u32>(entry, 20);
  const told = judged(start, end);
  v128.store(entry, name);
  store<u32>(entry, <u32>length, 16);
  store<u32>(entry, told, 20);
  return told;
}

function judged(start: usize, end: usize): u32 {
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
