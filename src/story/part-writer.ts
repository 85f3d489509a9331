import { type FileHandle, open } from 'node:fs/promises';
import { comparePlaces, isBefore, type Place } from './order.ts';
import type { PartFile } from './part.ts';

/** So much of a part waits in memory until it is written. */
const BUFFER = 64 * 1024;
/** Of so many lines of a part, evenly spread, the places are kept: they tell where it could be cut. */
const SAMPLES = 128;

/** Writes that are under way, of all parts; what was written is memory for what comes. */
export class WriteQueue {
  readonly #spare: Buffer[] = [];
  #pending: Promise<void>[] = [];

  get length(): number {
    return this.#pending.length;
  }

  /** Memory to write from. */
  buffer(): Buffer {
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(BUFFER);
  }

  write(
    file: FileHandle,
    bytes: { readonly buffer: Buffer; readonly length: number; readonly position: number },
  ): void {
    const { buffer, length, position } = bytes;
    const written = writeFully(file, buffer.subarray(0, length), position).then(() => void this.#spare.push(buffer));
    written.catch(() => undefined); // told by `pass`
    this.#pending.push(written);
  }

  /** Resolves when all writes have ended; rejects where one failed. */
  async pass(): Promise<void> {
    const pending = this.#pending;
    this.#pending = [];
    await Promise.allSettled(pending); // none is under way any more, even where one has failed
    await Promise.all(pending);
  }
}

/** Writes a part in pieces. `take` never waits: whoever calls it must let the queue pass now and then, and at the end. */
export class PartWriter implements AsyncDisposable {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #queue: WriteQueue;
  #buffer: Buffer;
  #length = 0;
  #written = 0;
  #lines = 0;
  #samples: Place[] = [];
  #stride = 1;

  private constructor(path: string, file: FileHandle, queue: WriteQueue) {
    this.#path = path;
    this.#file = file;
    this.#queue = queue;
    this.#buffer = queue.buffer();
  }

  static async create(path: string, queue: WriteQueue): Promise<PartWriter> {
    return new PartWriter(path, await open(path, 'wx', 0o600), queue);
  }

  get part(): PartFile {
    return { path: this.#path, bytes: this.#written + this.#length, lines: this.#lines };
  }

  take(bytes: Buffer, length: number): void {
    for (let from = 0; from < length; ) {
      const count = bytes.copy(this.#buffer, this.#length, from, Math.min(length, from + BUFFER - this.#length));
      this.#length += count;
      from += count;
      if (this.#length === BUFFER) this.#write();
    }
  }

  countLine(place: Place): void {
    this.#lines += 1;
    if (this.#lines % this.#stride !== 0) return;
    const { second, nanosecond, steps, order } = place;
    this.#samples.push({ second, nanosecond, steps, order });
    if (this.#samples.length < 2 * SAMPLES) return;
    this.#samples = this.#samples.filter((_, index) => index % 2 === 1);
    this.#stride *= 2;
  }

  /** Places that cut the part into about as many pieces as said; fewer, or none, where most of its lines stand at one. */
  cuts(pieces: number): readonly Place[] {
    const places = this.#samples.toSorted(comparePlaces);
    const cuts: Place[] = [];
    let last = places[0];
    for (let piece = 1; piece < pieces; piece += 1) {
      const place = places[Math.floor((piece * places.length) / pieces)];
      if (place === undefined || last === undefined || !isBefore(last, place)) continue;
      cuts.push(place);
      last = place;
    }
    return cuts;
  }

  /** Hands on what waits. */
  end(): void {
    this.#write();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  #write(): void {
    this.#queue.write(this.#file, { buffer: this.#buffer, length: this.#length, position: this.#written });
    this.#written += this.#length;
    this.#buffer = this.#queue.buffer();
    this.#length = 0;
  }
}

async function writeFully(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
