import { Alarm } from './alarm.ts';

/** Notices when nothing was heard for `ms` (or, as it looks only once in that time, for up to twice as long). */
export class Silence {
  readonly #ms: number;
  readonly #onSilence: () => void;
  #alarm: Alarm;
  #wasHeard = false;

  constructor(ms: number, onSilence: () => void) {
    this.#ms = ms;
    this.#onSilence = onSilence;
    this.#alarm = this.#listen();
  }

  heard(): void {
    this.#wasHeard = true;
  }

  end(): void {
    this.#alarm.off();
  }

  #listen(): Alarm {
    this.#wasHeard = false;
    return new Alarm(this.#ms, () => this.#look());
  }

  #look(): void {
    if (this.#wasHeard) this.#alarm = this.#listen();
    else this.#onSilence();
  }
}
