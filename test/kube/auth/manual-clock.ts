import type { Clock } from '../../../src/model/time.ts';

/** A clock that stands still until a test moves it; sleeping takes no time. */
export class ManualClock implements Clock {
  #now = Date.parse('2026-11-24T12:00:00Z');

  now(): number {
    return this.#now;
  }

  pass(ms: number): void {
    this.#now += ms;
  }

  async sleep(_ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
  }
}
