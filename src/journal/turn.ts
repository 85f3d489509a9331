/** Something that happens again and again, for those who wait until it does so the next time. */
export class Turn {
  #next = Promise.withResolvers<void>();

  pass(): void {
    this.#next.resolve();
    this.#next = Promise.withResolvers();
  }

  /** Resolves when it happens; rejects with the signal's reason when that aborts first. */
  next(signal: AbortSignal): Promise<void> {
    const { promise } = this.#next;
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const abort = () => reject(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      void promise.then(() => {
        signal.removeEventListener('abort', abort);
        resolve();
      });
    });
  }
}
