import type { Clock } from '../model/time.ts';

/** Thrown into the consumer of a stream that was silent for too long. */
export class IdleError extends Error {}

/**
 * Passes a stream on and ends it with IdleError when nothing came for `idleMs`: a watch gets a bookmark about every
 * minute, so a long silence is a dead connection, not a quiet cluster. `abort` must end `source`.
 * One sleeper watches the time of the last item; the items themselves cost nothing.
 */
export async function* endWhenIdle<T>(
  source: AsyncIterable<T>,
  options: { readonly idleMs: number; readonly clock: Clock; readonly abort: AbortController },
): AsyncGenerator<T> {
  const { idleMs, clock, abort } = options;
  let lastItem = clock.now();
  const done = new AbortController();
  const watchdog = (async () => {
    for (let rest = idleMs; rest > 0; rest = lastItem + idleMs - clock.now()) await clock.sleep(rest, done.signal);
    abort.abort(new IdleError(`nothing came for ${Math.round(idleMs / 1000)} s`));
  })().catch(() => undefined); // only ever rejected by `done`
  try {
    for await (const item of source) {
      lastItem = clock.now();
      yield item;
    }
  } finally {
    done.abort(OVER);
    await watchdog;
  }
}

/** One for all watches: an abort without a reason makes an error with a stack trace each time. */
const OVER = new Error('the stream is over');
