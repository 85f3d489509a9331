import { isNameChar, isSpace, isTokenChar } from './shapes.ts';
import { type Sign, TOKEN_WORDS } from './signs.ts';

/**
 * Whether what stands around a sign may be a credential: a look at a few bytes, by which nearly every URL and every
 * `token accepted` of a log is passed over. Never false where reading the line would find one.
 */
export function mayBeCredential(bytes: Buffer, { index, word, isToken }: Sign): boolean {
  if (isToken) {
    const isAlone = index === 0 || !isTokenChar(bytes[index - 1] ?? 0);
    return isAlone && TOKEN_WORDS.has(bytes.toString('latin1', index, index + word.length));
  }
  if (word === '://') return hasUser(bytes, index + word.length);
  if (word.startsWith('-')) return true;
  return word === 'bearer' || mayAssign(bytes, index);
}

/** Beyond the authority a password with an unescaped slash is looked for this far. */
const MAX_AUTHORITY = 1024;

function hasUser(bytes: Buffer, start: number): boolean {
  const end = Math.min(bytes.length, start + MAX_AUTHORITY);
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === AT) return true;
    if (ENDS_URL[byte] === 1) return false;
  }
  return false;
}

/** A sign of giving a value follows the name: `=`, `:`, a quote, a colour; or the name is a flag. */
function mayAssign(bytes: Buffer, index: number): boolean {
  let end = index;
  while (end < bytes.length && isNameChar(bytes[end] ?? 0)) end += 1;
  if (!isSpace(bytes[end] ?? 0)) return GIVES[bytes[end] ?? 0] === 1;
  while (end < bytes.length && isSpace(bytes[end] ?? 0)) end += 1;
  if (GIVES[bytes[end] ?? 0] === 1) return true;
  let start = index;
  while (start > 0 && isNameChar(bytes[start - 1] ?? 0)) start -= 1;
  return bytes[start] === DASH && bytes[start + 1] === DASH;
}

const AT = 64;
const DASH = 45;
const ENDS_URL = tableOf(' \t\r\n"\'`<>\\|');
const GIVES = tableOf('=:"\'`\\\x1b');

function tableOf(chars: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const char of chars) table[char.charCodeAt(0)] = 1;
  return table;
}
