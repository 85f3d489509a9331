import type { StoryContainer } from '../../../story/document.ts';

/**
 * Which log lines a report of limited size keeps: of each container run its share, the first and the last of it, as a
 * crash tells its cause at the end and a start its settings at the beginning.
 */
export class LineQuota {
  readonly #runs: { readonly lines: number; readonly head: number; readonly tail: number; seen: number }[];

  /** The ledger of each run tells beforehand how many lines it has. */
  constructor(containers: readonly StoryContainer[], most: { readonly lines: number; readonly bytes: number }) {
    const total = (what: 'lines' | 'bytes') => containers.reduce((sum, { ledger }) => sum + ledger[what], 0);
    const share = Math.min(1, most.lines / total('lines'), most.bytes / total('bytes'));
    this.#runs = containers.map(({ ledger: { lines } }) => {
      if (!(share < 1)) return { lines, head: Number.POSITIVE_INFINITY, tail: 0, seen: 0 };
      const kept = Math.floor(lines * share);
      return { lines, head: Math.floor(kept / 4), tail: kept - Math.floor(kept / 4), seen: 0 };
    });
  }

  /** Whether the next line of this run is kept; to be asked once for each. */
  keeps(container: number): boolean {
    const run = this.#runs[container];
    if (run === undefined) return true;
    const index = run.seen++;
    return index < run.head || index >= run.lines - run.tail;
  }

  omitted(): { container: number; lines: number }[] {
    return this.#runs.flatMap(({ seen, head, tail }, container) => {
      const lines = Math.max(0, seen - head - tail);
      return lines > 0 ? [{ container, lines }] : [];
    });
  }
}
