import type { KubeClient } from '../kube/client.ts';
import type { FilePosition } from '../model/record.ts';
import type { Slots } from '../model/slots.ts';
import { type Clock, earlierOf, laterOf, type Timestamp, timestampOf } from '../model/time.ts';
import { measureRecords, NOTHING_PENDING } from './cri.ts';
import { asTimestamped, CriJoiner } from './cri-lines.ts';
import type { FileLog, LostPiece } from './file-log.ts';
import type { InstanceLife } from './life.ts';
import type { OpenStreams } from './open-streams.ts';
import type { LogPast } from './past.ts';
import { LogCursor } from './position.ts';
import { positionAfter } from './proof.ts';
import { Scribe } from './scribe.ts';
import type { LogSink } from './sink.ts';
import { StreamTail } from './stream-tail.ts';
import { type LineDigest, StretchProof } from './stretch.ts';
import type { RecordsPiece } from './whole-lines.ts';
import type { LogWitness } from './witness.ts';

export interface SeamOptions {
  readonly life: InstanceLife;
  readonly client: Pick<KubeClient, 'logs'>;
  readonly sink: LogSink;
  readonly clock: Clock;
  /** Follow streams open at once; undefined: none, the files alone serve. */
  readonly streams: Slots | undefined;
  /** The node through whose proxy they are followed; left out: by the pod log API. */
  readonly proxy?: string | undefined;
  readonly nextStream: () => number;
  readonly open: OpenStreams;
  /** Size at which the node rotates a log file, in bytes; undefined where it cannot be known. */
  readonly rotatesAt: () => number | undefined;
  /** What an earlier recorder has of it, which was killed. */
  readonly past?: LogPast | undefined;
}

/** What is kept of the newest lines, in bytes, to recognise them where a stream begins. */
const KEPT_BYTES = 64 * 1024;

/**
 * Where a run's files and the stream beside them become one log, each line once: what the stream brings is written as it
 * comes, as a stretch that stands when the file holds the same, and is replaced by what the file holds when not.
 */
export class Seam implements AsyncDisposable {
  readonly #options: SeamOptions;
  readonly #witness: LogWitness;
  readonly #scribe: Scribe;
  readonly #recent = new LogCursor(KEPT_BYTES);
  #tail: { readonly stream: StreamTail; readonly slot: Disposable } | undefined;
  /** The last stream that ended by itself, and how many lines had been written down when it was put away. */
  #ended: { readonly stream: StreamTail; readonly lines: number } | undefined;
  /** What an earlier recorder had from its stream, and what the one here brings behind that: the file proves both as one. */
  #inherited: LineDigest | undefined;
  #proof: StretchProof<RecordsPiece> | undefined;
  #isHeld = false;
  /** The files were read from the log's beginning on, and nothing of them was lost. */
  #isWhole: boolean;
  #lost: LostPiece | undefined;

  constructor(options: SeamOptions, witness: LogWitness) {
    this.#options = options;
    this.#witness = witness;
    this.#isWhole = options.past?.position === undefined;
    this.#scribe = new Scribe({ ...options, instance: options.life.instance });
  }

  /** Lines that were written down and stand. */
  get lines(): number {
    return this.#scribe.lines;
  }

  /** Up to here the files hold the same. */
  get proven(): Timestamp | undefined {
    return this.#scribe.proven;
  }

  /** The greatest time of the lines that were written down. */
  get last(): Timestamp | undefined {
    return this.#scribe.last;
  }

  /** The stream beside the file, whether it is still of use or not. */
  get stream(): StreamTail | undefined {
    return this.#tail?.stream;
  }

  /** A stream that was put away at its end; it tells of the log's end only while nothing more came than it had brought. */
  get endedStream(): StreamTail | undefined {
    return this.#ended?.lines === this.#scribe.lines ? this.#ended.stream : undefined;
  }

