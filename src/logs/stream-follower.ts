import type { KubeClient } from '../kube/client.ts';
import type { GapCause } from '../model/gap.ts';
import type { Slots } from '../model/slots.ts';
import type { Clock } from '../model/time.ts';
import type { FirstLines } from './binding.ts';
import { firstTimeOf } from './file-watch.ts';
import { laterRunAt, type ReadStream } from './later-run.ts';
import { type InstanceLife, isAfterEnd, type Reach } from './life.ts';
import { timeOf } from './lines.ts';
import type { OpenStreams } from './open-streams.ts';
import type { LogPast } from './past.ts';
import { LogCursor } from './position.ts';
import { FIRST_RETRY_MS, Retries } from './retries.ts';
import type { FollowEnd, Follower, LogLimits, LogSink } from './sink.ts';
import { StreamEnds } from './stream-ends.ts';
import { StreamProof } from './stream-proof.ts';
import { type Outcome, StreamReading } from './stream-reading.ts';
import { LogWitness } from './witness.ts';

export interface StreamFollowerOptions {
  readonly life: InstanceLife;
  readonly client: Pick<KubeClient, 'logs'>;
  readonly sink: LogSink;
  readonly clock: Clock;
  readonly slots: Slots;
  readonly limits: LogLimits;
  readonly firstLines: FirstLines;
  readonly nextStream: () => number;
  /** Streams that are open now; whoever owns them flushes what they bring. */
  readonly open: OpenStreams;
  /** Size at which the node rotates a log file, in bytes; undefined where it cannot be known. */
  readonly rotatesAt: () => number | undefined;
  /** What an earlier recorder has of it, which was killed. */
  readonly past?: LogPast | undefined;
}

/** After the end of a stream, this long for the pod's status to say that the container has ended. */
const STATUS_LAG_MS = 300;
/** A log whose last lines do not come again is asked for as often. */
const LOOKS_AT_END = 5;
/** A log that is not to be had once its container has ended is gone after as many tries. */
const TRIES_UNTIL_GONE = 3;

/** Reads one container instance's log through the pod log API: from its first line, over every break, to its last. */
export class StreamFollower implements Follower {
  readonly #options: StreamFollowerOptions;
  #cursor = new LogCursor();
  #attempt = 0;
  readonly #retries = new Retries();
  #isDisowned = false;
  /** Why it is not read any more, though its container may run on. */
  #givenUp: { readonly cause: GapCause; readonly evidence: string } | undefined;
  readonly #ends = new StreamEnds();
  readonly #witness: LogWitness;
  #proof: StreamProof;
  #lastProgress: number;
  #hasInherited = false;
  /** The newest one, open or not. */
  #reading: StreamReading | undefined;
  /** Those that have ended, whether they brought anything or nothing. */
  #readings: ReadStream[] = [];

  constructor(options: StreamFollowerOptions) {
    this.#options = options;
    this.#witness = new LogWitness(options);
    this.#proof = new StreamProof({ ...options, witness: this.#witness });
    this.#lastProgress = options.clock.now();
  }

  /** Resolves when all that can be had was read, or was given up for a stated reason; rejects only when the signal aborts. */
  async run(signal: AbortSignal): Promise<FollowEnd> {
    const { life, slots } = this.#options;
    await this.#inherit();
    while (life.view.state === 'waiting' && !life.isOver) {
      await life.changed(signal);
      signal.throwIfAborted();
    }
    for (;;) {
      const reach = life.reach;
      this.#giveBack();
      if (reach === 'gone') return this.#gone();
      let outcome: Outcome & { readonly isProven: boolean };
      {
        // The log of a container that has ended is read at once, and may be gone soon; one that runs may take the slot for long.
        using _slot = await slots.acquire(signal, () => life.isOver);
        const { count } = this.#retries;
        outcome = await this.#read(reach, signal);
        if (this.#giveBack()) {
          outcome = { type: 'foreign', isProven: false };
          this.#retries.backTo(count);
        }
      }
      const end = await this.#next(outcome, reach, signal);
      if (end !== undefined) return end;
    }
  }

