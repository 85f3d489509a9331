/** Of a journal with a greatest size, this part is kept from log lines, for states, Events and the end. */
const KEPT_FROM_LOGS = 0.2;
const KEPT_FROM_STATES = 0.05;
/** A log may take as many times the room that is left. Alone it comes to four fifths of it, two come to four ninths each. */
const TIMES_OF_WHAT_IS_LEFT = 4;

/**
 * So much of a journal is written as it is: to compress it would spare the disk a few MiB, and cost most of the time that
 * a record takes on its way, and again when the story is made. What is larger than that, or limited, is compressed.
 */
const PLAIN_BYTES = 8 * 1024 * 1024;

export interface RoomOptions {
  readonly maxBytes?: number | undefined;
  readonly taken?: number;
  readonly plainBytes?: number | undefined;
}

/**
 * What a journal still has room for, where its size is limited. Log lines give way before states, and of the logs the one
 * that takes most: a container's log stops for good once it takes more than four times the room that is left for logs.
 * (Switches share their buffers so.) The busiest are the first to reach that, and what they leave is for the quiet ones.
 */
export class Room {
  readonly #maxBytes: number;
  readonly #plainBytes: number;
  readonly #logs = new Map<string, number>();
  readonly #stopped = new Set<string>();
  #taken: number;
  #isFull = false;

  /** In bytes: the greatest size, what is taken of it already, and how much is written before any of it is compressed. */
  constructor({ maxBytes, taken = 0, plainBytes = PLAIN_BYTES }: RoomOptions) {
    this.#maxBytes = maxBytes ?? Number.POSITIVE_INFINITY;
    this.#plainBytes = maxBytes === undefined ? plainBytes : 0;
    this.#taken = taken;
  }

  /** There is little yet: it is not worth while to make it less. */
  get isAmple(): boolean {
    return this.#taken < this.#plainBytes;
  }

  /** Nothing but gaps and ends is taken any more. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** How many logs have stopped. */
  get stopped(): number {
    return this.#stopped.size;
  }

  hasStopped(log: string): boolean {
    return this.#stopped.has(log);
  }

  /** Whether so many bytes more of a container's log, or of all states and Events, are taken; once not, never again. */
  takes(bytes: number, log: string | undefined): boolean {
    if (log === undefined) {
      this.#isFull ||= this.#taken + bytes > this.#maxBytes * (1 - KEPT_FROM_STATES);
      return !this.#isFull;
    }
    const own = (this.#logs.get(log) ?? 0) + bytes;
    const left = this.#maxBytes * (1 - KEPT_FROM_LOGS) - this.#taken - bytes;
    if (this.#stopped.has(log) || own > TIMES_OF_WHAT_IS_LEFT * left) this.#stopped.add(log);
    else this.#logs.set(log, own);
    return !this.#stopped.has(log);
  }

  /** So many bytes go to the journal, of whatever kind. */
  add(bytes: number): void {
    this.#taken += bytes;
  }
}
