import { millisecondsOf, type Timestamp, timestampOf } from '../model/time.ts';

/** The time on a log's node, as far as its lines tell: none comes before it was written. */
export class NodeTime {
  #lagMs: number | undefined;

  /** Takes in the newest time among lines that have come by `now`, in milliseconds of the recorder's clock. */
  heard(line: Timestamp, now: number): void {
    const lag = now - millisecondsOf(line);
    this.#lagMs = Math.min(this.#lagMs ?? lag, lag);
  }

  /** What the node's clock showed at the least at a moment of the recorder's; the same where nothing was heard. */
  atLeast(now: number): Timestamp {
    return timestampOf(now - (this.#lagMs ?? 0));
  }
}
