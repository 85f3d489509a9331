/**
 * Notices when nothing was heard for `ms` (or, as it looks only once in that time, for up to twice as long). It measures
 * a real network, so it goes by the machine's timers and not by the injected clock.
 */
export class Silence {
  readonly #ms: number;
  readonly #onSilence: () => void;
  #timeout: AbortSignal;
  #wasHeard = false;

  constructor(ms: number, onSilence: () => void) {
    this.#ms = ms;
    this.#onSilence = onSilence;
    this.#timeout = this.#listen();
  }

  heard(): void {
    this.#wasHeard = true;
  }

  /** A time limit that nobody listens to is not kept until it is over. */
  end(): void {
    this.#timeout.removeEventListener('abort', this.#check);
  }

  #listen(): AbortSignal {
    this.#wasHeard = false;
    const timeout = AbortSignal.timeout(this.#ms);
    timeout.addEventListener('abort', this.#check, { once: true });
    return timeout;
  }

  readonly #check = (): void => {
    if (this.#wasHeard) this.#timeout = this.#listen();
    else this.#onSilence();
  };
}
