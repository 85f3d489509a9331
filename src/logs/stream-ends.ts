import { type Timestamp, wholeSecondOf } from '../model/time.ts';
import type { NodeTime } from './node-time.ts';
import type { OpenLog } from './open-log.ts';

/**
 * What streams that ended by themselves tell of their log's end. One end proves nothing, for the stream may have been cut
 * off on its way: only one that shows nothing new, after the container's end, proves that the one before had come to the
 * end of the log.
 */
export class StreamEnds {
  /** What stood behind the last line's end where a stream ended, until one shows more. */
  #tail: string | undefined;
  /** When the newest one ended that showed lines of the log, in milliseconds. */
  #at: number | undefined;

  /** A stream has ended; whether that proves its log's end, which had come before it was opened where `wasOver`. */
  take(log: OpenLog | undefined, { at, wasOver }: { readonly at: number; readonly wasOver: boolean }): boolean {
    // One that showed no line of it may have been of any run.
    if (log?.goesOn === true || log?.written.first !== undefined) this.#at = at;
    const tail = log?.tail;
    const isSame = log?.isEcho === true && tail === this.#tail;
    this.#tail = tail;
    if (isSame && wasOver) log.endLine();
    return isSame && wasOver;
  }

  /** Whether the newest one ended in a later second than its container did, which is told in whole ones, by the node's clock. */
  isAfter(finished: Timestamp | undefined, nodeTime: NodeTime): boolean {
    if (this.#at === undefined || finished === undefined) return false;
    return wholeSecondOf(nodeTime.atLeast(this.#at)) > wholeSecondOf(finished);
  }

  /** Those that ended were another instance's. */
  forget(): void {
    this.#tail = undefined;
    this.#at = undefined;
  }
}
