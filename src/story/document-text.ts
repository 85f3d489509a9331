import { Buffer } from 'node:buffer';

/** Takes the document piece by piece; resolves when it can take more. */
export type StorySink = (chunk: Buffer) => Promise<void>;

/** Bytes are handed on in pieces of about this many. */
const CHUNK = 256 * 1024;

/**
 * Collects a document out of small pieces. All of it is UTF-8 held in strings of one byte a character, which V8 joins,
 * cuts and writes several times faster than text: `bytesText` makes such a piece of any text.
 */
export class DocumentText {
  readonly #sink: StorySink;
  #parts: string[] = [];
  #length = 0;

  constructor(sink: StorySink) {
    this.#sink = sink;
  }

  get isFull(): boolean {
    return this.#length >= CHUNK;
  }

  /** Takes text whose every character is one byte of UTF-8. */
  addBytes(piece: string): void {
    this.#parts.push(piece);
    this.#length += piece.length;
  }

  async add(text: string): Promise<void> {
    this.addBytes(bytesText(text));
    if (this.isFull) await this.flush();
  }

  async addList(name: string, items: readonly object[]): Promise<void> {
    await this.add(`"${name}": [`);
    for (const [index, item] of items.entries()) await this.add(`${index === 0 ? '\n' : ',\n'}${JSON.stringify(item)}`);
    await this.add('\n],\n');
  }

  async flush(): Promise<void> {
    const chunk = Buffer.from(this.#parts.join(''), 'latin1');
    this.#parts = [];
    this.#length = 0;
    await this.#sink(chunk);
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: everything that is one byte in UTF-8.
const ASCII = /^[\x00-\x7f]*$/;

/** A text's UTF-8, a byte a character. */
export function bytesText(text: string): string {
  return ASCII.test(text) ? text : Buffer.from(text).toString('latin1');
}

/** The text of which `bytesText` made it. */
export function textOfBytes(piece: string): string {
  return ASCII.test(piece) ? piece : Buffer.from(piece, 'latin1').toString();
}
