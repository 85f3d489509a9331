import type { Clock } from '../model/time.ts';

/**
 * When a stream came to its end, which is known only of one that is being read: while something else is waited for, as the
 * disk, it may end unnoticed.
 */
export class Hearing {
  readonly #clock: Pick<Clock, 'now'>;
  #asked: number;
  /** Since when it may have ended unnoticed; cleared where what came was waited for. */
  #unheardSince: number | undefined;

  /** The stream is read from now on. */
  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
    this.#asked = clock.now();
  }

  /** Something came, or the end: what was waited for comes just then; what came at once may have waited itself. Gives the time. */
  heard(): number {
    const now = this.#clock.now();
    if (now > this.#asked) this.#unheardSince = undefined;
    return now;
  }

  /** The stream is read again, after something else was waited for since a time. */
  goesOn(since: number): void {
    this.#asked = this.#clock.now();
    if (this.#asked > since) this.#unheardSince ??= since;
  }

  /** The time of an end that was heard, at the least. */
  get endedAt(): number {
    return this.#unheardSince ?? this.#clock.now();
  }
}
