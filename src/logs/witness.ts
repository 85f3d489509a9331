import type { Gap, GapCause } from '../model/gap.ts';
import { type Clock, endOfSecond, laterOf, type Timestamp, timestampOf } from '../model/time.ts';
import type { InstanceLife } from './life.ts';
import type { FollowEnd, LogSink } from './sink.ts';

export interface LogWitnessOptions {
  readonly life: InstanceLife;
  readonly sink: LogSink;
  readonly clock: Pick<Clock, 'now'>;
  /** What an earlier recorder said, which was killed. */
  readonly past?: { readonly gaps: number } | undefined;
}

/** States what of one container run's log could not be had, and how its end was proven. */
export class LogWitness {
  readonly #options: LogWitnessOptions;
  #gaps: number;

  constructor(options: LogWitnessOptions) {
    this.#options = options;
    this.#gaps = options.past?.gaps ?? 0;
  }

  /** Something is missing, or may be, after a line's time and until another one's, or the container's end. */
  gap(
    cause: GapCause,
    evidence: string,
    span: {
      readonly certainty: 'known' | 'suspected';
      readonly after: Timestamp | undefined;
      readonly until?: Timestamp;
    },
  ): void {
    const { life, sink, clock } = this.#options;
    const observed = timestampOf(clock.now());
    const from = span.after ?? life.view.startedAt ?? observed;
    const to = laterOf(from, span.until ?? endOfSecond(life.view.finishedAt) ?? observed);
    const { certainty } = span;
    this.#gaps += 1;
    sink.append({
      kind: 'gap',
      observed,
      gap: { of: { container: life.instance }, from, to, certainty, cause, evidence },
    });
  }

  /** What the streams of this log left in doubt is not missing: its files held all of it. */
  withdraw(gaps: readonly Gap[]): void {
    const { sink, clock } = this.#options;
    this.#gaps -= gaps.length;
    for (const gap of gaps) sink.append({ kind: 'gap', observed: timestampOf(clock.now()), gap, isWithdrawn: true });
  }

  note(text: string): void {
    const { sink, clock } = this.#options;
    sink.append({ kind: 'note', observed: timestampOf(clock.now()), text });
  }

  /** Nothing can be missing; unless a gap was stated. */
  proven(evidence: string, rotations?: number): FollowEnd {
    if (this.#gaps > 0) return this.unproven(`${evidence}, with a gap before`, rotations);
    return { end: 'proven', evidence, ...(rotations === undefined ? {} : { rotations }) };
  }

  unproven(evidence: string, rotations?: number): FollowEnd {
    return { end: 'not proven', evidence, ...(rotations === undefined ? {} : { rotations }) };
  }
}
