/**
 * Notices when nothing was heard for `ms` (or, as it looks only once in that time, for up to twice as long). It measures
 * a real network, so it goes by the machine's timers and not by the injected clock.
 */
export class Silence {
  readonly #ms: number;
  readonly #onSilence: () => void;
  #wasHeard = false;
  #isOver = false;

  constructor(ms: number, onSilence: () => void) {
    this.#ms = ms;
    this.#onSilence = onSilence;
    this.#listen();
  }

  heard(): void {
    this.#wasHeard = true;
  }

  end(): void {
    this.#isOver = true;
  }

  #listen(): void {
    this.#wasHeard = false;
    AbortSignal.timeout(this.#ms).addEventListener('abort', () => this.#check(), { once: true });
  }

  #check(): void {
    if (this.#isOver) return;
    if (this.#wasHeard) this.#listen();
    else this.#onSilence();
  }
}
