import type { ByteStream, KubeClient } from '../kube/client.ts';
import { ApiError } from '../kube/error.ts';
import { Branch } from '../model/branch.ts';
import { asError } from '../model/errors.ts';
import type { StreamClosedRecord } from '../model/record.ts';
import { type Clock, parseTimestamp, type Timestamp, timestampOf } from '../model/time.ts';
import { FileWatch } from './file-watch.ts';
import { Hearing } from './hearing.ts';
import type { ReadStream } from './later-run.ts';
import { type InstanceLife, isAfterEnd, type Reach } from './life.ts';
import { OpenLog } from './open-log.ts';
import type { OpenStreams } from './open-streams.ts';
import type { LogCursor, Resume } from './position.ts';
import type { LogLimits, LogSink } from './sink.ts';
import type { StreamProof } from './stream-proof.ts';
import type { LogWitness } from './witness.ts';

export interface StreamReadingOptions {
  readonly life: InstanceLife;
  readonly client: Pick<KubeClient, 'logs'>;
  readonly sink: LogSink;
  readonly clock: Clock;
  readonly limits: LogLimits;
  readonly nextStream: () => number;
  /** Streams that are open now; whoever owns them flushes what they bring. */
  readonly open: OpenStreams;
  readonly reach: Exclude<Reach, 'gone'>;
  readonly attempt: number;
  readonly cursor: LogCursor;
  readonly proof: StreamProof;
  readonly witness: LogWitness;
  /** Hears the first line of a log that was not opened behind known lines; false: it is another instance's log. */
  readonly isOwn: (firstLine: Buffer) => boolean;
  /** Hears that new lines came. */
  readonly progressed: () => void;
}

/** How one opened stream ended. */
export type Outcome =
  | { readonly type: 'ended'; readonly at: number; readonly wasOver: boolean }
  | { readonly type: 'foreign' }
  | { readonly type: 'refused'; readonly error: ApiError }
  | { readonly type: 'broken'; readonly error: Error }
  /** The kubelet could not read the file, or not to its end, and said so in the stream. */
  | { readonly type: 'failed'; readonly error: Error };

/** What of a stream's past is kept for longer than it is open, in bytes, to go on there; beyond, its newest block. */
const KEPT_BYTES = 64 * 1024;

const CANCELLED = new Error('This operation was aborted');

/** Opens one instance's log once, behind the last line that is known, and reads it until its stream ends. */
export class StreamReading {
  readonly #options: StreamReadingOptions;
  /** What was known when it was opened. */
  readonly #before: LogCursor;
  readonly #resume: Resume | undefined;
  /** Its stream's life, while that is open. */
  #branch: Branch | undefined;
  #log: OpenLog | undefined;
  #isDisowned = false;
  /** While the disk is behind, and there may be lines that were not read. */
  #isHeld = false;
  #wasFollowing = false;

  constructor(options: StreamReadingOptions) {
    this.#options = options;
    this.#before = options.cursor.copy();
    this.#resume = options.cursor.resume();
  }

  /** What came, if it could be opened. */
  get log(): OpenLog | undefined {
    return this.#log;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** What is kept of it when it has ended: there may be hundreds, of which each knew megabytes. */
  past(log: OpenLog, { isFirst }: { readonly isFirst: boolean }): ReadStream {
    const { sink, clock } = this.#options;
    const { stream, repeatsRemoved, goesOn } = log;
    const { first, last } = log.written;
    return {
      brought: { first, last, goesOn },
      before: goesOn && !isFirst ? undefined : this.#before.copy(KEPT_BYTES),
      disown: () => sink.append(closedOf({ stream, repeatsRemoved, boundTo: null }, clock)),
    };
  }

  /** When the capture ended, the stream was open and stood behind the last line. */
  get wasFollowing(): boolean {
    return this.#wasFollowing && !this.#isHeld;
  }

  /** It was another instance's log. */
  disown(): void {
    this.#isDisowned = true;
    this.#cancel();
  }

  #cancel(): void {
    this.#branch?.abort(CANCELLED);
  }

