import type { NodeFiles } from '../kube/node-files.ts';
import type { LogRotation } from '../kube/node-settings.ts';
import { Branch } from '../model/branch.ts';
import { messageOf } from '../model/errors.ts';
import type { GapCause } from '../model/gap.ts';
import type { Gatherings } from '../model/gathering.ts';
import type { Slots } from '../model/slots.ts';
import { timestampOf } from '../model/time.ts';
import { within } from '../model/within.ts';
import type { Gunzip } from './file-bytes.ts';
import { FileEnd } from './file-end.ts';
import { FileLog } from './file-log.ts';
import type { KeptFiles } from './kept-files.ts';
import { Pace } from './pace.ts';
import { Seam, type SeamOptions } from './seam.ts';
import type { FollowEnd, Follower } from './sink.ts';
import type { StreamTail, TailNews } from './stream-tail.ts';
import type { Turns } from './turns.ts';
import { LogWitness } from './witness.ts';

/** What a recorder's logs share that are read from files. */
export interface SharedReading {
  /** See `Pace`. */
  readonly beat: number;
  /** See `FileLogOptions`. */
  readonly gatherings: Gatherings;
  /** In which what streams brought is proven, where nothing hurries. */
  readonly proofs: Pick<Turns, 'next'>;
}

/** Without what is shared, a log is read as if it were the only one. */
export interface NodeFollowerOptions extends SeamOptions, Partial<SharedReading> {
  readonly files: NodeFiles;
  /** Of the container's log files, with its slash. */
  readonly folder: string;
  /** How many files of a run this node keeps. */
  readonly kept: KeptFiles;
  /** How this node rotates log files, as far as it is known. */
  readonly rotation: () => LogRotation;
  /** Left out: in Node's threads. */
  readonly gunzip?: Gunzip | undefined;
  /** Readings of this node's files at once. */
  readonly readings: Slots;
  /** Milliseconds without progress after which the attempt ends; undefined: never. */
  readonly timeoutMs: number | undefined;
}

/** What one reading of the files came to. */
type Reading = { readonly state: FileLog['state'] } | { readonly state: 'failed'; readonly error: unknown };

/** An idle log's file is looked at after as many times of proof. */
const IDLE_LOOKS = 10;
/** For its turn to be proven a log waits no longer. */
const MOST_WAIT_MS = 3_600_000;
/** Where no stream tells either, files that are not there are looked for as often. */
const LOOKS_FOR_GONE = 3;

/**
 * Reads one container run's log from the node's files, with a follow stream beside them while that is cheap: the stream
 * brings news and, of a deleted pod, the tail; the file proves each line of it, replaces what it got wrong, and holds
 * everything else. What only the files can tell is read from them; nothing is written twice.
 */
export class NodeFollower implements Follower {
  readonly #options: NodeFollowerOptions;
  readonly #log: FileLog;
  readonly #witness: LogWitness;
  readonly #seam: Seam;
  readonly #fileEnd: FileEnd;
  readonly #pace: Pace;
  #lastProgress: number;
  /** What the container's life was like when the last reading began. */
  #seen = '';

  constructor(options: NodeFollowerOptions) {
    this.#options = options;
    const { life, clock, past, readings } = options;
    const { position, rotations = 0 } = past ?? {};
    const after = position === undefined ? undefined : { position, rotations };
    const mustShare = () => readings.waiting > 0;
    this.#log = new FileLog({ ...options, restart: life.instance.restart, after, mustShare });
    this.#witness = new LogWitness(options);
    this.#seam = new Seam(options, this.#witness);
    this.#fileEnd = new FileEnd({ ...options, log: this.#log, seam: this.#seam, witness: this.#witness });
    this.#pace = new Pace(clock.now(), options.rotation, options.beat);
    this.#lastProgress = clock.now();
  }

  /** Resolves when all that can be had was read, or was given up for a stated reason; rejects only when the signal aborts. */
  async run(signal: AbortSignal): Promise<FollowEnd> {
    const { life, clock } = this.#options;
    await using _seam = this.#seam;
    await this.#seam.inherit();
    while (life.view.state === 'waiting' && !life.isOver) {
      await life.changed(signal);
      signal.throwIfAborted();
      if (life.isLastCall && life.view.state === 'waiting')
        return this.#fileEnd.proven('the container had not started');
    }
    using whileRead = new Branch(signal);
    void this.#holdFile(whileRead.signal, signal);
    for (;;) {
      const asked = { isOver: life.isOver, isLastCall: life.isLastCall, at: clock.now() };
      this.#seen = life.urgency;
      const reading = await this.#sync(signal);
      const end = await this.#judge(asked, reading, signal);
      if (end !== undefined) return end;
      await this.#rest(reading, signal);
    }
  }

  interrupted(): FollowEnd {
    const { cause = 'interrupted', evidence = 'the capture ended before the log was read to its end' } =
      this.#options.sink.hold ?? {};
    return this.#giveUp(cause, evidence);
  }

