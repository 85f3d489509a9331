import type { KubeObject } from '../model/resource.ts';
import { type Timestamp, timestampOf } from '../model/time.ts';
import { writtenMs } from '../model/written.ts';

/** The server's own times have whole seconds: what is not older than that may have come at once. */
const WHOLE_MS = 1000;

/**
 * Until when a watch is known to have missed nothing, by the recorder's clock. A watch may lag behind: what it brings
 * is not newer than the state itself says. Noted with every change, asked for with few.
 */
export class LastHeard {
  #time: Timestamp | undefined;
  #ms: number;
  /** By how much, in milliseconds, the newest state came late. */
  #lag = 0;
  /** The least time from a state's own to its arrival; below zero where the recorder's clock is behind the server's. */
  #least = 0;
  readonly #ahead: () => number | undefined;

  /**
   * `ahead`: by how many milliseconds the recorder's clock is ahead of the server's, at least. Where nobody knows, the
   * state that came soonest is taken for one that came at once; of a watch that lags from its beginning that is wrong.
   */
  constructor(time: Timestamp, ahead: () => number | undefined = () => undefined) {
    this.#time = time;
    this.#ms = Date.parse(time);
    this.#ahead = ahead;
  }

  get time(): Timestamp {
    this.#time ??= timestampOf(this.#ms);
    return this.#time;
  }

  /** Whether what comes is of earlier. */
  get isLate(): boolean {
    return this.#lag > 0;
  }

  /** A list shows all that there was when it was asked for, at `ms`. */
  listed(ms: number): void {
    this.#lag = 0;
    this.#set(ms);
  }

  /** A state came. */
  brought({ metadata }: KubeObject, now: number, { isDeleted = false } = {}): void {
    const written = writtenMs(metadata);
    const lag = written === undefined ? 0 : this.#lagOf(now - written);
    // A deletion writes no time, nor does what came without its writers: such a state is older than what it tells.
    if (!isDeleted && metadata.managedFields !== undefined) this.#lag = lag;
    this.#advance(now - lag);
  }

  #lagOf(late: number): number {
    this.#least = Math.min(this.#least, late);
    const lag = late - (this.#ahead() ?? this.#least);
    return lag < WHOLE_MS ? 0 : lag;
  }

  /** A sign of life without a time of its own came. */
  stood(now: number): void {
    this.#advance(now - this.#lag);
  }

  /** What was heard in order stays heard. */
  #advance(ms: number): void {
    if (ms > this.#ms) this.#set(ms);
  }

  #set(ms: number): void {
    this.#ms = ms;
    this.#time = undefined;
  }
}
