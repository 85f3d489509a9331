import { ApiError } from '../kube/error.ts';

export const FIRST_RETRY_MS = 200;
const MAX_RETRY_MS = 10_000;

/** How often a log was asked for again in vain, and how long to wait before the next time. */
export class Retries {
  count = 0;

  /** Counts one more, and gives its delay in milliseconds, which the server may have asked for. */
  nextMs(error?: Error): number {
    const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
    return Math.max(asked, Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** this.count++));
  }
}
