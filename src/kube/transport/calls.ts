/** The calls that are in flight on a channel, or about to be. A channel that is retired closes behind the last of them. */
export class Calls {
  readonly #close: () => void;
  #count = 0;
  #isRetired = false;

  constructor(close: () => void) {
    this.#close = close;
  }

  /** No new ones are taken. */
  get isRetired(): boolean {
    return this.#isRetired;
  }

  get isIdle(): boolean {
    return this.#count === 0;
  }

  /** Takes the room of one, where there are fewer than `most`; it is to be given back by `release`. */
  reserve(most = Number.POSITIVE_INFINITY): boolean {
    if (this.#isRetired || this.#count >= most) return false;
    this.#count += 1;
    return true;
  }

  release(): void {
    this.#count -= 1;
    if (this.#isRetired && this.isIdle) this.#close();
  }

  retire(): void {
    this.#isRetired = true;
    if (this.isIdle) this.#close();
  }

  /** The channel is closed: nothing is waited for. */
  end(): void {
    this.#isRetired = true;
  }
}
