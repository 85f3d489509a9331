import type { Clock } from '../model/time.ts';

export interface BackoffOptions {
  readonly firstMs: number;
  readonly maxMs: number;
  /** A number in [0, 1); injected so that a simulation repeats. */
  readonly random: () => number;
}

/**
 * Waits that double up to a bound, each with full jitter in its upper half, so that many watchers that failed together
 * do not come back together.
 */
export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** Milliseconds to wait before the next attempt: at least what the server asked for, which it asks of all alike. */
  next(atLeastMs = 0): number {
    const { firstMs, maxMs, random } = this.#options;
    const ceiling = Math.min(maxMs, firstMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    return Math.max(atLeastMs, ceiling / 2) + (random() * ceiling) / 2;
  }

  async wait(clock: Clock, signal: AbortSignal, atLeastMs = 0): Promise<void> {
    await clock.sleep(this.next(atLeastMs), signal);
  }

  reset(): void {
    this.#failures = 0;
  }
}
