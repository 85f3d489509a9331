import { closeSync, openSync, writeSync } from 'node:fs';
import { comparePlaces, isBefore, type Place } from './order.ts';
import type { PartFile } from './part.ts';

/** So much of a part waits in memory until it is written. */
const BUFFER = 64 * 1024;
/** Of so many lines of a part, evenly spread, the places are kept: they tell where it could be cut. */
const SAMPLES = 128;

/**
 * Writes a part in pieces, which the kernel takes into its memory at once: to have another thread wait for that would cost
 * as much as the whole write does.
 */
export class PartWriter implements Disposable {
  readonly #path: string;
  readonly #file: number;
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER);
  #length = 0;
  #written = 0;
  #lines = 0;
  #samples: Place[] = [];
  #stride = 1;

  constructor(path: string) {
    this.#path = path;
    this.#file = openSync(path, 'wx', 0o600);
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

  /** Writes what waits. */
  end(): void {
    this.#write();
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }

  #write(): void {
    for (let done = 0; done < this.#length; ) done += writeSync(this.#file, this.#buffer, done, this.#length - done);
    this.#written += this.#length;
    this.#length = 0;
  }
}
