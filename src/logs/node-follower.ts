import type { KubeClient } from '../kube/client.ts';
import type { NodeFiles } from '../kube/node-files.ts';
import { messageOf } from '../model/errors.ts';
import type { GapCause } from '../model/gap.ts';
import type { FilePosition } from '../model/record.ts';
import type { Slots } from '../model/slots.ts';
import { type Clock, laterOf, type Timestamp, timestampOf } from '../model/time.ts';
import { measureRecords, NOTHING_PENDING } from './cri.ts';
import { asTimestamped, CriJoiner } from './cri-lines.ts';
import type { Gunzip } from './file-bytes.ts';
import { FileLog, type LostPiece, type RecordsPiece } from './file-log.ts';
import type { InstanceLife } from './life.ts';
import type { OpenStreams } from './open-streams.ts';
import { Pace } from './pace.ts';
import type { LogPast } from './past.ts';
import { LogCursor } from './position.ts';
import { positionAfter } from './proof.ts';
import { Scribe } from './scribe.ts';
import type { FollowEnd, Follower, LogSink } from './sink.ts';
import { StreamTail } from './stream-tail.ts';
import { type LineDigest, StretchProof } from './stretch.ts';
import { LogWitness } from './witness.ts';

export interface NodeFollowerOptions {
  readonly life: InstanceLife;
  readonly client: Pick<KubeClient, 'logs'>;
  readonly files: NodeFiles;
  /** Of the container's log files, with its slash. */
  readonly folder: string;
  readonly sink: LogSink;
  readonly clock: Clock;
  /** Follow streams open at once; undefined: none, the files alone serve. */
  readonly streams: Slots | undefined;
  /** Left out: in Node's threads. */
  readonly gunzip?: Gunzip | undefined;
  /** Readings of this node's files at once. */
  readonly readings: Slots;
  readonly nextStream: () => number;
  /** Streams that are open now; whoever owns them flushes what they bring. */
  readonly open: OpenStreams;
  /** Size at which the node rotates a log file, in bytes; undefined where it cannot be known. */
  readonly rotatesAt: () => number | undefined;
  /** Milliseconds without progress after which the attempt ends; undefined: never. */
  readonly timeoutMs: number | undefined;
  /** What an earlier recorder has of it, which was killed. */
  readonly past?: LogPast | undefined;
}

/** What one reading of the files came to. */
type Reading = { readonly state: FileLog['state'] } | { readonly state: 'failed'; readonly error: unknown };

/** What is kept of the newest lines, in bytes, to recognise them where a stream begins. */
const KEPT_BYTES = 128 * 1024;
/** A log that has ended is read to its end twice, at least so far apart; where its files are about to go, sooner. */
const STILL_MS = 1000;
const STILL_LEAVING_MS = 150;
/** A deleted pod's container that was never seen to end is given up after as long without a change. */
const DELETED_MS = 5000;
/** An idle log's file is looked at after as many times of proof. */
const IDLE_LOOKS = 10;
/** The kubelet ends a follow stream at most this long after the container's end. */
const STREAM_END_MS = 3000;

/**
 * Reads one container run's log from the node's files, with a follow stream beside them while that is cheap: the stream
 * brings news and, of a deleted pod, the tail; the file proves each line of it, replaces what it got wrong, and holds
 * everything else. What only the files can tell is read from them; nothing is written twice.
 */
export class NodeFollower implements Follower {
  readonly #options: NodeFollowerOptions;
  readonly #log: FileLog;
  readonly #scribe: Scribe;
  readonly #witness: LogWitness;
  readonly #pace: Pace;
  readonly #recent = new LogCursor(KEPT_BYTES);
  #tail: { readonly stream: StreamTail; readonly slot: Disposable } | undefined;
  /** The last stream that ended by itself, and how many lines had been written down when it was put away. */
  #ended: { readonly stream: StreamTail; readonly lines: number } | undefined;
  /** What an earlier recorder had from its stream, and the file has to prove first. */
  #inherited: LineDigest | undefined;
  #proof: StretchProof<RecordsPiece> | undefined;
  #lost: LostPiece | undefined;
  #still: { readonly mark: string; readonly at: number } | undefined;
  #lastProgress: number;

  constructor(options: NodeFollowerOptions) {
    this.#options = options;
    const { life, clock, past } = options;
    const { position, rotations = 0 } = past ?? {};
    const after = position === undefined ? undefined : { position, rotations };
    this.#log = new FileLog({ ...options, restart: life.instance.restart, after });
    this.#scribe = new Scribe({ ...options, instance: life.instance });
    this.#witness = new LogWitness(options);
    this.#pace = new Pace(clock.now());
    this.#lastProgress = clock.now();
  }