  /**
   * Its files may go before the reading that is under way has ended: from the first word on that its pod is being deleted, a
   * stream has the file open, which holds it readable to its end.
   */
  async #holdFile(over: AbortSignal, signal: AbortSignal): Promise<void> {
    const { life } = this.#options;
    while (!life.isLeaving && !over.aborted) await life.changed(over);
    if (!over.aborted && !life.isOver) this.#openStream(signal);
  }

  #openStream(signal: AbortSignal): void {
    const { streams, clock } = this.#options;
    const mayOpen = this.#seam.stream === undefined && streams !== undefined;
    if (mayOpen && this.#pace.mayOpenStream(clock.now())) this.#seam.openStream(signal);
  }

  /** Reads what the files hold now; what the stream brought is proven by it or replaced. */
  async #sync(signal: AbortSignal): Promise<Reading> {
    const { life, sink, readings, clock } = this.#options;
    const before = this.#seam.lines;
    const since = clock.now();
    try {
      using _turn = await readings.acquire(signal, () => life.isLeaving);
      using _hold = this.#seam.hold();
      for await (const piece of this.#log.read({ hurry: life.isLeaving }, signal)) {
        if (piece.type === 'records' && piece.lines > 0) this.#lastProgress = clock.now();
        this.#seam.take(piece);
        await sink.drained(signal);
      }
      this.#seam.afterReading(this.#log);
      return { state: this.#log.state };
    } catch (error) {
      signal.throwIfAborted();
      return { state: 'failed', error };
    } finally {
      this.#pace.took(this.#seam.lines - before, { since, now: clock.now() });
    }
  }

  /** Decides after a reading: undefined to go on. */
  async #judge(
    asked: { readonly isOver: boolean; readonly isLastCall: boolean; readonly at: number },
    reading: Reading,
    signal: AbortSignal,
  ): Promise<FollowEnd | undefined> {
    const { life, clock, timeoutMs } = this.#options;
    switch (reading.state) {
      case 'end':
        this.#fileEnd.wasRead(asked.at);
        if (asked.isOver) return this.#fileEnd.afterReading(asked.at);
        if (!asked.isLastCall) return undefined;
        return this.#fileEnd.proven(
          `read to the end of ${this.#log.file} at ${timestampOf(asked.at)}, when the capture ended while the container ran`,
        );
      case 'absent':
      case 'gone':
        return asked.isOver ? await this.#gone(signal) : undefined;
      case 'failed':
        if (asked.isLastCall && !life.isOver) return this.interrupted();
        if (timeoutMs === undefined || clock.now() - this.#lastProgress <= timeoutMs) return undefined;
        return this.#giveUp('timeout', `no progress for ${timeoutMs / 1000} s; ${messageOf(reading.error)}`);
      case 'more':
      case 'waiting':
        return undefined;
    }
  }

  async #gone(signal: AbortSignal): Promise<FollowEnd | undefined> {
    const end = await this.#fileEnd.afterRemoval(signal);
    if (end !== undefined) return end;
    if (this.#seam.stream === undefined && this.#pace.failures < LOOKS_FOR_GONE) return undefined;
    return this.#giveUp('instance-gone', 'the log files were removed before their end was read');
  }

  /** Waits until the files are worth reading again. */
  async #rest(reading: Reading, signal: AbortSignal): Promise<void> {
    const { life } = this.#options;
    if (reading.state === 'more') return;
    const failed = reading.state === 'failed' || reading.state === 'absent' || reading.state === 'gone';
    const isEnding = life.isOver || reading.state === 'waiting';
    const pace = this.#pace.next({ failed, isEnding, isUrgent: life.isLeaving, now: this.#options.clock.now() });
    const seam = this.#seam;
    if (seam.stream?.isAlive === false) seam.putAway();
    const isWanted = !life.isOver && (!pace.isBusy || life.isLeaving);
    if (!isWanted && !life.isOver) seam.putAway();
    if (isWanted && reading.state === 'end') this.#openStream(signal);
    // A leaving pod's files may go unread unless somebody has them open; then what its stream does not bring is read at its end.
    const isHeld = !life.isLeaving || seam.stream?.isFirstHand === true;
    const isTold = seam.stream?.isAlive === true && isHeld && !isEnding && !failed;
    if (isTold) await this.#listen(signal);
    else await this.#pause(pace.ms, signal);
  }

  /**
   * Until the stream has news, or the container's life changes; or for a while it was not proven what the stream brought, or, for
   * longer, not looked whether it was silent for a reason, and no other log is in front with that.
   */
  async #listen(signal: AbortSignal): Promise<void> {
    const { stream } = this.#seam;
    const { proofs, life } = this.#options;
    if (stream === undefined) return;
    for (let looks = 1; looks <= IDLE_LOOKS; looks += 1) {
      if (await this.#hears(stream, this.#pace.proofMs, signal)) return;
      if (stream.stretch.lines > 0) break;
    }
    if (proofs === undefined || life.isLeaving) return;
    using wait = new Branch(signal);
    const over = () => undefined; // the wait, where it is rejected
    const turn = proofs.next(wait.signal).then(over, over);
    await this.#hears(stream, MOST_WAIT_MS, signal, turn);
  }

  /** Whether there were news, or the container's life changed, within so many milliseconds, and before `until` resolved. */
  async #hears(stream: StreamTail, ms: number, signal: AbortSignal, ...until: Promise<undefined>[]): Promise<boolean> {
    const news = await this.#pause<TailNews | undefined>(ms, signal, stream.news, ...until);
    if (news === 'busy') this.#pace.becameBusy();
    return news !== undefined;
  }

  /** Until the time is over, something else comes, or the container's life is another than when the files were read. */
  async #pause<T>(ms: number, signal: AbortSignal, ...others: Promise<T>[]): Promise<T | 'changed' | undefined> {
    const { life, clock } = this.#options;
    const changed = async (either: AbortSignal) => {
      while (life.urgency === this.#seen && !either.aborted) await life.changed(either);
      return 'changed' as const;
    };
    const first = await within(ms, (either) => Promise.race([changed(either), ...others]), { clock, signal });
    signal.throwIfAborted();
    return first;
  }

  #giveUp(cause: GapCause, evidence: string): FollowEnd {
    const certainty = this.#seam.lines === 0 && cause === 'instance-gone' ? 'known' : 'suspected';
    this.#witness.gap(cause, evidence, { certainty, after: this.#fileEnd.wholeUpTo });
    return this.#witness.unproven(evidence, this.#log.rotations);
  }
}
