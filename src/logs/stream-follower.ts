import type { ByteStream, KubeClient } from '../kube/client.ts';
import { ApiError } from '../kube/error.ts';
import type { Slots } from '../model/slots.ts';
import { type Clock, timestampOf } from '../model/time.ts';
import type { FirstLines } from './binding.ts';
import { FileWatch, firstTimeOf } from './file-watch.ts';
import type { InstanceLife, Reach } from './life.ts';
import { OpenLog } from './open-log.ts';
import type { OpenStreams } from './open-streams.ts';
import type { LogPast } from './past.ts';
import { LogCursor, type OverlapMatcher, timeOf } from './position.ts';
import type { FollowEnd, Follower, LogLimits, LogSink } from './sink.ts';
import { StreamProof } from './stream-proof.ts';
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

/** How one opened stream ended. */
type Outcome =
  | { readonly type: 'ended'; readonly at: number; readonly wasOver: boolean }
  | { readonly type: 'foreign' }
  | { readonly type: 'refused'; readonly error: ApiError }
  | { readonly type: 'broken'; readonly error: Error }
  /** The kubelet could not read the file, or not to its end, and said so in the stream. */
  | { readonly type: 'failed'; readonly error: Error };

/** After the end of a stream, this long for the pod's status to say that the container has ended. */
const STATUS_LAG_MS = 300;
const FIRST_RETRY_MS = 200;
const MAX_RETRY_MS = 10_000;