  /** Resolves when all that can be had was read, or was given up for a stated reason; rejects only when the signal aborts. */
  async run(signal: AbortSignal): Promise<FollowEnd> {
    const { life } = this.#options;
    try {
      await this.#inherit();
      while (life.view.state === 'waiting' && !life.isOver) {
        await life.changed(signal);
        signal.throwIfAborted();
        if (life.isLastCall && life.view.state === 'waiting') return this.#end('the container had not started');
      }
      for (;;) {
        const asked = { isOver: life.isOver, isLastCall: life.isLastCall, at: this.#options.clock.now() };
        const reading = await this.#sync(signal);
        const end = await this.#judge(asked, reading, signal);
        if (end !== undefined) return end;
        await this.#rest(reading, signal);
      }
    } finally {
      await this.#leave();
    }
  }

  interrupted(): FollowEnd {
    const { cause = 'interrupted', evidence = 'the capture ended before the log was read to its end' } =
      this.#options.sink.hold ?? {};
    return this.#giveUp(cause, evidence);
  }

  /** Lines that an earlier recorder had are known again where a stream begins with them, and proven where they are not. */
  async #inherit(): Promise<void> {
    const { past } = this.#options;
    if (past === undefined) return;
    const unproven = await past.unproven();
    if (unproven.lines > 0) this.#inherited = unproven;
    this.#recent.restore(await past.recentLines());
  }

