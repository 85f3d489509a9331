import { type EventEmitter, once } from 'node:events';

/** Resolves at the event; rejects at the emitter's error, at its close, or when the signal aborts first. */
export async function eventOf(emitter: EventEmitter, event: string, signal: AbortSignal): Promise<readonly unknown[]> {
  const decided = new AbortController();
  const either = { signal: AbortSignal.any([signal, decided.signal]) };
  const closed = async (): Promise<never> => {
    await once(emitter, 'close', either);
    throw new Error('the connection was closed');
  };
  try {
    return await Promise.race([once(emitter, event, either), closed()]);
  } finally {
    decided.abort();
  }
}
