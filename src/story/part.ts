import { type FileHandle, open } from 'node:fs/promises';
import { DocumentText } from './document-text.ts';
import { type Cursor, type EntrySink, merge, type Source } from './merge.ts';
import { comparePlaces, isBefore, NOWHERE, type Place } from './order.ts';

/**
 * A line of a part: `second f64 | order f64 | nanosecond u32 | steps u32 | container u32 | length u32 | JSON`, little-endian;
 * what is needed to merge it again.
 */
const HEADER = 32;
const AT = { second: 0, order: 8, nanosecond: 16, steps: 20, container: 24, length: 28 } as const;

/** Merges some logs into a file. */
export async function writePart(path: string, sources: readonly Source[]): Promise<{ from: Place; until: Place }> {
  await using file = await open(path, 'wx', 0o600);
  const text = new DocumentText((chunk) => file.appendFile(chunk));
  await merge(sources, new PartSink(text));
  await text.end();
  const [froms, untils] = [sources.map(({ from }) => from), sources.map(({ until }) => until)];
  return { from: froms.sort(comparePlaces)[0] ?? NOWHERE, until: untils.sort(comparePlaces).at(-1) ?? NOWHERE };
}

class PartSink implements EntrySink {
  readonly text: DocumentText;
  #start = 0;

  constructor(text: DocumentText) {
    this.text = text;
  }

  get isFull(): boolean {
    return this.text.isFull;
  }

  entry(): never {
    throw new Error('only logs are merged in parts');
  }

  beginLine(container: number, { second, nanosecond, steps, order }: Place): void {
    const { text } = this;
    text.room(HEADER);
    const { bytes, length } = text;
    bytes.writeDoubleLE(second, length + AT.second);
    bytes.writeDoubleLE(order, length + AT.order);
    bytes.writeUInt32LE(nanosecond, length + AT.nanosecond);
    bytes.writeUInt32LE(steps, length + AT.steps);
    bytes.writeUInt32LE(container, length + AT.container);
    text.length += HEADER;
    this.#start = text.length;
  }

  endLine(): void {
    const { bytes, length } = this.text;
    bytes.writeUInt32LE(length - this.#start, this.#start - HEADER + AT.length);
  }

  flush(): Promise<void> {
    return this.text.flush();
  }
}

/** So much of a part is in memory, unless one line is longer. */
export const PART_MEMORY = 256 * 1024;

/** Reads a part in pieces, all into the same memory. */
export class PartCursor implements Cursor {
  second = 0;
  nanosecond = 0;
  steps = 0;
  order = 0;
  readonly #path: string;
  #file: FileHandle | undefined;
  #offset = 0;
  #piece = Buffer.allocUnsafeSlow(PART_MEMORY);
  #length = 0;
  /** Where the current line's header stands, and where the line ends. */
  #at = 0;
  #end = 0;

  constructor(path: string) {
    this.#path = path;
  }

  async load(): Promise<boolean> {
    this.#file ??= await open(this.#path, 'r');
    while (!this.#show(this.#at)) if (!(await this.#read(this.#file))) return false;
    return true;
  }

  drain(sink: EntrySink, limit: Place | undefined): boolean {
    do {
      sink.beginLine(this.#piece.readUInt32LE(this.#at + AT.container), this);
      sink.text.addBytes(this.#piece, this.#at + HEADER, this.#end);
      sink.endLine();
      this.#at = this.#end;
      if (!this.#show(this.#at)) return true;
    } while (!sink.isFull && (limit === undefined || isBefore(this, limit)));
    return false;
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  /** Shows the line that begins there; false where the piece does not hold all of it. */
  #show(at: number): boolean {
    const piece = this.#piece;
    if (at + HEADER > this.#length) return false;
    const end = at + HEADER + piece.readUInt32LE(at + AT.length);
    if (end > this.#length) return false;
    this.second = piece.readDoubleLE(at + AT.second);
    this.order = piece.readDoubleLE(at + AT.order);
    this.nanosecond = piece.readUInt32LE(at + AT.nanosecond);
    this.steps = piece.readUInt32LE(at + AT.steps);
    this.#end = end;
    return true;
  }

  /** Reads on, behind what was not used yet; false at the end of the part. */
  async #read(file: FileHandle): Promise<boolean> {
    const rest = this.#length - this.#at;
    const needed = rest < HEADER ? 0 : HEADER + this.#piece.readUInt32LE(this.#at + AT.length);
    const piece = needed > this.#piece.length ? Buffer.allocUnsafeSlow(needed) : this.#piece;
    this.#piece.copy(piece, 0, this.#at, this.#length);
    this.#piece = piece;
    this.#at = 0;
    const { bytesRead } = await file.read(piece, rest, piece.length - rest, this.#offset);
    this.#offset += bytesRead;
    this.#length = rest + bytesRead;
    return bytesRead > 0;
  }
}
