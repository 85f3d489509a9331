import type { Clock } from './time.ts';

/** A reason of its own: without one, an abort makes an error with its stack, which takes longer than all else here. */
const NOBODY_WAITS = 'nobody waits for it any more';

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
  // `AbortSignal.any` leaves something with a long-lived signal for each call, until garbage is collected.
  const abort = () => over.abort(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  const enough = clock.sleep(ms, over.signal).then(
    () => undefined,
    () => undefined, // rejected only by the end
  );
  try {
    return await Promise.race([work(over.signal), enough]);
  } finally {
    signal.removeEventListener('abort', abort);
    over.abort(NOBODY_WAITS);
  }
}
