import { isNameChar, isTokenChar } from './shapes.ts';

/** Some bytes, as a table: 1 at each of them, and 0 at all others. */
export function byteSet(has: (code: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (has(code) ? 1 : 0));
}

/** The bytes of some characters. */
export function bytesOf(chars: string): Uint8Array {
  return byteSet((code) => chars.includes(String.fromCharCode(code)));
}

export const NAME_CHARS = byteSet(isNameChar);
export const TOKEN_CHARS = byteSet(isTokenChar);

/** The end of the longest run of bytes of a set. */
export function runEndIn(bytes: Buffer, start: number, set: Uint8Array): number {
  let end = start;
  while (end < bytes.length && set[bytes[end] ?? 0] === 1) end += 1;
  return end;
}
