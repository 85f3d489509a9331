import { type Clock, parseTimestamp, type Timestamp, timestampOf } from '../model/time.ts';

interface LogLine {
  readonly time: Timestamp;
  readonly text: Buffer;
}

/** The log of one container instance, as the kubelet would keep it. */
export class SimulatedLog {
  readonly #clock: Clock;
  readonly #lines: LogLine[] = [];
  #isEnded = false;
  #waiters: (() => void)[] = [];
  #last = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  get length(): number {
    return this.#lines.length;
  }

  write(text: string | Buffer): void {
    // Two lines of one writer never have the same nanosecond.
    this.#last = Math.max(this.#clock.now(), this.#last + 0.001);
    this.#lines.push({ time: timestampOf(this.#last), text: Buffer.from(text) });
    this.#wake();
  }

  /** The container has terminated: who follows comes to the end. */
  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  /** Drops the first lines, as a rotation of the file does. */
  rotate(lines: number): void {
    this.#lines.splice(0, lines);
  }

  /** Index of the first line to serve. */
  startOf(options: { readonly sinceTime?: string | undefined; readonly tailLines?: number | undefined }): number {
    const { sinceTime, tailLines } = options;
    if (tailLines !== undefined) return Math.max(0, this.#lines.length - tailLines);
    const since = sinceTime === undefined ? undefined : parseTimestamp(sinceTime);
    if (since === undefined) return 0;
    const second = since.slice(0, 19); // the API server cuts it to whole seconds
    const at = this.#lines.findIndex(({ time }) => time.slice(0, 19) >= second);
    return at === -1 ? this.#lines.length : at;
  }

  /** The lines from an index on, each `TIME TEXT\n`. */
  bytesFrom(index: number): Buffer {
    return Buffer.concat(
      this.#lines.slice(index).flatMap(({ time, text }) => [Buffer.from(`${time} `), text, NEWLINE]),
    );
  }

  changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted || this.#isEnded) return resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
      this.#waiters.push(resolve);
    });
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}

const NEWLINE = Buffer.from('\n');
