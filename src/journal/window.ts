import { joined } from '../model/joined.ts';
import type { JournalFile } from './fs.ts';

/** What is read from a segment at once. */
const READ_BYTES = 1024 * 1024;

/** A moving window over a file, so that small frames do not cost a read each. */
export class ReadWindow {
  readonly #file: JournalFile;
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;

  constructor(file: JournalFile) {
    this.#file = file;
  }

  /** `length` bytes at `offset`; fewer at the end of the file. */
  async at(offset: number, length: number): Promise<Buffer> {
    const end = this.#start + this.#bytes.length;
    if (offset < this.#start || offset + length > end) {
      this.#bytes = await readFully(this.#file, offset, Math.max(length, READ_BYTES));
      this.#start = offset;
    }
    return this.#bytes.subarray(offset - this.#start, offset - this.#start + length);
  }

  /** Of the whole file. */
  async size(): Promise<number> {
    let size = this.#start + this.#bytes.length;
    for (let more = -1; more !== 0; size += more) more = (await this.#file.read(size, READ_BYTES)).length;
    return size;
  }
}

const AHEAD_BYTES = 512 * 1024;

/** Reads places of a file in any order; where they follow each other, as the blocks of a busy log do, many at once. */
export class ReadAhead {
  readonly #file: JournalFile;
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  /** Where the last place that was read ends. */
  #end = 0;

  constructor(file: JournalFile) {
    this.#file = file;
  }

  /** `length` bytes at `offset`, fewer at the end of the file; with them more is kept in memory while they are. */
  async at(offset: number, length: number): Promise<Buffer> {
    const isNear = offset >= this.#end && offset - this.#end < AHEAD_BYTES;
    this.#end = offset + length;
    if (offset >= this.#start && offset + length <= this.#start + this.#bytes.length)
      return this.#bytes.subarray(offset - this.#start, offset - this.#start + length);
    const bytes = await readFully(this.#file, offset, isNear ? Math.max(length, AHEAD_BYTES) : length);
    if (isNear) {
      this.#bytes = bytes;
      this.#start = offset;
    }
    return bytes.subarray(0, length);
  }
}

async function readFully(file: JournalFile, offset: number, length: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let got = 0;
  while (got < length) {
    const part = await file.read(offset + got, length - got);
    if (part.length === 0) break;
    parts.push(part);
    got += part.length;
  }
  return joined(parts, got);
}
