import { Slots } from '../model/slots.ts';
import type { Clock } from '../model/time.ts';

/** What many do in their own time is done by one after the other, and so far apart. */
export class Turns {
  readonly #apartMs: number;
  readonly #clock: Pick<Clock, 'sleep'>;
  readonly #signal: AbortSignal;
  readonly #slot = new Slots(1);

  /** @param signal ends what is waited for between two turns */
  constructor(apartMs: number, clock: Pick<Clock, 'sleep'>, signal: AbortSignal) {
    this.#apartMs = apartMs;
    this.#clock = clock;
    this.#signal = signal;
  }

  /** Resolves when the turn has come; rejects when the signal aborts, and leaves it to the next. */
  async next(signal: AbortSignal): Promise<void> {
    const slot = await this.#slot.acquire(signal);
    const free = () => slot[Symbol.dispose]();
    void this.#clock.sleep(this.#apartMs, this.#signal).then(free, free);
  }
}