/** Reads one container instance's log through the pod log API: from its first line, over every break, to its last. */
export class StreamFollower implements Follower {
  readonly #options: StreamFollowerOptions;
  #cursor = new LogCursor();
  #attempt = 0;
  #retries = 0;
  #isDisowned = false;
  /** While the disk is behind, and there may be lines that were not read. */
  #isHeld = false;
  readonly #witness: LogWitness;
  #proof: StreamProof;
  #cancel = new AbortController();
  #lastProgress: number;
  #cleanEndAt: number | undefined;
  #last: OpenLog | undefined;

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
      if (reach === 'gone') return this.#gone();
      let outcome: Outcome;
      {
        using _slot = await slots.acquire(signal);
        outcome = await this.#read(reach, signal);
      }
      const end = await this.#next(outcome, reach, signal);
      if (end !== undefined) return end;
    }
  }

  /** Goes on behind the last line that an earlier recorder had. */
  async #inherit(): Promise<void> {
    const { past, firstLines, life } = this.#options;
    if (past === undefined || past.lines === 0) return;
    this.#cursor.restore(await past.recentLines());
    this.#attempt = past.attempts + 1;
    this.#proof.restore(past);
    const line = await past.firstLine();
    if (line !== undefined) firstLines.claim(life.instance.restart, line, () => this.#disown());
  }

  interrupted(): FollowEnd {
    const { view, isOver } = this.#options.life;
    const { hold } = this.#options.sink;
    if (hold !== undefined && this.#isHeld) return this.#proof.lost(hold.cause, hold.evidence);
    if (!isOver && !this.#isHeld && view.state === 'running')
      return this.#proof.end('read until the capture ended, while the container ran');
    return this.#proof.lost('interrupted', 'the capture ended before this log was read to its end');
  }

  async #read(reach: Exclude<Reach, 'gone'>, signal: AbortSignal): Promise<Outcome> {
    const { life, client, limits, clock, open } = this.#options;
    const { namespace, pod, container } = life.instance;
    const wasOver = life.isOver;
    const resume = this.#cursor.resume();
    const sinceTime = resume?.sinceTime ?? limits.since;
    const tailLines = resume === undefined ? limits.tailLines : undefined;
    this.#isHeld = false;
    this.#cancel = new AbortController();
    const streamSignal = AbortSignal.any([signal, this.#cancel.signal]);
    let stream: ByteStream;
    try {
      const how = reach === 'previous' ? { previous: true } : { follow: true };
      const from = {
        ...(sinceTime === undefined ? {} : { sinceTime }),
        ...(tailLines === undefined ? {} : { tailLines }),
      };
      stream = await client.logs({ namespace, pod, container, ...how, ...from }, streamSignal);
    } catch (error) {
      signal.throwIfAborted();
      return error instanceof ApiError ? { type: 'refused', error } : { type: 'broken', error: asError(error) };
    }
    const log = this.#open(resume?.matcher);
    this.#last = log;
    open.add(log);
    try {
      using _watch = new FileWatch(
        { ...this.#options, proof: this.#proof, reach, isStuck: () => this.#cancel.abort() },
        streamSignal,
      );
      const foreign = await this.#consume(log, stream, signal);
      if (wasOver || reach === 'previous') log.endLine();
      if (foreign) return { type: 'foreign' };
      if (log.complaint !== undefined)
        return { type: 'failed', error: new Error(`the kubelet said: ${log.complaint}`) };
      return { type: 'ended', at: clock.now(), wasOver };
    } catch (error) {
      log.close();
      signal.throwIfAborted();
      return this.#isDisowned ? { type: 'foreign' } : { type: 'broken', error: asError(error) };
    } finally {
      open.delete(log);
      this.#close(log);
    }
  }

  #open(matcher: OverlapMatcher | undefined): OpenLog {
    const { life, sink, clock, limits, nextStream, firstLines } = this.#options;
    return new OpenLog({
      instance: life.instance,
      stream: nextStream(),
      attempt: this.#attempt++,
      limited: limits.tailLines !== undefined || limits.since !== undefined,
      cursor: this.#cursor,
      proof: this.#proof,
      matcher,
      sink,
      clock,
      isOwn: (line) => this.#isInLifetime(line) && firstLines.claim(life.instance.restart, line, () => this.#disown()),
    });
  }

  /** True if what came was another instance's log. */
  async #consume(log: OpenLog, stream: ByteStream, signal: AbortSignal): Promise<boolean> {
    const { sink, open } = this.#options;
    await using bytes = stream;
    for await (const chunk of bytes) {
      log.push(chunk);
      open.touch();
      if (log.isForeign) return true;
      if (log.wentBack) this.#leaveBehindGap();
      if (log.joint === 'disjoint' && (await this.#isOther(signal))) return true;
      if (log.joint === 'disjoint') this.#acceptBehindGap(log);
      if (log.takeProgress()) this.#progressed();
      this.#isHeld = true;
      await sink.drained(signal);
      this.#isHeld = false;
    }
    log.close();
    if (log.wentBack) this.#leaveBehindGap();
    if (log.joint === 'disjoint') {
      if (await this.#isOther(signal)) return true;
      this.#acceptBehindGap(log);
    }
    if (log.takeProgress()) this.#progressed();
    return log.isForeign || this.#isDisowned;
  }

  #close(log: OpenLog): void {
    const { life, sink, clock } = this.#options;
    const isOwn = !log.isForeign && !this.#isDisowned;
    sink.append({
      kind: 'streamClosed',
      observed: timestampOf(clock.now()),
      stream: log.stream,
      boundTo: isOwn ? life.instance : null,
      repeatsRemoved: log.repeatsRemoved,
      reason: isOwn ? 'ended' : "it showed another instance's log",
    });
    if (!isOwn) this.#startOver();
  }

  /** Decides after a stream: undefined to open the log again. */
  async #next(outcome: Outcome, reach: Exclude<Reach, 'gone'>, signal: AbortSignal): Promise<FollowEnd | undefined> {
    const { life, clock, limits } = this.#options;
    switch (outcome.type) {
      case 'ended':
        this.#cleanEndAt = outcome.at;
        if (outcome.wasOver || reach === 'previous') return await this.#readToEnd(reach, signal);
        await this.#waitForStatus(STATUS_LAG_MS, signal);
        if (!life.isOver) await clock.sleep(this.#retryDelay() - FIRST_RETRY_MS, signal);
        return undefined;
      case 'foreign':
        await this.#waitForStatus(this.#retryDelay(), signal);
        return undefined;
      case 'refused':
        if (outcome.error.code === 'forbidden') return this.#proof.lost('forbidden', outcome.error.message);
        if (outcome.error.status === 400 && reach === 'previous')
          return this.#proof.lost('instance-gone', outcome.error.message);
        if (outcome.error.code === 'not-found' && this.#retries >= 3)
          return this.#proof.lost('instance-gone', outcome.error.message);
        break;
      case 'failed':
        // A file that is gone does not come back.
        if (life.isOver && this.#retries >= 3) return this.#proof.lost('instance-gone', outcome.error.message);
        break;
      case 'broken':
        break;
    }
    if (limits.timeoutMs !== undefined && clock.now() - this.#lastProgress > limits.timeoutMs)
      return this.#proof.lost(
        'timeout',
        `no progress for ${limits.timeoutMs / 1000} s; the last error: ${outcome.error.message}`,
      );
    await this.#waitForStatus(this.#retryDelay(outcome.error), signal);
    return undefined;
  }

  #waitForStatus(ms: number, signal: AbortSignal): Promise<void> {
    return this.#options.life.changedWithin(ms, this.#options.clock, signal);
  }

  #retryDelay(error?: Error): number {
    const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
    return Math.max(asked, Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#retries++));
  }

  #progressed(): void {
    this.#lastProgress = this.#options.clock.now();
    this.#retries = 0;
  }

  /** A resumed log that does not touch what is known: is it the next instance's? Its status says so soon, or it is not. */
  async #isOther(signal: AbortSignal): Promise<boolean> {
    for (let waits = 0; waits < 4 && !this.#options.life.isOver; waits += 1) await this.#waitForStatus(500, signal);
    return this.#options.life.reach !== 'current';
  }

  /** What the stream shows again is compared when it is opened anew, behind the last line; what it hides then may be missing. */
  #leaveBehindGap(): never {
    const evidence = 'the stream went back in time, and was opened anew behind the last line';
    this.#witness.gap('reconnect', evidence, { certainty: 'suspected', after: this.#cursor.last });
    throw new Error(evidence);
  }

  #acceptBehindGap(log: OpenLog): void {
    const evidence = 'after a break the log went on with none of the lines that were read last';
    const until = log.heldFrom;
    const span = { after: this.#cursor.last, ...(until === undefined ? {} : { until }) };
    this.#witness.gap('reconnect', evidence, { certainty: 'suspected', ...span });
    log.acceptHeld();
  }

  /** Whether a first line can be this instance's, by its start and end in whole seconds. */
  #isInLifetime(line: Buffer): boolean {
    const second = timeOf(line)?.slice(0, 19);
    const { finishedAt } = this.#options.life.view;
    return second === undefined || finishedAt === undefined || second <= finishedAt.slice(0, 19);
  }

  #disown(): void {
    this.#isDisowned = true;
    this.#cancel.abort();
  }

  #startOver(): void {
    this.#isDisowned = false;
    this.#cursor = new LogCursor();
    this.#attempt = 0;
    this.#proof = new StreamProof({ ...this.#options, witness: this.#witness });
    this.#cleanEndAt = undefined;
  }

  /** The log cannot be asked for any more: was its end seen before? */
  #gone(): FollowEnd {
    const finished = this.#options.life.view.finishedAt;
    const endedAt = this.#cleanEndAt === undefined ? undefined : this.#proof.nodeTime.atLeast(this.#cleanEndAt);
    if (endedAt !== undefined && finished !== undefined && endedAt.slice(0, 19) >= finished.slice(0, 19)) {
      this.#last?.endLine();
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

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
