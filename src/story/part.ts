import { type FileHandle, open } from 'node:fs/promises';
import type { Cursor, EntrySink } from './merge.ts';
import { isBefore, type Place } from './order.ts';
import { afterLine, HEADER, LineHeaders } from './part-format.ts';
import { RunSorter } from './sorted-runs.ts';

/** What the parts of a story are read into, one at a time: all into the same memory. */
export class PartMemory {
  readonly sorter = new RunSorter();
  #bytes = Buffer.alloc(0);
  #starts = new Uint32Array(0);
  #times = new Float64Array(0);

  bytes(length: number): Buffer {
    if (this.#bytes.length < length) this.#bytes = Buffer.allocUnsafeSlow(length);
    return this.#bytes;
  }

  /** Room for where so many lines begin, and for their times. */
  lines(count: number): { readonly starts: Uint32Array; readonly times: Float64Array } {
    if (this.#starts.length < count) {
      this.#starts = new Uint32Array(count);
      this.#times = new Float64Array(count);
    }
    return { starts: this.#starts, times: this.#times };
  }
}

export interface PartFile {
  readonly path: string;
  readonly bytes: number;
  readonly lines: number;
}

/** Reads a part whole, and gives its lines in order. */
export class PartCursor implements Cursor {
  second = 0;
  nanosecond = 0;
  steps = 0;
  order = 0;
  readonly #part: PartFile;
  readonly #memory: PartMemory;
  #bytes: Buffer = Buffer.alloc(0);
  #headers = new LineHeaders(this.#bytes);
  #starts: Uint32Array = new Uint32Array(0);
  #sorted: Uint32Array = new Uint32Array(0);
  #next = 0;

  constructor(part: PartFile, memory: PartMemory) {
    this.#part = part;
    this.#memory = memory;
  }

  async load(): Promise<boolean> {
    if (this.#next > 0 || this.#part.lines === 0) return false;
    this.#bytes = this.#memory.bytes(this.#part.bytes);
    await using file = await open(this.#part.path, 'r');
    await readFully(file, this.#bytes.subarray(0, this.#part.bytes), 0);
    this.#headers = new LineHeaders(this.#bytes);
    this.#sort();
    this.#show(0);
    return true;
  }

  drain(sink: EntrySink, limit: Place | undefined): boolean {
    const headers = this.#headers;
    const lines = this.#part.lines;
    do {
      const from = (this.#starts[this.#sorted[this.#next] ?? 0] ?? 0) + HEADER;
      sink.beginLine(headers.container, this);
      sink.text.addBytes(this.#bytes, from, from + headers.length);
      sink.endLine();
      this.#next += 1;
      if (this.#next === lines) return true;
      this.#show(this.#next);
    } while (!sink.isFull && (limit === undefined || isBefore(this, limit)));
    return false;
  }

  #show(index: number): void {
    const headers = this.#headers;
    headers.show(this.#starts[this.#sorted[index] ?? 0] ?? 0);
    this.second = headers.second;
    this.nanosecond = headers.nanosecond;
    this.steps = headers.steps;
    this.order = headers.order;
  }

  #sort(): void {
    const { lines } = this.#part;
    const headers = this.#headers;
    const { starts, times } = this.#memory.lines(lines);
    let base = 0;
    for (let line = 0, start = 0; line < lines; line += 1) {
      headers.show(start);
      if (line === 0) base = headers.second;
      starts[line] = start;
      // Rounded where a part spans weeks: two that differ are in order even then, and two that do not are looked at.
      times[line] = headers.second - base + headers.nanosecond / 1e9;
      start = afterLine(start, headers.length);
    }
    this.#starts = starts;
    const other = new LineHeaders(this.#bytes);
    this.#sorted = this.#memory.sorter.sort(lines, times, (a, b) => {
      headers.show(starts[a] ?? 0);
      other.show(starts[b] ?? 0);
      return isBefore(headers, other);
    });
  }
}

/** What is read of a part at once where it is not to be in memory whole. */
const PIECE = 512 * 1024;

/** Deals the lines of a part out, in the order in which they stand in it. */
export async function dealPart({ path, bytes }: PartFile, dealer: EntrySink): Promise<void> {
  await using file = await open(path, 'r');
  let piece = Buffer.allocUnsafeSlow(PIECE);
  let headers = new LineHeaders(piece);
  for (let [at, length] = [0, HEADER]; at < bytes; ) {
    const end = Math.min(piece.length, bytes - at);
    await readFully(file, piece.subarray(0, end), at);
    let start = 0;
    for (; start + HEADER <= end; start = afterLine(start, length)) {
      headers.show(start);
      length = headers.length;
      if (afterLine(start, length) > end) break;
      dealer.beginLine(headers.container, headers);
      dealer.text.addBytes(piece, start + HEADER, start + HEADER + length);
      dealer.endLine();
      if (dealer.isFull) await dealer.flush();
    }
    at += start;
    if (start > 0) continue;
    piece = Buffer.allocUnsafeSlow(afterLine(0, length)); // a line longer than any before
    headers = new LineHeaders(piece);
  }
}

async function readFully(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let got = 0; got < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, got, bytes.length - got, position + got);
    if (bytesRead === 0) throw new Error('a part of the story is shorter than it was written');
    got += bytesRead;
  }
}
