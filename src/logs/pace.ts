import type { LogRotation } from '../kube/node-settings.ts';
import { BUSY_LINES } from './stream-tail.ts';

/** Below this many lines a second, over some readings in a row, a log is quiet again. */
const QUIET_LINES = 20;
const QUIET_READINGS = 5;
/** A first reading of as many lines may be of a busy log; the next one tells. */
const FIRST_LINES = 1000;
const READ_MS = 1000;
/** A busy log is read as soon as it should have so many new lines, which make a request pay, or after this time. */
const LINES_A_READING = 200;
const MAX_READ_MS = 4000;
const IDLE_MS = 5000;
/** A recorder's busy logs are read together, once in this time: what one wakes is awake for the others, and one write takes all to the disk. */
const BEAT_MS = 1000;
const URGENT_MS = 150;
const FIRST_RETRY_MS = 200;
const FIRST_STREAM_MS = 500;
const MAX_STREAM_MS = 30_000;
/** What the stream brought is proven by the file at least so often. */
const PROOF_MS = 60_000;

/** The kubelet's defaults, where its settings are not known. */
const DEFAULT_FILES = 5;
const DEFAULT_INTERVAL_MS = 10_000;
/** A reading begins again within this share of the time for which what is written stays in some file. */
const SHARE = 0.25;

/** How often one log's files are read, and whether a stream beside them pays; pure. */
export class Pace {
  readonly #rotation: () => LogRotation;
  /** Some beat of those that the recorder's logs share; each recorder has its own. */
  readonly #beat: number;
  /** When the last reading began. */
  #readAt: number;
  /** What the last reading took, with its wait for its turn. */
  #readingMs = 0;
  #isFirst = true;
  #isBusy = false;
  #quietReadings = 0;
  #idleMs = READ_MS;
  #busyMs = READ_MS;
  #failures = 0;
  #streamAt = Number.NEGATIVE_INFINITY;
  #streamMs = FIRST_STREAM_MS;
  readonly proofMs = PROOF_MS;

  /**
   * @param rotation how the log's files are rotated, as far as it is known
   * @param beat when the recorder began, or any other moment that all of its logs share
   */
  constructor(now: number, rotation: () => LogRotation, beat = now) {
    this.#rotation = rotation;
    this.#beat = beat;
    this.#readAt = now;
  }

  /** Readings that failed in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** Takes in a reading that began at `since`: how many lines the files gave that the stream had not. */
  took(lines: number, { since, now }: { readonly since: number; readonly now: number }): void {
    this.#readingMs = now - since;
    const rate = (lines / Math.max(500, now - this.#readAt)) * 1000;
    const isBusy = this.#isFirst ? lines > FIRST_LINES : rate > BUSY_LINES;
    this.#readAt = since; // what was written from then on may have come too late for it
    this.#isFirst = false;
    this.#idleMs = lines > 0 ? READ_MS : Math.min(IDLE_MS, this.#idleMs * 1.5);
    this.#busyMs = Math.min(MAX_READ_MS, Math.max(READ_MS, (LINES_A_READING / rate) * 1000));
    this.#quietReadings = rate < QUIET_LINES ? this.#quietReadings + 1 : 0;
    if (isBusy) this.becameBusy();
    else if (this.#quietReadings >= QUIET_READINGS) this.#isBusy = false;
  }

  becameBusy(): void {
    this.#isBusy = true;
    this.#quietReadings = 0;
  }

  /** Milliseconds until the next reading, where no stream brings news before. */
  next(how: {
    readonly failed: boolean;
    readonly isEnding: boolean;
    readonly isUrgent: boolean;
    readonly now: number;
  }): {
    readonly isBusy: boolean;
    readonly ms: number;
  } {
    this.#failures = how.failed ? this.#failures + 1 : 0;
    const isBusy = this.#isBusy;
    if (how.isUrgent) return { isBusy, ms: URGENT_MS };
    if (how.failed) return { isBusy, ms: Math.min(IDLE_MS, FIRST_RETRY_MS * 2 ** this.#failures) };
    const ms = how.isEnding ? READ_MS : isBusy ? this.#nearestBeat(how.now + this.#busyMs) - how.now : this.#idleMs;
    return { isBusy, ms: Math.min(this.#mostMs, ms) };
  }

  #nearestBeat(time: number): number {
    return this.#beat + Math.round((time - this.#beat) / BEAT_MS) * BEAT_MS;
  }

  /** However fast the log grows, no file comes and goes between two readings while its node can be reached. */
  get #mostMs(): number {
    const { maxFiles = DEFAULT_FILES, intervalMs = DEFAULT_INTERVAL_MS } = this.#rotation();
    return Math.max(0, SHARE * (maxFiles - 1) * intervalMs - this.#readingMs);
  }

  /** Streams that do not last from one reading to the next are opened less and less often. */
  mayOpenStream(now: number): boolean {
    if (now - this.#streamAt < this.#streamMs) return false;
    const isSoon = now - this.#streamAt < 2 * this.#streamMs + IDLE_MS;
    this.#streamMs = isSoon ? Math.min(MAX_STREAM_MS, 2 * this.#streamMs) : FIRST_STREAM_MS;
    this.#streamAt = now;
    return true;
  }
}
