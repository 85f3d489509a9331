import type { SimulatedClock } from '../../src/demo/clock.ts';
import type { FileRead, NodeFiles } from '../../src/kube/node-files.ts';
import type { LogRotation } from '../../src/kube/node-settings.ts';
import { timestampOf } from '../../src/model/time.ts';

const CHUNK_LINES = 400;

interface RotatingFile {
  name: string;
  /** Number of its first line, and of the first one of the next file. */
  readonly first: number;
  end: number | undefined;
}

/**
 * A node whose one container writes so many lines a second of a simulated clock, each with its number, and whose kubelet
 * rotates the files; they take no memory. Every request takes its time. What is compressed is so in name only.
 */
export class RotatingNode implements NodeFiles {
  readonly through = 'the test';
  readonly #clock: SimulatedClock;
  readonly #start: number;
  readonly #rotation: Required<LogRotation>;
  readonly #requestMs: number;
  readonly #linesPerMs: number;
  readonly #lineBytes: number;
  #files: RotatingFile[] = [{ name: '0.log', first: 0, end: undefined }];
  #looks = 0;
  #lastMs = -1;
  #lastTime = '';
  /** Requests in flight now, and most of them at once. */
  inFlight = 0;
  most = 0;
  rotations = 0;

  constructor(
    clock: SimulatedClock,
    how: { readonly rotation: Required<LogRotation>; readonly requestMs: number; readonly linesPerSecond: number },
  ) {
    this.#clock = clock;
    this.#start = clock.now();
    this.#rotation = how.rotation;
    this.#requestMs = how.requestMs;
    this.#linesPerMs = how.linesPerSecond / 1000;
    this.#lineBytes = this.#line(0).length;
  }

  /** Lines that were written until now. */
  get written(): number {
    return Math.floor((this.#clock.now() - this.#start) * this.#linesPerMs);
  }

  async list(_folder: string, signal: AbortSignal): Promise<readonly string[]> {
    await this.#request(signal);
    return this.#files.map(({ name }) => name).sort();
  }

  async read(path: string, from: number, signal: AbortSignal): Promise<FileRead> {
    await this.#request(signal);
    const name = path.slice(path.lastIndexOf('/') + 1);
    const file = this.#files.find((one) => one.name === name);
    if (file === undefined) return { type: 'missing' };
    const size = ((file.end ?? this.written) - file.first) * this.#lineBytes;
    if (from < 0) return { type: 'bytes', from: size + from, body: bodyOf([uint32(size)]) };
    if (from >= size) return { type: 'beyond', size };
    return { type: 'bytes', from, body: bodyOf(this.#bytes(file.first, from, size)) };
  }

  async #request(signal: AbortSignal): Promise<void> {
    this.inFlight += 1;
    this.most = Math.max(this.most, this.inFlight);
    await this.#clock.sleep(this.#requestMs, signal);
    this.inFlight -= 1;
    this.#rotate();
  }

  /** What the kubelet did since the last request. */
  #rotate(): void {
    const { intervalMs, maxBytes, maxFiles } = this.#rotation;
    for (; this.#start + (this.#looks + 1) * intervalMs <= this.#clock.now(); this.#looks += 1) {
      const at = this.#start + (this.#looks + 1) * intervalMs;
      const end = Math.floor((at - this.#start) * this.#linesPerMs);
      const live = this.#files.at(-1);
      if (live === undefined || (end - live.first) * this.#lineBytes < maxBytes) continue;
      this.#files.splice(0, Math.max(0, this.#files.length - 1 - (maxFiles - 2)));
      for (const file of this.#files) if (file !== live && !file.name.endsWith('.gz')) file.name = `${file.name}.gz`;
      live.name = `0.log.20261125-${String(this.#looks).padStart(6, '0')}`;
      live.end = end;
      this.#files.push({ name: '0.log', first: end, end: undefined });
      this.rotations += 1;
    }
  }

  *#bytes(first: number, from: number, size: number): Generator<Buffer> {
    for (let at = from; at < size; ) {
      const line = Math.floor(at / this.#lineBytes);
      const lines = Array.from({ length: CHUNK_LINES }, (_, index) => this.#line(first + line + index)).join('');
      const skipped = at - line * this.#lineBytes;
      yield Buffer.from(lines, 'latin1').subarray(skipped, Math.min(skipped + size - at, lines.length));
      at = (line + CHUNK_LINES) * this.#lineBytes;
    }
  }

  #line(number: number): string {
    const ms = Math.floor(number / this.#linesPerMs);
    if (ms !== this.#lastMs) this.#lastTime = timestampOf(this.#start + ms);
    this.#lastMs = ms;
    return `${this.#lastTime} stdout F ${String(number).padStart(9, '0')} ${'x'.repeat(20)}\n`;
  }
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function bodyOf(chunks: Iterable<Buffer>) {
  async function* body() {
    yield* chunks;
  }
  return Object.assign(body(), { [Symbol.asyncDispose]: async () => undefined });
}
