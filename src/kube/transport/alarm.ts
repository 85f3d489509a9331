/**
 * Rings once after `ms` milliseconds, unless it is turned off before. It measures a real network, so it goes by the
 * machine's timers and not by the injected clock; it keeps no program alive. (`AbortSignal.timeout` cannot be turned off: it
 * makes an error with its stack at its end for whoever has left, and takes five times as long to make.)
 */
export class Alarm {
  readonly #timer: NodeJS.Timeout;

  constructor(ms: number, ring: () => void) {
    this.#timer = setTimeout(ring, ms).unref();
  }

  off(): void {
    clearTimeout(this.#timer);
  }
}
