import { type FileHandle, open } from 'node:fs/promises';
import type { Cursor, EntrySink } from './merge.ts';
import { isBefore, type Place } from './order.ts';
import { afterRecord, HEADER, PartLine } from './part-format.ts';
import { RunSorter } from './sorted-runs.ts';

/** What the parts of a story are read into, one at a time: all into the same memory. */
export class PartMemory {
  readonly sorter = new RunSorter();
  #bytes = Buffer.alloc(0);
  #starts = new Uint32Array(0);
  #abouts = new Uint32Array(0);
  #times = new Float64Array(0);

  bytes(length: number): Buffer {
    if (this.#bytes.length < length) this.#bytes = Buffer.allocUnsafeSlow(length);
    return this.#bytes;
  }

  /** Room for where so many lines, and what is said about each, begin, and for their times. */
  lines(count: number): Lines {
    if (this.#starts.length < count) {
      this.#starts = new Uint32Array(count);
      this.#abouts = new Uint32Array(count);
      this.#times = new Float64Array(count);
    }
    return { starts: this.#starts, abouts: this.#abouts, times: this.#times };
  }
}

interface Lines {
  readonly starts: Uint32Array;
  readonly abouts: Uint32Array;
  readonly times: Float64Array;
}

export interface PartFile {
  readonly path: string;
  readonly bytes: number;
  readonly lines: number;
}

/** Reads a part whole, and gives its lines in order; the next one is what it shows. */
export class PartCursor extends PartLine implements Cursor {
  readonly #part: PartFile;
  readonly #memory: PartMemory;
  #lines: Lines | undefined;
  #sorted: Uint32Array = new Uint32Array(0);
  #next = 0;

  constructor(part: PartFile, memory: PartMemory) {
    super();
    this.#part = part;
    this.#memory = memory;
  }

  async load(): Promise<boolean> {
    if (this.#next > 0 || this.#part.lines === 0) return false;
    const bytes = this.#memory.bytes(this.#part.bytes);
    await using file = await open(this.#part.path, 'r');
    await readFully(file, bytes.subarray(0, this.#part.bytes), 0);
    this.enter(bytes);
    this.#sort();
    this.#showNext();
    return true;
  }

  drain(sink: EntrySink, limit: Place | undefined): boolean {
    const { lines } = this.#part;
    do {
      sink.beginLine(this);
      sink.text.addBytes(this.time, this.from, this.to);
      sink.endLine();
      this.#next += 1;
      if (this.#next === lines) return true;
      this.#showNext();
    } while (!sink.isFull && (limit === undefined || isBefore(this, limit)));
    return false;
  }

  #showNext(): void {
    const line = this.#sorted[this.#next] ?? 0;
    this.show(this.#lines?.starts[line] ?? 0);
    this.showAbout(this.#lines?.abouts[line] ?? 0);
  }

  #sort(): void {
    const { headers } = this;
    const count = this.#part.lines;
    const { starts, abouts, times } = this.#memory.lines(count);
    let base = 0;
    for (let line = 0, start = 0, about = 0; line < count; start = afterRecord(start, headers.length(start))) {
      if (headers.isAbout(start)) {
        about = start;
        continue;
      }
      if (line === 0) base = headers.second(start);
      starts[line] = start;
      abouts[line] = about;
      // Rounded where a part spans weeks: two that differ are in order even then, and two that do not are looked at.
      times[line] = headers.second(start) - base + headers.nanosecond(start) / 1e9;
      line += 1;
    }
    this.#lines = { starts, abouts, times };
    const [one, other] = [this.#like(), this.#like()];
    this.#sorted = this.#memory.sorter.sort(count, times, (a, b) => {
      one.show(starts[a] ?? 0);
      one.showAbout(abouts[a] ?? 0);
      other.show(starts[b] ?? 0);
      other.showAbout(abouts[b] ?? 0);
      return isBefore(one, other);
    });
  }

  /** Shows other lines of the same memory. */
  #like(): PartLine {
    const line = new PartLine();
    line.enter(this.time);
    return line;
  }
}

/** What is read of a part at once where it is not to be in memory whole. */
const PIECE = 512 * 1024;

/** Deals the lines of a part out, in the order in which they stand in it. */
export async function dealPart({ path, bytes }: PartFile, dealer: EntrySink): Promise<void> {
  await using file = await open(path, 'r');
  let piece = Buffer.allocUnsafeSlow(PIECE);
  const line = new PartLine();
  line.enter(piece);
  for (let [at, length] = [0, 0]; at < bytes; ) {
    const end = Math.min(piece.length, bytes - at);
    await readFully(file, piece.subarray(0, end), at);
    let start = 0;
    for (; start + HEADER <= end; start = afterRecord(start, length)) {
      length = line.headers.length(start);
      if (afterRecord(start, length) > end) break;
      dealRecord(line, start, dealer);
      if (dealer.isFull) await dealer.flush();
    }
    at += start;
    if (start > 0) continue;
    piece = Buffer.allocUnsafeSlow(afterRecord(0, length)); // a line longer than any before
    line.enter(piece);
  }
}

function dealRecord(line: PartLine, start: number, dealer: EntrySink): void {
  if (line.headers.isAbout(start)) {
    line.keepAbout(start);
    return;
  }
  line.show(start);
  dealer.beginLine(line);
  dealer.text.addBytes(line.time, line.from, line.to);
  dealer.endLine();
}

async function readFully(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let got = 0; got < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, got, bytes.length - got, position + got);
    if (bytesRead === 0) throw new Error('a part of the story is shorter than it was written');
    got += bytesRead;
  }
}
