import { isUtf8 } from 'node:buffer';
import type { DocumentText } from './document-text.ts';
import { addEscaped, viewOf } from './json-bytes.ts';

/** So much of a line is written at once; a multiple of three, so that each piece is base64 by itself. */
const PIECE = 3 * 64 * 1024;
/** Of a character that goes on in the next part. */
const MOST_UNENDED = 3;

/** The content of a line that is too long to be in memory twice: it is written from its parts, piece by piece. */
export class LongLine {
  readonly isText: boolean;
  readonly #pieces: Iterator<Buffer>;
  #next: IteratorResult<Buffer>;

  constructor(parts: readonly Buffer[]) {
    this.isText = areUtf8(parts);
    this.#pieces = piecesOf(parts);
    this.#next = this.#pieces.next();
  }

  /** Writes a piece; true if it was the last. */
  writePiece(text: DocumentText): boolean {
    if (this.#next.done === true) return true;
    const piece = this.#next.value;
    if (this.isText) addEscaped(text, viewOf(piece), 0, piece.length);
    else text.addText(piece.toString('base64'));
    this.#next = this.#pieces.next();
    return this.#next.done === true;
  }
}

function* piecesOf(parts: readonly Buffer[]): Generator<Buffer> {
  let held: Buffer[] = [];
  let length = 0;
  for (const part of parts) {
    held.push(part);
    length += part.length;
    if (length < PIECE) continue;
    const bytes = Buffer.concat(held);
    const end = length - (length % PIECE);
    yield bytes.subarray(0, end);
    held = [bytes.subarray(end)];
    length -= end;
  }
  if (length > 0) yield Buffer.concat(held);
}

/** Whether some parts, which may be cut within a character, are UTF-8 together. */
function areUtf8(parts: readonly Buffer[]): boolean {
  let begun: Buffer = Buffer.alloc(0);
  for (const part of parts) {
    const bytes = begun.length === 0 ? part : Buffer.concat([begun, part]);
    const end = endOfCharacters(bytes);
    if (!isUtf8(bytes.subarray(0, end))) return false;
    begun = bytes.subarray(end);
  }
  return begun.length === 0;
}

/** Where the last character begins, if it may go on behind these bytes; else their end. */
function endOfCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(MOST_UNENDED, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue; // it goes on with a character
    const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return back < length ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
