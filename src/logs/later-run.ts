import { type Timestamp, wholeSecondOf } from '../model/time.ts';
import { type InstanceView, isAfterEnd } from './life.ts';
import type { LogCursor } from './position.ts';

/** What one opened stream of a container run's log brought. */
export interface Brought {
  /** The time of its first line. */
  readonly first: Timestamp | undefined;
  /** The greatest time among its lines. */
  readonly last: Timestamp | undefined;
  /** It showed the last line that was known before: it is of the same log. */
  readonly goesOn: boolean;
}

/** What is kept of a stream that was opened, for as long as it may prove to be a later run's. */
export interface ReadStream {
  readonly brought: Brought;
  /** What was known when it was opened; undefined where it goes on with the one before, to which it belongs. */
  readonly before: LogCursor | undefined;
  /** It was another instance's log. */
  disown(): void;
}

/**
 * Which of the streams that were opened one after the other is the first that showed a later run's log, as the run's end
 * tells, which was known only afterwards; -1: none. A stream shows the log of one run. Where one of its lines was written
 * after the end of this run, all are of a later one; unless the first of them was written before the second in which it
 * ended, for no later run had begun then.
 */
export function laterRunAt(streams: readonly Brought[], view: Pick<InstanceView, 'finishedAt'>): number {
  let begin = 0;
  for (const [at, { last, goesOn }] of streams.entries()) {
    if (!goesOn) begin = at;
    if (isAfterEnd(last, view) && !isBeforeEnd(streams[begin]?.first, view)) return begin;
  }
  return -1;
}

function isBeforeEnd(line: Timestamp | undefined, { finishedAt }: Pick<InstanceView, 'finishedAt'>): boolean {
  return line !== undefined && finishedAt !== undefined && wholeSecondOf(line) < wholeSecondOf(finishedAt);
}
