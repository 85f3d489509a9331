import { Buffer } from 'node:buffer';
import { viewOf } from './json-bytes.ts';

/** Takes the document piece by piece; a piece's bytes are written over after it has resolved. */
export type StorySink = (chunk: Buffer) => Promise<void>;

/** Bytes are handed on in pieces of about this many. */
const CHUNK = 256 * 1024;
/** An entry is begun while a piece is not full: most end within this. */
const BEYOND = 32 * 1024;
/** A piece that grew beyond this, because of one long line, is not kept. */
const KEPT = 4 * CHUNK;

/**
 * Collects a document's UTF-8 in one piece of memory, while another is being written: nothing is made for a line. Whoever
 * writes many small things asks for `room`, writes to `bytes` or `view` at `length` itself, and moves `length` on.
 */
export class DocumentText {
  readonly #sink: StorySink;
  #other = newPiece();
  #writing: Promise<void> = Promise.resolve();
  bytes = newPiece();
  /** The same memory. */
  view = viewOf(this.bytes);
  length = 0;

  constructor(sink: StorySink) {
    this.#sink = sink;
  }

  get isFull(): boolean {
    return this.length >= CHUNK;
  }

  /** Makes sure that so many bytes fit behind `length`. */
  room(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(2 * this.bytes.length, needed + KEPT)));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
    this.view = viewOf(grown);
  }

  addText(text: string): void {
    this.room(3 * text.length); // no character of a string takes more in UTF-8
    this.length += this.bytes.write(text, this.length);
  }

  addBytes(from: Buffer, start: number, end: number): void {
    this.room(end - start);
    // What is copied whole is so in half the time.
    if (start === 0 && end === from.length) this.bytes.set(from, this.length);
    else from.copy(this.bytes, this.length, start, end);
    this.length += end - start;
  }

  async add(text: string): Promise<void> {
    this.addText(text);
    if (this.isFull) await this.flush();
  }

  async addList(name: string, items: readonly object[]): Promise<void> {
    await this.add(`"${name}": [`);
    for (const [index, item] of items.entries()) await this.add(`${index === 0 ? '\n' : ',\n'}${JSON.stringify(item)}`);
    await this.add('\n],\n');
  }

  /** Resolves when more can be taken: what was written before is then with the sink, what is written now on its way. */
  async flush(): Promise<void> {
    await this.#writing;
    const [piece, length] = [this.bytes, this.length];
    this.bytes = this.#other;
    this.view = viewOf(this.bytes);
    this.length = 0;
    this.#other = piece.length > KEPT ? newPiece() : piece;
    this.#writing = this.#sink(piece.subarray(0, length));
    this.#writing.catch(() => undefined); // told by the next flush, or at the end
  }

  /** Resolves when the sink has taken everything. */
  async end(): Promise<void> {
    await this.flush();
    await this.#writing;
  }
}

function newPiece(): Buffer {
  return Buffer.allocUnsafeSlow(CHUNK + BEYOND);
}
