import type { GapCause } from '../model/gap.ts';
import { type Clock, earlierOf, laterOf, millisecondsOf, type Timestamp, timestampOf } from '../model/time.ts';
import type { Block } from './blocks.ts';
import { Generations, type RotationLoss } from './generations.ts';
import type { InstanceLife } from './life.ts';
import { timeOf } from './lines.ts';
import { NodeTime } from './node-time.ts';
import type { LogPast } from './past.ts';
import type { FollowEnd, LogLimits } from './sink.ts';
import type { LogWitness } from './witness.ts';

export interface StreamProofOptions {
  readonly life: InstanceLife;
  readonly limits: LogLimits;
  readonly witness: LogWitness;
  readonly clock: Pick<Clock, 'now'>;
  /** Size at which the node rotates a log file, in bytes; undefined where it cannot be known. */
  readonly rotatesAt: () => number | undefined;
}

/** Where a node's setting is not known, no smaller one is expected. */
const LEAST_ROTATION_BYTES = 1024 * 1024;
/** A container does not write faster, in bytes a millisecond. */
const FASTEST = 4000;
/** So long after the new file's beginning the runtime may still have written to the old one. */
const OLD_PIPE_MS = 100;
const ROTATED = 'the node rotated the file, and the pod log API does not tell what that took';

/** What the streams of one container run prove: whether they began at its beginning, saw all of its files, and its end. */
export class StreamProof {
  readonly #options: StreamProofOptions;
  readonly #generations: Generations;
  readonly nodeTime = new NodeTime();
  /** When the first of the streams that brought lines was opened, or the last one of those that brought none. */
  #openedAt: number;
  #isBeginningStated = false;
  #first: Timestamp | undefined;
  #last: Timestamp | undefined;
  /** The last word of the file itself: it was looked at after the log's end. */
  #isChecked = false;

  constructor(options: StreamProofOptions) {
    this.#options = options;
    this.#openedAt = options.clock.now();
    this.#generations = new Generations(options.rotatesAt, leastOf(options));
  }

  /** Goes on behind what a recorder had that was killed. */
  restore(past: LogPast): void {
    const { first, last, bytes } = past;
    if (first === undefined || last === undefined) return;
    if (!this.isLimited) this.#first = first;
    this.#last = last;
    this.#isBeginningStated = true;
    this.#generations.restore({ begin: this.#first, last, bytes });
  }

  get mayHaveRotated(): boolean {
    return this.#generations.mayHaveRotated;
  }

  get isBehind(): boolean {
    return this.#generations.isBehind;
  }

  /** The greatest time among the lines that came. */
  get last(): Timestamp | undefined {
    return this.#last;
  }

  get hasLines(): boolean {
    return this.#last !== undefined;
  }

  /** A stream was opened. */
  opened(): void {
    if (!this.hasLines) this.#openedAt = this.#options.clock.now();
  }

  /** When it was last certain that no file had been missed, in milliseconds of the recorder's clock. */
  get sureAt(): number | undefined {
    return this.#generations.sureAt;
  }

  /** Lines that are written down next; `isRising`: each is later than the one before. */
  take(block: Block, { isRising = false } = {}): void {
    const now = this.#options.clock.now();
    this.nodeTime.heard(block.last, now);
    if (!this.hasLines && !this.isLimited) this.#first = timeOf(block.bytes);
    this.#last = laterOf(this.#last, block.last);
    this.#stateBeginning();
    this.#state(this.#generations.take(block, now, { begin: this.#first, isRising }));
  }

  /** The time of the first line of the file that the node writes to now. */
  saw(begin: Timestamp): void {
    this.#state(this.#generations.saw(begin, this.#options.clock.now()));
  }

  /** As `saw`, after the log's end. */
  sawLast(begin: Timestamp): void {
    this.saw(begin);
    this.#isChecked = true;
  }

  /** All that a stream can bring was read. */
  end(evidence: string): FollowEnd {
    const { life, witness, rotatesAt } = this.#options;
    if (this.isLimited) return witness.unproven(`${evidence}; its beginning was not asked for`);
    this.#state(this.#generations.rest(life.view.finishedAt, !this.#isChecked));
    this.#stateBeginning();
    if (!this.#isChecked && rotatesAt() === undefined)
      return witness.unproven(`${evidence}; whether the node rotated the file cannot be known`);
    const isOne = this.#isChecked && !this.#generations.hasRotated;
    return witness.proven(isOne ? `${evidence}; its file was never rotated` : evidence);
  }

  /** What comes after the last line cannot be had, or may not be all. */
  lost(cause: GapCause, evidence: string): FollowEnd {
    const { life, witness } = this.#options;
    this.#state(this.#generations.rest(life.view.finishedAt, !this.#isChecked));
    if (this.hasLines) this.#stateBeginning();
    const isKnown = !this.hasLines && cause !== 'timeout' && cause !== 'interrupted';
    witness.gap(cause, evidence, { certainty: isKnown ? 'known' : 'suspected', after: this.#last });
    return witness.unproven(evidence);
  }

  /** What came after this line was another run's. */
  rewind(last: Timestamp | undefined): void {
    this.#last = last;
    this.#isChecked = false;
  }

  /** Whether `left` would state anything. */
  get isInDoubt(): boolean {
    return this.#generations.left().length > 0 || (this.hasLines && this.#isBeginningInDoubt);
  }

  /** The log's files go on behind the last line. */
  left(): void {
    this.#state(this.#generations.left());
    if (this.hasLines) this.#stateBeginning();
  }

  /** Its beginning was not asked for. */
  get isLimited(): boolean {
    const { tailLines, since } = this.#options.limits;
    return tailLines !== undefined || since !== undefined;
  }

  #state(losses: readonly RotationLoss[]): void {
    for (const { after, until: begin } of losses) {
      const until = begin === undefined ? undefined : timestampOf(millisecondsOf(begin) + OLD_PIPE_MS);
      this.#options.witness.gap('rotation', ROTATED, {
        certainty: 'suspected',
        after,
        ...(until === undefined ? {} : { until }),
      });
    }
  }

  /** A log that was first read when its container had run for a while may have had files before. */
  #stateBeginning(): void {
    const { life, witness } = this.#options;
    const { startedAt } = life.view;
    if (startedAt === undefined || !this.#isBeginningInDoubt) return;
    this.#isBeginningStated = true;
    const evidence = 'the log was first read when the node may have rotated its file already';
    const until = this.#first ?? timestampOf(this.#openedAt);
    witness.gap('rotation', evidence, { certainty: 'suspected', after: startedAt, until });
  }

  get #isBeginningInDoubt(): boolean {
    const { startedAt } = this.#options.life.view;
    return !this.#isBeginningStated && startedAt !== undefined && !this.isLimited && this.#isLate(startedAt);
  }

  #isLate(startedAt: Timestamp): boolean {
    const opened = this.nodeTime.atLeast(this.#openedAt);
    const known = earlierOf(this.#first, opened);
    // The start is told in whole seconds.
    const ms = millisecondsOf(known) - millisecondsOf(startedAt) - 1000;
    // Without a line nothing is known of the node's clock: where it seems to be ahead, nothing can be said.
    const isOutOfStep = this.#first === undefined && ms < -2000;
    return isOutOfStep || ms > (this.#options.rotatesAt() ?? leastOf(this.#options)) / FASTEST;
  }
}

function leastOf({ limits }: StreamProofOptions): number {
  return limits.leastRotationBytes ?? LEAST_ROTATION_BYTES;
}
