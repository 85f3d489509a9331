/** A bound on how many of something happen at once; those beyond it wait in order, the urgent ones in front. */
export class Slots {
  #free: number;
  readonly #waiting: { readonly turn: () => void; readonly isUrgent: () => boolean }[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves when a slot is free; dispose what it returns. `isUrgent` is asked whenever one becomes free. */
  async acquire(signal: AbortSignal, isUrgent = () => false): Promise<Disposable> {
    const free = this.tryAcquire();
    if (free !== undefined) return free;
    await this.#wait(isUrgent, signal);
    return this.#slot();
  }

  /** A slot, if one is free now. */
  tryAcquire(): Disposable | undefined {
    if (this.#free === 0) return undefined;
    this.#free -= 1;
    return this.#slot();
  }

  #slot(): Disposable {
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (isHeld) this.#release();
        isHeld = false;
      },
    };
  }

  #wait(isUrgent: () => boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const onAbort = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(signal.reason);
      };
      const turn = () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const waiting = { turn, isUrgent };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(waiting);
    });
  }

  #release(): void {
    const urgent = this.#waiting.findIndex(({ isUrgent }) => isUrgent());
    const [next] = this.#waiting.splice(Math.max(0, urgent), 1);
    if (next === undefined) this.#free += 1;
    else next.turn();
  }
}
