interface Running<T> {
  readonly result: Promise<T>;
  readonly abort: AbortController;
  waiting: number;
}

/**
 * One run at a time for all who ask: whoever comes while it runs gets its result. The run is aborted when the last
 * one who waits for it has gone, and the next begins only after it has ended: a plugin that asks on the terminal must
 * never be there twice.
 */
export class SharedTask<T> {
  readonly #task: (signal: AbortSignal) => Promise<T>;
  #running: Running<T> | undefined;
  /** Settles, always well, when no run is alive. */
  #idle: Promise<unknown> = Promise.resolve();

  constructor(task: (signal: AbortSignal) => Promise<T>) {
    this.#task = task;
  }

  /** Resolves with the run's result; rejects with the signal's reason as soon as it aborts. */
  async join(signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    this.#running ??= this.#start();
    const running = this.#running;
    running.waiting += 1;
    try {
      return await orAborted(running.result, signal);
    } finally {
      running.waiting -= 1;
      if (running.waiting === 0) this.#leave(running, signal);
    }
  }

  #start(): Running<T> {
    const abort = new AbortController();
    const result = this.#idle.then(() => {
      abort.signal.throwIfAborted(); // Everyone may have left while the run before was still ending.
      return this.#task(abort.signal);
    });
    const running = { result, abort, waiting: 0 };
    this.#idle = result.then(
      () => this.#forget(running),
      () => this.#forget(running),
    );
    return running;
  }

  #leave(running: Running<T>, signal: AbortSignal): void {
    if (this.#running !== running) return;
    running.abort.abort(signal.reason);
    this.#running = undefined;
  }

  #forget(running: Running<T>): void {
    if (this.#running === running) this.#running = undefined;
  }
}

async function orAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([result, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
