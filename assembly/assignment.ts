import { COUNTS, ENDS_AS_CREDENTIAL, SHORT, STRONG, saysOfName } from './names';
import { NEWLINE } from './newline';
import {
  BEFORE_PATH,
  BEGINS_DATA,
  BEGINS_PATH,
  BEGINS_QUOTE,
  BEGINS_SPACE,
  COLOUR,
  DIGIT,
  ENDS_VALUE,
  HARMLESS,
  IN_NAME,
  IN_NUMBER,
  isOf,
  kindsOf,
  MAY_GIVE,
  NAME,
  placesOf,
  QUOTE,
  REMARKS,
  runEnd,
  SPACE,
} from './tables';
import { saysOfWordAt, wordEnd } from './words';

/** The line has to be read. */
export const READ: usize = 0;

/** How a value is given to a name, as in `assignment.ts` of src/redact. */
const EQUALS: u32 = 0;
const QUOTED: u32 = 1;
const COLON: u32 = 2;
const TIGHT_COLON: u32 = 3;

/** What may be told of a value at a glance. */
const ANY: u32 = 0;
const PLAIN: u32 = 1;
const NUMBER: u32 = 2;

const ESCAPE: u8 = 27;
const DASH: u8 = 45;
const DOT: u8 = 46;
const COLON_SIGN: u8 = 58;
const EQUAL_SIGN: u8 = 61;
const GREATER: u8 = 62;
const BRACKET: u8 = 91;
const BACKSLASH: u8 = 92;
const LETTER_M: u8 = 109;
const MOST_BACKSLASHES: usize = 16;
const MOST_DIGITS: usize = 10;

/**
 * Judges the assignment whose name stands around `hit`, and not before `from`. Gives the end of the name where no credential is given
 * to it; READ where one is, or where a glance does not tell.
 */
export function nameEndAt(hit: usize, from: usize): usize {
  const nameEnd = kindEnd(hit, IN_NAME);
  if (!isOf(load<u8>(nameEnd), MAY_GIVE)) return nameEnd;
  const quoteEnd = quoteEndAt(nameEnd);
  const sign = spaceEnd(quoteEnd);
  const char = load<u8>(sign);
  if (char !== EQUAL_SIGN && char !== COLON_SIGN) {
    const mayBeFlag = sign === quoteEnd + 1 && char !== DASH && char !== NEWLINE;
    return mayBeFlag && isFlag(nameStart(hit, from), nameEnd) ? READ : nameEnd;
  }
  // Most names say nothing of their values, and were judged before.
  const start = nameStart(hit, from);
  const told = saysOfName(start, nameEnd);
  if ((told & (STRONG | SHORT)) === 0) return nameEnd;
  const following = load<u8>(sign, 1);
  const after = following === EQUAL_SIGN || following === GREATER ? sign + 2 : sign + 1;
  const valueAt = spaceEnd(after);
  const isEqual = char === EQUAL_SIGN || after > sign + 1;
  const kind = quoteEnd > nameEnd ? QUOTED : isEqual ? EQUALS : valueAt > after ? COLON : TIGHT_COLON;
  const value = glanceAtValue(valueAt, kind);
  if (value === PLAIN || (value === NUMBER && (told & COUNTS) !== 0)) return nameEnd;
  if (kind === EQUALS || kind === QUOTED) return READ;
  if ((told & STRONG) === 0) return nameEnd;
  if (kind === COLON) return READ;
  const isPath = isOf(load<u8>(start - 1), BEFORE_PATH) || isOf(load<u8>(valueAt), BEGINS_PATH);
  return (told & ENDS_AS_CREDENTIAL) === 0 || isPath ? nameEnd : READ;
}

/** The end of the longest run of bytes of a kind that is told of sixteen at once. */
function kindEnd(start: usize, kind: usize): usize {
  let at = start;
  let others = placesOf(at, kind) ^ 0xffff;
  while (others === 0) {
    at += 16;
    others = placesOf(at, kind) ^ 0xffff;
  }
  return at + ctz(others);
}

function nameStart(hit: usize, from: usize): usize {
  let start = hit;
  while (start > from && isOf(load<u8>(start - 1), NAME)) start -= 1;
  return start;
}

function isFlag(start: usize, end: usize): bool {
  return load<u8>(start) === DASH && load<u8>(start, 1) === DASH && (saysOfName(start, end) & STRONG) !== 0;
}

/** Most values that are none, or hide nothing, whatever their name says; and numbers, which may count something. */
function glanceAtValue(valueAt: usize, kind: u32): u32 {
  const start = quoteEndAt(valueAt);
  const first = load<u8>(start);
  const kinds = kindsOf(first);
  if ((kinds & BEGINS_DATA) !== 0 || endsValue(valueAt, start, start)) return PLAIN;
  if ((kinds & DIGIT) !== 0) {
    const end = kindEnd(start, IN_NUMBER);
    return end - start < MOST_DIGITS && endsValue(valueAt, start, end) ? NUMBER : ANY;
  }
  // "name": value without quotes is a number, or prose.
  if (kind === QUOTED && start === valueAt && first !== DASH) return PLAIN;
  if (saysOfWordAt(start, HARMLESS) !== 0 && endsValue(valueAt, start, wordEnd)) return PLAIN;
  if (kind !== COLON || saysOfWordAt(start, REMARKS) === 0) return ANY;
  const end = load<u8>(wordEnd) === DOT ? wordEnd + 1 : wordEnd;
  return endsValue(valueAt, start, end) ? PLAIN : ANY;
}

/** Whether the value that begins at `start`, with a quote before it or none, ends at `end`, before which no backslash stands. */
function endsValue(valueAt: usize, start: usize, end: usize): bool {
  const byte = load<u8>(end);
  if (start === valueAt) return isOf(byte, ENDS_VALUE);
  if (byte === NEWLINE) return true;
  for (let at = valueAt; at < start; at += 1) if (load<u8>(at) !== load<u8>(end + at - valueAt)) return false;
  return true;
}

/** Where a quote ends that begins here, with backslashes before it; the same place where none does. */
function quoteEndAt(start: usize): usize {
  return isOf(load<u8>(start), BEGINS_QUOTE) ? givenQuoteEnd(start) : start;
}

function givenQuoteEnd(start: usize): usize {
  let end = start;
  while (load<u8>(end) === BACKSLASH) end += 1;
  return end - start < MOST_BACKSLASHES && isOf(load<u8>(end), QUOTE) ? end + 1 : start;
}

/** The end of white space and colours. */
function spaceEnd(start: usize): usize {
  return isOf(load<u8>(start), BEGINS_SPACE) ? givenSpaceEnd(start) : start;
}

function givenSpaceEnd(start: usize): usize {
  let end = runEnd(start, SPACE);
  while (load<u8>(end) === ESCAPE && load<u8>(end, 1) === BRACKET) {
    const colour = runEnd(end + 2, COLOUR);
    if (load<u8>(colour) !== LETTER_M) break;
    end = runEnd(colour + 1, SPACE);
  }
  return end;
}
