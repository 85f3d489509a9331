import { ApiError } from '../kube/error.ts';

export const FIRST_RETRY_MS = 200;
const MAX_RETRY_MS = 10_000;

/** How often a log was asked for again in vain since it brought anything, and how long to wait before the next time. */
export class Retries {
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Counts one more, and gives its delay in milliseconds, which the server may have asked for. */
  nextMs(error?: Error): number {
    const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
    const delay = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#count);
    this.#count += 1;
    return Math.max(asked, delay);
  }

  /** Counts one that need not wait, where it is the first; whether it is. */
  takeFirst(): boolean {
    if (this.#count > 0) return false;
    this.#count = 1;
    return true;
  }

  /** It brought something: what comes to nothing is counted anew. */
  progressed(): void {
    this.#count = 0;
  }

  /** What it brought since there were so many was no progress. */
  backTo(count: number): void {
    this.#count = count;
  }
}
