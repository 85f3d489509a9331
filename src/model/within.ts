import { Branch } from './branch.ts';
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
  using wait = new Branch(signal);
  const enough = clock.sleep(ms, wait.signal).then(
    () => undefined,
    () => undefined, // rejected only by the end
  );
  return await Promise.race([work(wait.signal), enough]);
}
