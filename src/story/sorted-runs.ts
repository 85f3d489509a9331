/**
 * Sorts what consists of runs that are in order already, as the lines of many logs do that stand one log after the other:
 * by merging two runs at a time. Equal ones keep their order. Its memory is used again.
 */
export class RunSorter {
  #sorted = new Uint32Array(0);
  #other = new Uint32Array(0);

  /** The numbers from 0 to `count`, in the order of their times, and of `isBefore` at one; valid until the next call. */
  sort(count: number, times: Float64Array, isBefore: (a: number, b: number) => boolean): Uint32Array {
    if (this.#sorted.length < count) {
      this.#sorted = new Uint32Array(count);
      this.#other = new Uint32Array(count);
    }
    let runs: number[] = [];
    for (let index = 0; index < count; index += 1) {
      this.#sorted[index] = index;
      const [time = 0, before = 0] = [times[index], times[index - 1]];
      const isRun = index > 0 && (before < time || (before === time && !isBefore(index, index - 1)));
      if (!isRun) runs.push(index);
    }
    while (runs.length > 1) {
      runs.push(count);
      runs = this.#mergePairs(runs, times, isBefore);
    }
    return this.#sorted.subarray(0, count);
  }

  /** Merges each run with the next one; takes and gives where runs begin, takes where the last one ends, too. */
  #mergePairs(bounds: readonly number[], times: Float64Array, isBefore: (a: number, b: number) => boolean): number[] {
    const [from, to] = [this.#sorted, this.#other];
    const runs: number[] = [];
    for (let run = 0; run + 1 < bounds.length; run += 2) {
      const [start = 0, middle = 0] = [bounds[run], bounds[run + 1]];
      const end = bounds[run + 2] ?? middle;
      runs.push(start);
      let [left, right] = [start, middle];
      for (let at = start; at < end; at += 1) {
        let takesRight = left === middle;
        if (!takesRight && right < end) {
          const a = from[left] ?? 0;
          const b = from[right] ?? 0;
          const timeA = times[a] ?? 0;
          const timeB = times[b] ?? 0;
          takesRight = timeB < timeA || (timeA === timeB && isBefore(b, a));
        }
        to[at] = (takesRight ? from[right++] : from[left++]) ?? 0;
      }
    }
    this.#sorted = to;
    this.#other = from;
    return runs;
  }
}