  /** What a stream brought since the last proof. */
  get #claim(): LineDigest | undefined {
    return this.#inherited ?? this.#tail?.stream.stretch;
  }

  async #leave(): Promise<void> {
    const tail = this.#tail;
    if (tail === undefined) return;
    this.#options.open.delete(tail.stream);
    tail.slot[Symbol.dispose]();
    await tail.stream.close();
  }

  /** Reads what the files hold now; what the stream brought is proven by it or replaced. */
  async #sync(signal: AbortSignal): Promise<Reading> {
    const { life, sink, readings, clock } = this.#options;
    const stream = this.#tail?.stream;
    const before = this.#scribe.lines;
    try {
      using _turn = await readings.acquire(signal);
      stream?.hold();
      if ((this.#claim?.lines ?? 0) > 0) this.#proof ??= new StretchProof();
      for await (const piece of this.#log.read({ hurry: life.isLeaving }, signal)) {
        if (piece.type === 'lost') this.#lost = piece;
        else this.#takeRecords(piece);
        await sink.drained(signal);
      }
      // The file was read after the stream had brought its lines: what is not there now is not this log's.
      if (this.#proof !== undefined && this.#log.state === 'end') this.#refute(this.#proof);
      if (this.#log.hasOpenLine) this.#dropTail();
      return { state: this.#log.state };
    } catch (error) {
      signal.throwIfAborted();
      return { state: 'failed', error };
    } finally {
      stream?.release();
      this.#pace.took(this.#scribe.lines - before, clock.now());
    }
  }

  #takeRecords(piece: RecordsPiece): void {
    if (piece.lines > 0) this.#lastProgress = this.#options.clock.now();
    if (this.#lost !== undefined && piece.first !== undefined) this.#stateLoss(this.#lost, piece.first);
    if (piece.last !== undefined) this.#recent.remember(piece.bytes, piece.last, 'cri');
    const claim = this.#claim;
    if (this.#proof === undefined || claim === undefined) {
      this.#write(piece);
      return;
    }
    const verdict = this.#proof.take(piece, claim);
    switch (verdict.state) {
      case 'open':
        break;
      case 'refuted':
        this.#refute(this.#proof);
        break;
      case 'proven':
        this.#scribe.prove(this.#positionIn(piece, verdict.restOffset));
        this.#rebase();
        this.#write(restOf(piece, verdict));
    }
  }

  /** What the stream brought is not what the file holds, which is written down in its place; the stream is given up. */
  #refute(proof: StretchProof<RecordsPiece>): void {
    this.#scribe.disown(this.#claim?.lines ?? 0);
    this.#rebase();
    this.#dropTail();
    for (const piece of proof.refute().pieces) this.#write(piece);
  }

  /** What was claimed is decided. */
  #rebase(): void {
    this.#proof = undefined;
    if (this.#inherited === undefined) this.#tail?.stream.rebase();
    this.#inherited = undefined;
  }

  /** Where the lines end that were proven, if that is in this piece. */
  #positionIn({ file, offset, bytes }: RecordsPiece, end: number): FilePosition | undefined {
    const { last } = this.#scribe;
    if (end === offset || last === undefined) return undefined;
    const proven = bytes.subarray(0, end - offset);
    return positionAfter({ file, offset, bytes: proven, last, pending: NOTHING_PENDING });
  }

  #write(piece: RecordsPiece): void {
    const { bytes, first, last, lines, contentBytes, file, offset } = piece;
    if (piece.foreign > 0) this.#witness.note(`${piece.foreign} bytes of ${file} are no log records`);
    if (first === undefined || last === undefined) return;
    const position = positionAfter({ ...piece, last: laterOf(last, this.#scribe.last ?? last) });
    const block = { bytes, first, last, lines, contentBytes, file, offset, position, unterminated: false };
    this.#scribe.write('node-files', { ...block, format: 'cri' });
    const stream = this.#tail?.stream;
    if (stream === undefined) return;
    const ahead = asTimestamped(new CriJoiner(), bytes);
    stream.overtake(ahead.bytes, ahead.lines);
  }

  /** Files went away unread. Lines of the stream that are older than what is left stand; others come again. */
  #stateLoss({ evidence, certainty }: LostPiece, next: Timestamp): void {
    this.#lost = undefined;
    const isBefore = (this.#scribe.last ?? '') < next;
    const proof = this.#proof ?? new StretchProof();
    const after = this.#scribe.proven;
    if (!isBefore) this.#refute(proof);
    this.#scribe.prove();
    this.#rebase();
    this.#dropTail();
    this.#witness.gap('rotation', evidence, { certainty, after, until: next });
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
        if (asked.isOver) return this.#readAfterEnd(asked.at);
        if (asked.isLastCall)
          return this.#end(`read to the end of ${this.#log.file} when the capture ended, while the container ran`);
        return undefined;
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

  #readAfterEnd(at: number): FollowEnd | undefined {
    const { life } = this.#options;
    const { mark, file } = this.#log;
    if (this.#still?.mark !== mark) this.#still = { mark, at };
    const stillMs = at - this.#still.at;
    const hasEnded = life.view.state === 'terminated' || life.reach !== 'gone' || !life.isPodDeleted;
    if (stillMs < (life.isLeaving ? STILL_LEAVING_MS : STILL_MS)) return undefined;
    if (!hasEnded && stillMs < DELETED_MS) return undefined;
    this.#takeUnended();
    if (hasEnded) return this.#end(`terminated, then read to the end of ${file}`);
    return this.#unproven(`the pod was deleted before its container was seen to end; read to the end of ${file}`);
  }

  /** The files were removed: what is known of the log's end? */
  async #gone(signal: AbortSignal): Promise<FollowEnd | undefined> {
    const { life } = this.#options;
    const hasEnded = life.view.state === 'terminated';
    if (this.#still !== undefined && hasEnded) {
      this.#takeUnended();
      return this.#end(`terminated, then read to the end of ${this.#log.file}, which was removed then`);
    }
    const stream = this.#tail?.stream;
    if (stream !== undefined) await this.#endOf(stream, signal);
    const last = [stream, this.#endedStream()].find((one) => one !== undefined && this.#sawEnd(one));
    if (last !== undefined) return this.#endOfStream(last);
    if (stream === undefined && this.#pace.failures < 3) return undefined;
    return this.#giveUp('instance-gone', 'the log files were removed before their end was read');
  }

  /** A stream that was put away at its end; it tells of the log's end only while nothing more came than it had brought. */
  #endedStream(): StreamTail | undefined {
    return this.#ended?.lines === this.#scribe.lines ? this.#ended.stream : undefined;
  }

  /** A stream also ends with the kubelet or the API server: only its end after the container's proves anything. */
  #sawEnd(stream: StreamTail): boolean {
    const { finishedAt } = this.#options.life.view;
    if (!stream.hasEndedWell || finishedAt === undefined) return false;
    return timestampOf(stream.endedAt).slice(0, 19) >= finishedAt.slice(0, 19);
  }

  #endOfStream(stream: StreamTail): FollowEnd {
    const evidence = 'its stream ended by itself after the container had';
    const limit = this.#options.rotatesAt();
    // Records have up to 16 bytes more in the file than their lines on the stream, and 64 where a line is split.
    const size = this.#log.offset + stream.stretchBytes * 1.01 + stream.stretch.lines * 16;
    if (limit !== undefined && size < limit) return this.#end(evidence);
    return this.#giveUp(
      'rotation',
      `${evidence}; since the last line that was found in it the file may have been rotated`,
    );
  }

  async #endOf(stream: StreamTail, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const until = clock.now() + STREAM_END_MS;
    while (stream.isAlive && clock.now() < until) await clock.sleep(50, signal);
    stream.flush();
  }

  /** Waits until the files are worth reading again. */
  async #rest(reading: Reading, signal: AbortSignal): Promise<void> {
    const { life } = this.#options;
    if (reading.state === 'more') return;
    const failed = reading.state === 'failed' || reading.state === 'absent' || reading.state === 'gone';
    const isEnding = life.isOver || reading.state === 'waiting';
    const pace = this.#pace.next({ failed, isEnding, isUrgent: life.isLeaving });
    if (this.#tail?.stream.isAlive === false) this.#scribe.reconnects += this.#dropTail() ? 1 : 0;
    const isWanted = !life.isOver && (!pace.isBusy || life.isLeaving);
    if (!isWanted && !life.isOver) this.#dropTail();
    if (isWanted && reading.state === 'end') this.#openTail(signal);
    const isTold = this.#tail?.stream.isAlive === true && !isEnding && !failed && !life.isLeaving;
    if (isTold) await this.#listen(signal);
    else await this.#pause(pace.ms, signal);
  }

  #openTail(signal: AbortSignal): void {
    const { client, life, sink, clock, streams, open, rotatesAt } = this.#options;
    if (this.#tail !== undefined || streams === undefined || !this.#pace.mayOpenStream(clock.now())) return;
    const slot = streams.tryAcquire();
    if (slot === undefined) return;
    const { namespace, pod, container } = life.instance;
    const of = { namespace, pod, container };
    const how = { client, of, cursor: this.#recent, scribe: this.#scribe, sink, clock, open, rotatesAt };
    const stream = new StreamTail(how, signal);
    this.#tail = { stream, slot };
    open.add(stream);
  }

  /** Ends the stream. What it brought is still to be proven, if it was not: false then, and the next reading does it. */
  #dropTail(): boolean {
    const tail = this.#tail;
    if (tail === undefined) return false;
    void tail.stream.close();
    if (this.#proof !== undefined || tail.stream.stretch.lines > 0) return false;
    this.#tail = undefined;
    if (tail.stream.hasEndedWell) this.#ended = { stream: tail.stream, lines: this.#scribe.lines };
    this.#options.open.delete(tail.stream);
    tail.slot[Symbol.dispose]();
    return true;
  }

  /** Until the stream has news, or has brought something that was not proven for a while, or the container's life changes. */
  async #listen(signal: AbortSignal): Promise<void> {
    const stream = this.#tail?.stream;
    if (stream === undefined) return;
    for (let looks = 1; looks <= IDLE_LOOKS; looks += 1) {
      const news = await this.#pause(this.#pace.proofMs, signal, stream.news);
      if (news === 'busy') this.#pace.becameBusy();
      if (news !== undefined || stream.stretch.lines > 0) return;
    }
  }

  /** Until the time is over, something else comes, or the container's life changes. */
  async #pause<T>(ms: number, signal: AbortSignal, other?: Promise<T>): Promise<T | 'changed' | undefined> {
    const { life, clock } = this.#options;
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    const urgency = () => `${life.isOver} ${life.isLeaving} ${life.isLastCall}`;
    const before = urgency();
    const changed = async () => {
      while (urgency() === before && !either.aborted) await life.changed(either);
      return 'changed' as const;
    };
    const enough = clock.sleep(ms, either).catch(() => undefined); // rejected only by the end
    const first = await Promise.race([
      enough.then(() => undefined),
      changed(),
      ...(other === undefined ? [] : [other]),
    ]);
    over.abort();
    signal.throwIfAborted();
    return first;
  }

  #takeUnended(): void {
    const piece = this.#log.takeUnended();
    if (piece === undefined) return;
    const { bytes, lines, contentBytes, file, offset } = piece;
    const time = piece.last ?? this.#scribe.last ?? timestampOf(this.#options.clock.now());
    const block = { bytes, lines, contentBytes, file, offset, first: piece.first ?? time, last: time };
    this.#scribe.write('node-files', { ...block, format: 'cri', unterminated: true });
  }

  #giveUp(cause: GapCause, evidence: string): FollowEnd {
    const certainty = this.#scribe.lines === 0 && cause === 'instance-gone' ? 'known' : 'suspected';
    this.#witness.gap(cause, evidence, { certainty, after: this.#scribe.proven });
    return this.#unproven(evidence);
  }

  #end(evidence: string): FollowEnd {
    return this.#witness.proven(evidence, this.#log.rotations);
  }

  #unproven(evidence: string): FollowEnd {
    return this.#witness.unproven(evidence, this.#log.rotations);
  }
}

function restOf(piece: RecordsPiece, { rest, restOffset }: { rest: Buffer; restOffset: number }): RecordsPiece {
  return { ...piece, ...measureRecords(rest), bytes: rest, offset: restOffset };
}