  /** Rejects only when the signal aborts. */
  async read(signal: AbortSignal): Promise<Outcome> {
    const { life, open, reach, proof } = this.#options;
    const wasOver = life.isOver;
    if (this.#isDisowned) return { type: 'foreign' };
    using branch = new Branch(signal);
    this.#branch = branch;
    let stream: ByteStream;
    try {
      stream = await this.#request(branch.signal);
    } catch (error) {
      signal.throwIfAborted();
      return error instanceof ApiError ? { type: 'refused', error } : { type: 'broken', error: asError(error) };
    }
    proof.opened();
    const log = this.#open();
    open.add(log);
    const settled = log.parted.then(() => this.#settle(log, signal));
    settled.catch(() => undefined); // rejected only by the end, which the stream tells too
    try {
      const isStuck = () => this.#cancel();
      using watch = new FileWatch({ ...this.#options, proof, reach, isStuck }, branch.signal);
      const at = await this.#consume(log, { stream, settled, watch }, signal);
      if (log.written.isForeign || this.#isDisowned) return { type: 'foreign' };
      if (log.written.wentBack) return { type: 'broken', error: this.#leaveBehindGap() };
      if (log.written.complaint !== undefined)
        return { type: 'failed', error: new Error(`the kubelet said: ${log.written.complaint}`) };
      return { type: 'ended', at, wasOver };
    } catch (error) {
      log.close();
      if (signal.aborted) this.#leaveOff(log);
      signal.throwIfAborted();
      if (log.written.isForeign || this.#isDisowned) return { type: 'foreign' };
      return { type: 'broken', error: log.written.wentBack ? this.#leaveBehindGap() : asError(error) };
    } finally {
      open.delete(log);
    }
  }

  /** Nothing more is taken of it. */
  close(): void {
    const { life, sink, clock } = this.#options;
    const log = this.#log;
    if (log === undefined) return;
    const boundTo = log.written.isForeign || this.#isDisowned ? null : life.instance;
    sink.append(closedOf({ stream: log.stream, repeatsRemoved: log.repeatsRemoved, boundTo }, clock));
  }

  #request(signal: AbortSignal): Promise<ByteStream> {
    const { life, client, limits, reach } = this.#options;
    const { namespace, pod, container } = life.instance;
    const sinceTime = this.#resume?.sinceTime ?? limits.since;
    const tailLines = this.#resume === undefined ? limits.tailLines : undefined;
    const how = reach === 'previous' ? { previous: true } : { follow: true };
    const from = {
      ...(sinceTime === undefined ? {} : { sinceTime }),
      ...(tailLines === undefined ? {} : { tailLines }),
    };
    return client.logs({ namespace, pod, container, ...how, ...from }, signal);
  }

  #open(): OpenLog {
    const { life, limits, nextStream } = this.#options;
    this.#log = new OpenLog({
      ...this.#options,
      instance: life.instance,
      stream: nextStream(),
      limited: limits.tailLines !== undefined || limits.since !== undefined,
      matcher: this.#resume?.matcher,
      stop: () => this.#cancel(),
    });
    return this.#log;
  }

  /** Resolves to when the stream ended, in milliseconds, at the least. */
  async #consume(
    log: OpenLog,
    {
      stream,
      settled,
      watch,
    }: { readonly stream: ByteStream; readonly settled: Promise<void>; readonly watch: FileWatch },
    signal: AbortSignal,
  ): Promise<number> {
    const { sink, open, progressed, clock } = this.#options;
    await using bytes = stream;
    const hearing = new Hearing(clock);
    for await (const chunk of bytes) {
      hearing.heard();
      watch.heard();
      log.push(chunk);
      open.touch();
      if (log.joint === 'disjoint') await settled;
      if (log.takeProgress()) progressed();
      this.#isHeld = true;
      const before = clock.now();
      await sink.drained(signal);
      this.#isHeld = false;
      hearing.goesOn(before);
    }
    hearing.heard();
    log.close();
    if (log.joint === 'disjoint') await settled;
    if (log.takeProgress()) progressed();
    return hearing.endedAt;
  }

  /** What does not touch what is known is another instance's log, or goes on behind a gap. */
  async #settle(log: OpenLog, signal: AbortSignal): Promise<void> {
    if ((await this.#isOther(signal)) || isAfterEnd(log.heldFrom, this.#options.life.view)) log.refuse();
    else this.#acceptBehindGap(log);
  }

  /** Is it the next instance's? Its status says so soon, or it is not. */
  async #isOther(signal: AbortSignal): Promise<boolean> {
    const { life, clock } = this.#options;
    for (let waits = 0; waits < 4 && !life.isOver; waits += 1) await life.changedWithin(500, clock, signal);
    return life.reach !== 'current';
  }

  /** The capture ends while the stream is open. */
  #leaveOff(log: OpenLog): void {
    if (log.joint === 'disjoint' && this.#options.life.reach === 'current') this.#acceptBehindGap(log);
    this.#wasFollowing = log.isRejoined && !log.written.isForeign && !log.written.wentBack;
  }

  /** What the stream shows again is compared when it is opened anew, behind the last line; what it hides then may be missing. */
  #leaveBehindGap(): Error {
    const { witness, cursor } = this.#options;
    const evidence = 'the stream went back in time, and was opened anew behind the last line';
    witness.gap('reconnect', evidence, { certainty: 'suspected', after: cursor.last });
    return new Error(evidence);
  }

  #acceptBehindGap(log: OpenLog): void {
    const { witness, cursor } = this.#options;
    const evidence = 'after a break the log went on with none of the lines that were read last';
    const until = log.heldFrom;
    const after = log.hasSkipped ? earliestOf(this.#resume) : cursor.last;
    const span = { after, ...(until === undefined ? {} : { until }) };
    witness.gap('reconnect', evidence, { certainty: 'suspected', ...span });
    log.acceptHeld();
  }
}

function closedOf(
  stream: Pick<StreamClosedRecord, 'stream' | 'repeatsRemoved' | 'boundTo'>,
  clock: Pick<Clock, 'now'>,
): StreamClosedRecord {
  const reason = stream.boundTo === null ? "it showed another instance's log" : 'ended';
  return { kind: 'streamClosed', observed: timestampOf(clock.now()), ...stream, reason };
}

/** From when on a resumed stream brings lines. */
function earliestOf(resume: Resume | undefined): Timestamp | undefined {
  return resume === undefined ? undefined : parseTimestamp(resume.sinceTime);
}
