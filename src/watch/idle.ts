import { Branch } from '../model/branch.ts';
import type { Clock } from '../model/time.ts';

/** Thrown into the consumer of a stream that was silent for too long. */
export class IdleError extends Error {}

/**
 * Passes a stream on and ends it with IdleError when nothing came for `idleMs`: a watch gets a bookmark about every
 * minute, so a long silence is a dead connection, not a quiet cluster. The signal that the stream is opened with must end
 * it; it aborts with `signal`, too. One sleeper watches the time of the last item; the items themselves cost nothing.
 */
export async function* endWhenIdle<T>(
  open: (signal: AbortSignal) => AsyncIterable<T>,
  { idleMs, clock, signal }: { readonly idleMs: number; readonly clock: Clock; readonly signal: AbortSignal },
): AsyncGenerator<T> {
  const life = new Branch(signal);
  let lastItem = clock.now();
  const watchdog = (async () => {
    for (let rest = idleMs; rest > 0; rest = lastItem + idleMs - clock.now()) await clock.sleep(rest, life.signal);
    life.abort(new IdleError(`nothing came for ${Math.round(idleMs / 1000)} s`));
  })().catch(() => undefined); // only ever rejected by the end
  try {
    for await (const item of open(life.signal)) {
      lastItem = clock.now();
      yield item;
    }
  } finally {
    life[Symbol.dispose]();
    await watchdog;
  }
}
