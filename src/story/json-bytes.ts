import type { DocumentText } from './document-text.ts';

const BACKSLASH = 92;
/** The short escapes of JSON, by the byte that they stand for, as JSON.stringify writes them. */
const SHORT: Readonly<Record<number, string>> = { 8: 'b', 9: 't', 10: 'n', 12: 'f', 13: 'r', 34: '"', 92: '\\' };
/** By byte: 0 where it stands for itself in a JSON string, else the letter behind the backslash. */
const ESCAPES = Uint8Array.from({ length: 256 }, (_, byte) => {
  const letter = SHORT[byte] ?? (byte < 32 ? 'u' : undefined);
  return letter?.charCodeAt(0) ?? 0;
});
const LETTER_U = 117;
const LONGEST_ESCAPE = 6;
const HEX = Buffer.from('0123456789abcdef');
/** So many bytes find room at once, each of them escaped. */
const STRETCH = 4096;

/** Adds some UTF-8 as the inside of a JSON string, byte by byte: JSON escapes none but ASCII characters. */
export function addEscaped(text: DocumentText, source: Buffer, from: number, to: number): void {
  for (let start = from; start < to; start += STRETCH) {
    const end = Math.min(to, start + STRETCH);
    text.room((end - start) * LONGEST_ESCAPE);
    const out = text.bytes;
    let at = text.length;
    for (let index = start; index < end; index += 1) {
      const byte = source[index] ?? 0;
      const letter = ESCAPES[byte] ?? 0;
      if (letter === 0) out[at++] = byte;
      else at = writeEscape(out, at, byte, letter);
    }
    text.length = at;
  }
}

function writeEscape(out: Buffer, start: number, byte: number, letter: number): number {
  let at = start;
  out[at++] = BACKSLASH;
  out[at++] = letter;
  if (letter !== LETTER_U) return at;
  out[at++] = HEX[0] ?? 0;
  out[at++] = HEX[0] ?? 0;
  out[at++] = HEX[byte >> 4] ?? 0;
  out[at++] = HEX[byte & 15] ?? 0;
  return at;
}

/** The text that some of these bytes, the inside of a JSON string, stand for; an escape that is cut off at `to` is left out. */
export function unescaped(bytes: Buffer, from: number, to: number): string {
  let end = from;
  while (end < to) {
    const length = bytes[end] !== BACKSLASH ? 1 : bytes[end + 1] === LETTER_U ? LONGEST_ESCAPE : 2;
    if (end + length > to) break;
    end += length;
  }
  return JSON.parse(`"${bytes.toString('utf8', from, end)}"`) as string;
}
