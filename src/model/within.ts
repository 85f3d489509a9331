import type { Clock } from './time.ts';

/**
 * What `work` comes to; undefined after so many milliseconds at the latest, or when the signal aborts. The signal that the
 * work is given aborts as soon as nobody waits for it any more.
 */
export async function within<T>(
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
  { clock, signal }: { readonly clock: Pick<Clock, 'sleep'>; readonly signal: AbortSignal },
): Promise<T | undefined> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const enough = clock.sleep(ms, either).then(
    () => undefined,
    () => undefined, // rejected only by the end
  );
  try {
    return await Promise.race([work(either), enough]);
  } finally {
    over.abort();
  }
}