  /** Goes on behind the last line that an earlier recorder had. */
  async #inherit(): Promise<void> {
    const { past, firstLines, life } = this.#options;
    if (past === undefined || past.lines === 0 || this.#hasInherited) return;
    this.#hasInherited = true;
    this.#cursor.restore(await past.recentLines());
    if (this.#proof.isLimited && past.first !== undefined) this.#cursor.passedOver(past.first);
    this.#attempt = past.attempts + 1;
    this.#proof.restore(past);
    const line = await past.firstLine();
    if (line !== undefined) firstLines.claim(life.instance.restart, line, () => this.#disown());
  }

  interrupted(): FollowEnd {
    this.#giveBack();
    const { view, isOver } = this.#options.life;
    const { hold } = this.#options.sink;
    if (this.#givenUp !== undefined) return this.#proof.lost(this.#givenUp.cause, this.#givenUp.evidence);
    if (hold !== undefined && this.#reading?.isHeld === true) return this.#proof.lost(hold.cause, hold.evidence);
    if (!isOver && view.state === 'running' && this.#reading?.wasFollowing === true)
      return this.#proof.end('read until the capture ended, while the container ran');
    return this.#proof.lost('interrupted', 'the capture ended before this log was read to its end');
  }

  /** Whether `leave` would state anything. */
  async isInDoubt(): Promise<boolean> {
    await this.#inherit();
    return this.#proof.isInDoubt;
  }

  /** Its run was aborted or never begun, for the log's files go on behind its last line: states what may be missing before. */
  async leave(): Promise<void> {
    await this.#inherit();
    this.#proof.left();
  }

  async #read(reach: Exclude<Reach, 'gone'>, signal: AbortSignal): Promise<Outcome & { readonly isProven: boolean }> {
    if (this.#isDisowned) this.#startOver();
    const reading = new StreamReading({
      ...this.#options,
      reach,
      attempt: this.#attempt,
      cursor: this.#cursor,
      proof: this.#proof,
      witness: this.#witness,
      isOwn: (line) => this.#isOwn(line),
      progressed: () => this.#progressed(),
    });
    this.#reading = reading;
    try {
      const outcome = await reading.read(signal);
      return { ...outcome, isProven: outcome.type === 'ended' && this.#ends.take(reading.log, outcome) };
    } finally {
      reading.close();
      if (reading.log !== undefined) {
        this.#attempt += 1;
        this.#readings.push(reading.past(reading.log, { isFirst: this.#readings.length === 0 }));
      }
    }
  }

  /** Decides after a stream: undefined to open the log again. */
  async #next(
    outcome: Outcome & { readonly isProven: boolean },
    reach: Exclude<Reach, 'gone'>,
    signal: AbortSignal,
  ): Promise<FollowEnd | undefined> {
    const { life, clock, limits } = this.#options;
    switch (outcome.type) {
      case 'ended':
        if (outcome.isProven || (this.#proof.isLimited && outcome.wasOver)) return await this.#readToEnd(reach, signal);
        if (outcome.wasOver) return await this.#beforeNextLook(signal);
        await this.#waitForStatus(STATUS_LAG_MS, signal);
        if (!life.isOver) await clock.sleep(this.#retries.nextMs() - FIRST_RETRY_MS, signal);
        return undefined;
      case 'foreign':
        await this.#waitForStatus(this.#retries.nextMs(), signal);
        return undefined;
      case 'refused':
        if (outcome.error.code === 'forbidden') return await this.#giveUp('forbidden', outcome.error.message, signal);
        if (outcome.error.status === 400 && reach === 'previous')
          return this.#proof.lost('instance-gone', outcome.error.message);
        // A type that is not served for a while is not found either: its pods live on.
        if (outcome.error.code === 'not-found' && this.#retries.count >= TRIES_UNTIL_GONE && life.isOver)
          return this.#proof.lost('instance-gone', outcome.error.message);
        break;
      case 'failed':
        // A file that is gone does not come back.
        if (life.isOver && this.#retries.count >= TRIES_UNTIL_GONE)
          return this.#proof.lost('instance-gone', outcome.error.message);
        break;
      case 'broken':
        break;
    }
    if (limits.timeoutMs !== undefined && clock.now() - this.#lastProgress > limits.timeoutMs)
      return await this.#giveUp(
        'timeout',
        `no progress for ${limits.timeoutMs / 1000} s; the last error: ${outcome.error.message}`,
        signal,
      );
    await this.#waitForStatus(this.#retries.nextMs(outcome.error), signal);
    return undefined;
  }

  /** Once more, at once where the last reading brought anything; at last what is known is not there any more. */
  async #beforeNextLook(signal: AbortSignal): Promise<FollowEnd | undefined> {
    if (this.#retries.count > LOOKS_AT_END)
      return this.#proof.lost('rotation', 'after its end the log did not show its last lines again');
    if (!this.#retries.takeFirst()) await this.#waitForStatus(this.#retries.nextMs(), signal);
    return undefined;
  }

  /** Reads it no more: what its container still writes is missing too. */
  async #giveUp(cause: GapCause, evidence: string, signal: AbortSignal): Promise<FollowEnd> {
    const { life } = this.#options;
    this.#givenUp = { cause, evidence };
    await life.over(signal);
    return this.#proof.lost(cause, evidence);
  }

  #waitForStatus(ms: number, signal: AbortSignal): Promise<void> {
    return this.#options.life.changedWithin(ms, this.#options.clock, signal);
  }

  #progressed(): void {
    this.#lastProgress = this.#options.clock.now();
    this.#retries.progressed();
  }

  /** Whether a first line can be this instance's, by its end and by what newer instances showed. */
  #isOwn(line: Buffer): boolean {
    const { life, firstLines } = this.#options;
    if (isAfterEnd(timeOf(line), life.view)) return false;
    // Where only the last lines were asked for, the first of them tells no instance.
    return this.#proof.isLimited || firstLines.claim(life.instance.restart, line, () => this.#disown());
  }

  #disown(): void {
    this.#isDisowned = true;
    this.#reading?.disown();
  }

  /**
   * The kubelet knows of an end and of the next run long before a status that comes late: what was written after the end
   * is not this run's. Whether there was any.
   */
  #giveBack(): boolean {
    const brought = this.#readings.map((reading) => reading.brought);
    const at = laterRunAt(brought, this.#options.life.view);
    const before = this.#readings[at]?.before;
    if (before === undefined) return false;
    if (before.last === undefined) this.#startOver();
    else {
      this.#disownFrom(at);
      this.#cursor = before;
      this.#proof.rewind(before.last);
    }
    return true;
  }

  #disownFrom(at: number): void {
    for (const reading of this.#readings.splice(at)) reading.disown();
    this.#ends.forget();
  }

  /** All that came was a newer instance's log. */
  #startOver(): void {
    this.#isDisowned = false;
    this.#disownFrom(0);
    this.#cursor = new LogCursor();
    this.#attempt = 0;
    this.#proof = new StreamProof({ ...this.#options, witness: this.#witness });
  }

  /** The log cannot be asked for any more: was its end seen before? */
  #gone(): FollowEnd {
    const { finishedAt } = this.#options.life.view;
    // A stream without a line may have been of any instance.
    if (this.#proof.hasLines && this.#ends.isAfter(finishedAt, this.#proof.nodeTime)) {
      this.#reading?.log?.endLine();
      return this.#proof.end('its stream ended by itself after the container had');
    }
    return this.#proof.lost('instance-gone', 'the log was gone before its end was seen');
  }

  /** The file's first line tells whether it is the one that was read: then nothing was rotated since. */
  async #readToEnd(reach: Exclude<Reach, 'gone'>, signal: AbortSignal): Promise<FollowEnd> {
    const evidence = 'terminated, then read to the end';
    if (!this.#proof.hasLines && reach === 'previous')
      return this.#proof.lost('unbound', 'an empty log of a previous instance cannot be told from another one');
    const { client, life } = this.#options;
    const first = this.#proof.hasLines ? await firstTimeOf({ client, of: life.instance, reach }, signal) : undefined;
    if (first !== undefined) this.#proof.sawLast(first);
    return this.#proof.end(evidence);
  }
}
