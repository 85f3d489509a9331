import type { ClockSkew } from '../kube/server-clock.ts';

export interface ClockCheckOptions {
  /** By how much the recorder's times are ahead of the server's. */
  readonly skew: () => ClockSkew | undefined;
  readonly note: (text: string) => void;
}

/** Clocks that differ by less are taken for right. */
const MATTERS_MS = 1000;

/** Says in a note that the recorder's clock and the server's differ; and again where one of them was set since. */
export class ClockCheck {
  readonly #options: ClockCheckOptions;
  #toldMs = 0;

  constructor(options: ClockCheckOptions) {
    this.#options = options;
  }

  look(): void {
    const skew = this.#options.skew();
    if (skew === undefined) return;
    const { least, most } = skew;
    if (least < this.#toldMs + MATTERS_MS && most > this.#toldMs - MATTERS_MS) return;
    this.#toldMs = (least + most) / 2;
    const seconds = (Math.abs(this.#toldMs) / 1000).toFixed(1);
    const how = this.#toldMs > 0 ? 'ahead of' : 'behind';
    this.#options.note(
      `the clock of the recording machine is about ${seconds} s ${how} the server's; times are as they were told`,
    );
  }
}
