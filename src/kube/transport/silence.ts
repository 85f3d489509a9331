/**
 * Notices when nothing was heard for `ms` (or, as it looks only once in that time, for up to twice as long). It measures
 * a real network, so it goes by the machine's timers and not by the injected clock; it keeps no program alive.
 */
export class Silence {
  readonly #ms: number;
  readonly #onSilence: () => void;
  #timer: NodeJS.Timeout;
  #wasHeard = false;

  constructor(ms: number, onSilence: () => void) {
    this.#ms = ms;
    this.#onSilence = onSilence;
    this.#timer = this.#listen();
  }

  heard(): void {
    this.#wasHeard = true;
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #listen(): NodeJS.Timeout {
    this.#wasHeard = false;
    return setTimeout(() => this.#look(), this.#ms).unref();
  }

  #look(): void {
    if (this.#wasHeard) this.#timer = this.#listen();
    else this.#onSilence();
  }
}
