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
/** Two of them, as bytes of text. */
const ZEROS = 0x3030;
/** So many bytes find room at once, each of them escaped. */
const STRETCH = 4096;
const WORD = 4;

/**
 * Adds some UTF-8 as the inside of a JSON string: JSON escapes none but ASCII characters. Most words of four bytes hold
 * none that it does, and are taken whole.
 */
export function addEscaped(text: DocumentText, source: DataView, from: number, to: number): void {
  for (let start = from; start < to; start += STRETCH) {
    const end = Math.min(to, start + STRETCH);
    text.room((end - start) * LONGEST_ESCAPE);
    const out = text.view;
    let at = text.length;
    for (let index = start; index < end; ) {
      for (; index + WORD <= end; index += WORD) {
        const word = source.getInt32(index);
        if (hasEscape(word)) break;
        out.setInt32(at, word);
        at += WORD;
      }
      const next = Math.min(end, index + WORD);
      for (; index < next; index += 1) at = addByte(out, at, source.getUint8(index));
    }
    text.length = at;
  }
}

/** Whether one of a word's bytes is a control character, a quotation mark or a backslash. */
function hasEscape(word: number): boolean {
  const quote = word ^ 0x22222222;
  const backslash = word ^ 0x5c5c5c5c;
  // Of each byte the highest bit is set where one that was not less than 0x80 is less than what was taken away.
  const control = (word - 0x20202020) & ~word;
  return ((control | ((quote - 0x01010101) & ~quote) | ((backslash - 0x01010101) & ~backslash)) & 0x80808080) !== 0;
}

function addByte(out: DataView, at: number, byte: number): number {
  const letter = ESCAPES[byte] ?? 0;
  if (letter !== 0) return addEscape(out, at, byte, letter);
  out.setUint8(at, byte);
  return at + 1;
}

function addEscape(out: DataView, at: number, byte: number, letter: number): number {
  out.setUint8(at, BACKSLASH);
  out.setUint8(at + 1, letter);
  if (letter !== LETTER_U) return at + 2;
  out.setUint16(at + 2, ZEROS);
  out.setUint8(at + 4, HEX[byte >> 4] ?? 0);
  out.setUint8(at + 5, HEX[byte & 15] ?? 0);
  return at + LONGEST_ESCAPE;
}

/** Some bytes as `addEscaped` reads them. */
export function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
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
