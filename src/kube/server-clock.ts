/** By how much one clock is ahead of another (negative: behind), in milliseconds, as far as it is known. */
export interface ClockSkew {
  readonly least: number;
  readonly most: number;
}

/** The same of a clock that is `ms` ahead of this machine's. */
export function aheadOf(skew: ClockSkew | undefined, ms: number): ClockSkew | undefined {
  return skew && { least: skew.least + ms, most: skew.most + ms };
}

/** A date of an answer has whole seconds, rounded down. */
const DATE_MS = 1000;

/**
 * By how much this machine's clock is ahead of the server's, as the `Date` of its answers tells: it was written at some
 * moment between the request and the answer's arrival, and each answer narrows that down. How late a state comes says
 * nothing of clocks, for the way to the server may have been gone meanwhile.
 */
export class ServerClock {
  #skew: ClockSkew | undefined;

  /** undefined until an answer told a date. */
  get skew(): ClockSkew | undefined {
    return this.#skew;
  }

  /** Takes in the `Date` of an answer; the times are this machine's. */
  heard(date: string | undefined, { sentAt, heardAt }: { readonly sentAt: number; readonly heardAt: number }): void {
    const told = Date.parse(date ?? '');
    if (Number.isNaN(told)) return;
    const answer = { least: sentAt - told - DATE_MS, most: heardAt - told };
    const least = Math.max(answer.least, this.#skew?.least ?? answer.least);
    const most = Math.min(answer.most, this.#skew?.most ?? answer.most);
    // Where they contradict each other, one of the clocks was set, or another server has answered.
    this.#skew = least <= most ? { least, most } : answer;
  }
}
