import { endsUnquoted, REMARKS } from './assignment.ts';
import { byteSet, bytesOf, NAME_CHARS, runEndIn } from './byte-set.ts';
import { COUNTS, ENDS_AS_CREDENTIAL, STRONG, STRONG_OR_SHORT, saysOf } from './name-bytes.ts';
import { HARMLESS_WORDS } from './names.ts';
import { isSpace } from './shapes.ts';
import { LETTER_OF, WordTree } from './word-tree.ts';

/** The line has to be read. */
export const READ = -1;

/** How a value is given to a name, as in `assignment.ts`. */
const EQUALS = 0;
const QUOTED = 1;
const COLON = 2;
const TIGHT_COLON = 3;

/** What may be told of a value at a glance. */
const ANY = 0;
const PLAIN = 1;
const NUMBER = 2;

const NEWLINE = 10;
const ESCAPE = 27;
const BACKSLASH = 92;
const [DASH, DOT, EQUAL_SIGN, COLON_SIGN, GREATER, BRACKET, LETTER_M] = [45, 46, 61, 58, 62, 91, 109];

/**
 * Judges the assignment whose name stands around `hit` as `assignmentAt` does, where it lies and without a text of it. Gives the
 * end of the name where no credential is given to it; `READ` where one is, or where a glance does not tell.
 */
export function nameEndAt(bytes: Buffer, hit: number, from: number): number {
  const nameEnd = runEndIn(bytes, hit, NAME_CHARS);
  if (MAY_GIVE[bytes[nameEnd] ?? NEWLINE] === 0) return nameEnd;
  const quoteEnd = quoteEndAt(bytes, nameEnd);
  const sign = spaceEndIn(bytes, quoteEnd);
  const char = bytes[sign] ?? NEWLINE;
  if (char !== EQUAL_SIGN && char !== COLON_SIGN) {
    const mayBeFlag = sign === quoteEnd + 1 && char !== DASH && char !== NEWLINE;
    return mayBeFlag && isFlag(bytes, nameStart(bytes, hit, from), nameEnd) ? READ : nameEnd;
  }
  const next = bytes[sign + 1] ?? NEWLINE;
  const after = next === EQUAL_SIGN || next === GREATER ? sign + 2 : sign + 1;
  const valueAt = spaceEndIn(bytes, after);
  const isEqual = char === EQUAL_SIGN || after > sign + 1;
  const kind = quoteEnd > nameEnd ? QUOTED : isEqual ? EQUALS : valueAt > after ? COLON : TIGHT_COLON;
  const value = glanceAtValue(bytes, valueAt, kind);
  if (value === PLAIN) return nameEnd;
  const start = nameStart(bytes, hit, from);
  const says = saysOf(bytes, start, nameEnd);
  if (value === NUMBER && (says & COUNTS) !== 0) return nameEnd;
  if (kind === EQUALS || kind === QUOTED) return (says & STRONG_OR_SHORT) === 0 ? nameEnd : READ;
  if ((says & STRONG) === 0) return nameEnd;
  if (kind === COLON) return READ;
  const isPath = BEFORE_PATH[bytes[start - 1] ?? NEWLINE] === 1 || BEGINS_PATH[bytes[valueAt] ?? NEWLINE] === 1;
  return (says & ENDS_AS_CREDENTIAL) === 0 || isPath ? nameEnd : READ;
}

function nameStart(bytes: Buffer, hit: number, from: number): number {
  let start = hit;
  while (start > from && NAME_CHARS[bytes[start - 1] ?? NEWLINE] === 1) start -= 1;
  return start;
}

function isFlag(bytes: Buffer, start: number, end: number): boolean {
  return bytes[start] === DASH && bytes[start + 1] === DASH && (saysOf(bytes, start, end) & STRONG) !== 0;
}

/** Most values that are none, or hide nothing, whatever their name says; and numbers, which may count something. */
function glanceAtValue(bytes: Buffer, valueAt: number, kind: number): number {
  const start = quoteEndAt(bytes, valueAt);
  const first = bytes[start] ?? NEWLINE;
  if (BEGINS_DATA[first] === 1 || endsValue(bytes, valueAt, start, start)) return PLAIN;
  if (DIGITS[first] === 1) {
    const end = runEndIn(bytes, start, DIGITS);
    return end - start < 10 && endsValue(bytes, valueAt, start, end) ? NUMBER : ANY;
  }
  // "name": value without quotes is a number, or prose.
  if (kind === QUOTED && start === valueAt && first !== DASH) return PLAIN;
  const end = runEndIn(bytes, start, LETTERS);
  const says = VALUES.saysOf(bytes, start, end);
  if ((says & HARMLESS) !== 0 && endsValue(bytes, valueAt, start, end)) return PLAIN;
  if (kind !== COLON || (says & REMARK) === 0) return ANY;
  return endsValue(bytes, valueAt, start, bytes[end] === DOT ? end + 1 : end) ? PLAIN : ANY;
}

/** Whether the value that begins at `start`, with a quote before it or none, ends at `end`, before which no backslash stands. */
function endsValue(bytes: Buffer, valueAt: number, start: number, end: number): boolean {
  const byte = bytes[end] ?? NEWLINE;
  if (start === valueAt) return ENDS_VALUE[byte] === 1;
  if (byte === NEWLINE) return true;
  for (let at = valueAt; at < start; at += 1) if (bytes[at] !== bytes[end + at - valueAt]) return false;
  return true;
}

/** Where a quote ends that begins here, with backslashes before it; the same place where none does. */
function quoteEndAt(bytes: Buffer, start: number): number {
  let end = start;
  while (bytes[end] === BACKSLASH) end += 1;
  return end - start < 16 && QUOTES[bytes[end] ?? NEWLINE] === 1 ? end + 1 : start;
}

/** The end of white space and colours. */
function spaceEndIn(bytes: Buffer, start: number): number {
  let end = runEndIn(bytes, start, SPACES);
  while (bytes[end] === ESCAPE && bytes[end + 1] === BRACKET) {
    const colour = runEndIn(bytes, end + 2, COLOURS);
    if (bytes[colour] !== LETTER_M) break;
    end = runEndIn(bytes, colour + 1, SPACES);
  }
  return end;
}

const SPACES = byteSet(isSpace);
const DIGITS = bytesOf('0123456789');
const COLOURS = bytesOf('0123456789;');
const LETTERS = byteSet((code) => LETTER_OF[code] !== 0);
const QUOTES = bytesOf('"\'`');
const MAY_GIVE = bytesOf(' \t=:"\'`\\\x1b');
const BEFORE_PATH = bytesOf('/@:');
const BEGINS_PATH = bytesOf('/:');
const BEGINS_DATA = bytesOf('{[');
const ENDS_VALUE = byteSet(endsUnquoted);

const HARMLESS = 1;
const REMARK = 2;
const VALUES = new WordTree(
  [...HARMLESS_WORDS.map((word) => [word, HARMLESS] as const), ...REMARKS.map((word) => [word, REMARK] as const)],
  { searches: false },
);
