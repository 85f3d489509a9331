import { nameEndAt, READ } from './assignment-bytes.ts';
import { byteSet, bytesOf, NAME_CHARS, runEndIn, TOKEN_CHARS } from './byte-set.ts';
import { isBearerChar, isSpace, MIN_BEARER } from './shapes.ts';
import { type Sign, TOKEN_WORDS } from './signs.ts';

/**
 * Judges a sign where it lies, as reading the line would: by a look at a few bytes nearly every URL and every `token accepted` of a
 * log is passed over. Gives the place where the next sign may begin; `READ` where the line may hold a credential here, and never
 * anything else where reading it would find one.
 * @param from where the sign before was passed over, or any place before the line
 */
export function glanceAt(bytes: Buffer, { index, word, isToken }: Sign, from: number): number {
  const next = index + word.length;
  if (isToken) return isTokenBegin(bytes, index, next) ? READ : next;
  if (word === '://') return hasPassword(bytes, next) ? READ : next;
  if (word === '-----begin ') return READ;
  // Signals are told as sig=9.
  if (word === 'sig=' && BEFORE_SIG[bytes[index - 1] ?? 0] === 0) return next;
  const nameEnd = nameEndAt(bytes, index, from);
  if (nameEnd === READ || (word === 'bearer' && mayBeBearer(bytes, next))) return READ;
  return Math.max(next, nameEnd);
}

function isTokenBegin(bytes: Buffer, start: number, end: number): boolean {
  const isAlone = start === 0 || TOKEN_CHARS[bytes[start - 1] ?? 0] === 0;
  return isAlone && TOKEN_WORDS.has(bytes.toString('latin1', start, end));
}

/** Beyond the authority a password with an unescaped slash is looked for this far. */
const MAX_AUTHORITY = 1024;

/** Whether a URL whose `://` ends here has a user before its host. */
function hasPassword(bytes: Buffer, start: number): boolean {
  const end = Math.min(bytes.length, start + MAX_AUTHORITY);
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === AT) return true;
    if (ENDS_URL[byte] === 1) return false;
  }
  return false;
}

/** Whether what follows the word Bearer is long enough; where a name goes on, there may be tokens in it. */
function mayBeBearer(bytes: Buffer, wordEnd: number): boolean {
  const start = runEndIn(bytes, wordEnd, SPACES);
  if (start === wordEnd) return NAME_CHARS[bytes[wordEnd] ?? 0] === 1;
  return runEndIn(bytes, start, BEARER_CHARS) - start >= MIN_BEARER;
}

const AT = 64;
const ENDS_URL = bytesOf(' \t\r\n"\'`<>\\|');
const BEFORE_SIG = bytesOf('?&_-');
const SPACES = byteSet(isSpace);
const BEARER_CHARS = byteSet(isBearerChar);