  /** Lines that an earlier recorder had are known again where a stream begins with them, and proven where they are not. */
  async inherit(): Promise<void> {
    const { past } = this.#options;
    if (past === undefined) return;
    const unproven = await past.unproven();
    if (unproven.lines > 0) this.#inherited = unproven;
    this.#recent.restore(await past.recentLines());
  }

  /** Until it is disposed, nothing of a stream is written, not of one that is opened meanwhile either: the file is being read. */
  hold(): Disposable {
    this.#isHeld = true;
    this.#tail?.stream.hold();
    if ((this.#claim?.lines ?? 0) > 0) this.#proof ??= new StretchProof();
    return {
      [Symbol.dispose]: () => {
        this.#isHeld = false;
        this.#tail?.stream.release();
      },
    };
  }

  /** Takes what the file holds next; nothing of its bytes is kept. */
  take(piece: RecordsPiece | LostPiece): void {
    if (piece.type === 'lost') {
      this.#isWhole = false;
      this.#lost = this.#lost === undefined ? piece : together(this.#lost, piece);
      return;
    }
    if (this.#lost !== undefined && piece.first !== undefined) this.#stateLoss(this.#lost, piece.first);
    if (piece.last !== undefined) this.#recent.remember(piece.bytes, piece.last, 'cri', { isLent: true });
    const claim = this.#claim;
    if (this.#proof === undefined || claim === undefined) {
      this.#write(piece);
      return;
    }
    const verdict = this.#proof.take(piece, claim);
    const doubts = this.#inherited !== undefined && this.#isWhole ? (this.#options.past?.doubts ?? []) : [];
    switch (verdict.state) {
      case 'open':
        break;
      case 'refuted':
        this.#refute(this.#proof);
        this.#witness.withdraw(doubts);
        break;
      case 'proven':
        this.#witness.withdraw(doubts);
        this.#scribe.prove(this.#positionIn(piece, verdict.restOffset));
        this.#rebase();
        this.#write(restOf(piece, verdict));
    }
  }

  /** The file was read as far as `log` came. */
  afterReading(log: FileLog): void {
    // It was read after the stream had brought its lines: what is not there now is not this log's.
    if (this.#proof !== undefined && log.state === 'end') this.#refute(this.#proof);
    if (log.hasOpenLine) this.putAway();
  }

  openStream(signal: AbortSignal): void {
    const { life, streams, open } = this.#options;
    const slot = this.#tail === undefined ? streams?.tryAcquire() : undefined;
    if (slot === undefined) return;
    const { namespace, pod, container } = life.instance;
    const of = { namespace, pod, container };
    const inherited = this.#inherited;
    const tail = { ...this.#options, of, cursor: this.#recent, inherited, scribe: this.#scribe };
    const stream = new StreamTail(tail, signal);
    this.#tail = { stream, slot };
    if (this.#isHeld) stream.hold();
    open.add(stream);
  }

  /** Ends the stream. What it brought is still to be proven, if it was not: it stays until the next reading does that. */
  putAway(): void {
    const tail = this.#tail;
    if (tail === undefined) return;
    const wasAlive = tail.stream.isAlive;
    void tail.stream.close();
    if (this.#proof !== undefined || tail.stream.hasBrought) return;
    this.#tail = undefined;
    if (tail.stream.hasEndedWell) this.#ended = { stream: tail.stream, lines: this.#scribe.lines };
    if (!wasAlive) this.#scribe.reconnects += 1;
    this.#options.open.delete(tail.stream);
    tail.slot[Symbol.dispose]();
  }

  /** Nothing of the files proves what the stream brought. If that is of a later run, as the container's end tells, it does not stand. */
  giveBack(): void {
    const stream = this.#tail?.stream;
    if (stream?.isOfLaterRun !== true) return;
    stream.giveUp();
    this.#refute(this.#proof ?? new StretchProof());
  }

  /** Files that went away unread with nothing behind them: missing to the log's end. */
  stateLost(): void {
    if (this.#lost === undefined) return;
    const { evidence, certainty, after = this.#scribe.proven } = this.#lost;
    this.#lost = undefined;
    this.#witness.gap('rotation', evidence, { certainty, after });
  }

  /** The log has ended: a line that never did is whole. */
  finish(log: FileLog): void {
    const piece = log.takeUnended();
    if (piece === undefined) return;
    const { bytes, lines, contentBytes, file, offset } = piece;
    const time = piece.last ?? this.#scribe.last ?? timestampOf(this.#options.clock.now());
    const block = {
      bytes,
      lines,
      contentBytes,
      file,
      offset,
      first: piece.first ?? time,
      last: time,
      ...anewOf(piece),
    };
    this.#scribe.write('node-files', { ...block, format: 'cri', unterminated: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.giveBack();
    const tail = this.#tail;
    if (tail !== undefined) {
      this.#options.open.delete(tail.stream);
      tail.slot[Symbol.dispose]();
      await tail.stream.close();
    }
    this.#scribe.close();
  }

  /** What streams brought since the last proof. */
  get #claim(): LineDigest | undefined {
    return this.#inherited ?? this.#tail?.stream.stretch;
  }

  /** What was claimed is decided. */
  #rebase(): void {
    this.#proof = undefined;
    this.#tail?.stream.rebase();
    this.#inherited = undefined;
  }

  /** Where the lines end that were proven, if that is in this piece. */
  #positionIn({ file, offset, bytes }: RecordsPiece, end: number): FilePosition | undefined {
    const { last } = this.#scribe;
    if (end === offset || last === undefined) return undefined;
    const proven = bytes.subarray(0, end - offset);
    return positionAfter({ file, offset, bytes: proven, last, pending: NOTHING_PENDING });
  }

  /** What the stream brought is not what the file holds, which is written down in its place; the stream is given up. */
  #refute(proof: StretchProof<RecordsPiece>): void {
    this.#scribe.disown(this.#claim?.lines ?? 0);
    this.#rebase();
    this.putAway();
    for (const piece of proof.refute().pieces) this.#write(piece);
  }

  #write(piece: RecordsPiece): void {
    const { bytes, first, last, lines, contentBytes, file, offset } = piece;
    if (piece.foreign > 0) this.#witness.note(`${piece.foreign} bytes of ${file} are no log records`);
    if (first === undefined || last === undefined) return;
    const position = positionAfter({ ...piece, last: laterOf(this.#scribe.last, last) });
    const block = { bytes, first, last, lines, contentBytes, file, offset, position, unterminated: false };
    this.#scribe.write('node-files', { ...block, ...anewOf(piece), format: 'cri' });
    const stream = this.#tail?.stream;
    if (stream === undefined) return;
    const ahead = asTimestamped(new CriJoiner(), bytes);
    stream.overtake(ahead.bytes, ahead.lines);
  }

  /** Files went away unread. Lines of the stream that are older than what is left stand; others come again. */
  #stateLoss({ evidence, certainty, after = this.#scribe.proven }: LostPiece, next: Timestamp): void {
    this.#lost = undefined;
    const isBefore = (this.#scribe.last ?? '') < next;
    const proof = this.#proof ?? new StretchProof();
    if (!isBefore) this.#refute(proof);
    this.#scribe.prove();
    this.#rebase();
    this.putAway();
    this.#witness.gap('rotation', evidence, { certainty, after, until: next });
  }
}

/** Two losses with no line between them. */
function together(a: LostPiece, b: LostPiece): LostPiece {
  const certainty = a.certainty === 'known' ? 'known' : b.certainty;
  // Left out it is the last line that was read, which is later.
  const after = b.after === undefined ? a.after : earlierOf(a.after, b.after);
  return { type: 'lost', certainty, evidence: `${a.evidence}; ${b.evidence}`, after };
}

function anewOf({ anew }: RecordsPiece): { readonly anew?: true } {
  return anew === undefined ? {} : { anew };
}

function restOf(piece: RecordsPiece, { rest, restOffset }: { rest: Buffer; restOffset: number }): RecordsPiece {
  return { ...piece, ...measureRecords(rest), bytes: rest, offset: restOffset };
}
