import { type ContainerInstance, instanceName } from '../model/instance.ts';
import type { LinePart } from '../model/record.ts';
import { type Clock, laterOf, type Timestamp, timestampOf } from '../model/time.ts';
import { type Block, measure } from './blocks.ts';
import { timeOf } from './lines.ts';
import type { LongLine } from './long-line.ts';
import { isShownAgain, type LogCursor } from './position.ts';
import type { LogSink } from './sink.ts';
import type { StreamProof } from './stream-proof.ts';

export interface StreamScribeOptions {
  readonly instance: ContainerInstance;
  readonly stream: number;
  readonly attempt: number;
  readonly limited: boolean;
  /** It was opened behind lines that are known. */
  readonly isResumed: boolean;
  readonly cursor: LogCursor;
  /** Hears of every block of lines that is written down. */
  readonly proof: Pick<StreamProof, 'take'>;
  readonly sink: LogSink;
  readonly clock: Clock;
  /** Hears the first line of a log that was not opened behind known lines; false: it is another instance's log. */
  readonly isOwn: (firstLine: Buffer) => boolean;
  /** Hears that nothing more of it is taken. */
  readonly stop: () => void;
}

/** Writes what one opened stream of the pod log API brings to the journal, as long as that is the instance's own, and new. */
export class StreamScribe {
  readonly #options: StreamScribeOptions;
  #isForeign = false;
  #hasFirstLine = false;
  #wentBack = false;
  #hasWritten = false;
  #hasProgress = false;
  #complaint: string | undefined;
  #first: Timestamp | undefined;
  #last: Timestamp | undefined;

  constructor(options: StreamScribeOptions) {
    this.#options = options;
    const { instance, stream, attempt, limited, sink, clock } = options;
    const observed = timestampOf(clock.now());
    sink.append({ kind: 'streamOpened', observed, stream, instance, route: 'stream', attempt, limited });
  }

  /** What the kubelet wrote into the stream in place of lines: it failed while it read the file, and its end proves nothing. */
  get complaint(): string | undefined {
    return this.#complaint;
  }

  /** It proved to be another instance's log; nothing more of it is taken. */
  get isForeign(): boolean {
    return this.#isForeign;
  }

  /**
   * It showed lines again: the kubelet opened the file anew and shows it from its beginning; or its times went further
   * back than two writers differ, because the node's clock was set back. From there on nothing of it is taken.
   */
  get wentBack(): boolean {
    return this.#wentBack;
  }

  /** The time of the first line that was written down. */
  get first(): Timestamp | undefined {
    return this.#first;
  }

  /** The greatest time that was written down. */
  get last(): Timestamp | undefined {
    return this.#last;
  }

  /** Whole lines were written down. */
  get hasWritten(): boolean {
    return this.#hasWritten;
  }

  /** Whether some were since the last call. */
  takeProgress(): boolean {
    const hadProgress = this.#hasProgress;
    this.#hasProgress = false;
    return hadProgress;
  }

  /** Takes it for another instance's log. */
  refuse(): void {
    this.#isForeign = true;
    this.#options.stop();
  }

  /** With what has no newline: a line would begin with its time, and the kubelet's word of why it gave up has none. */
  ended(tail: Buffer): void {
    if (tail.length > 0 && !isDigit(tail[0])) this.#complaint ??= tail.toString();
  }

  write(bytes: Buffer, { unterminated = false } = {}): void {
    const checked = this.#checked(bytes);
    if (checked === undefined) return;
    const { block, isRising } = checked;
    this.#remember(block.bytes, block.last);
    this.#append({ ...block, unterminated }, { isRising });
  }

  /** Whether a line that will come in parts is to be written down, by its beginning. */
  takes(head: Buffer): boolean {
    return this.#checked(head) !== undefined;
  }

  /** The part of a long line that is there. */
  writePart(long: LongLine, { isLast = false, unterminated = false } = {}): void {
    const { bytes, ...part } = long.takePart({ isLast });
    const { block } = measure(bytes);
    if (block === undefined) return; // its time was read at its beginning
    const counts = isLast ? { lines: 1, contentBytes: long.contentBytes } : { lines: 0, contentBytes: 0 };
    this.#append({ ...block, ...counts, unterminated, part });
    if (isLast) this.#remember(long.head, block.last);
  }

  /** What of some lines is to be written down. */
  #checked(bytes: Buffer): { readonly block: Block; readonly isRising: boolean } | undefined {
    const { instance, sink, clock, cursor, stop } = this.#options;
    if (!this.#checkFirstLine(bytes)) return undefined;
    const observed = timestampOf(clock.now());
    const measured = measure(bytes);
    const { block, undated } = measured;
    for (const text of undated) {
      this.#complaint = text;
      sink.append({ kind: 'note', observed, text: `log of ${instanceName(instance)}: the kubelet said: ${text}` });
    }
    if (block !== undefined && !this.#wentBack && isShownAgain(measured, [cursor])) {
      this.#wentBack = true;
      stop();
    }
    return this.#wentBack || block === undefined ? undefined : { block, isRising: measured.isRising };
  }

  #checkFirstLine(bytes: Buffer): boolean {
    if (this.#hasFirstLine) return true;
    this.#hasFirstLine = true;
    if (this.#options.isResumed) return true;
    if (this.#options.isOwn(bytes.subarray(0, bytes.indexOf(10)))) return true;
    this.refuse();
    return false;
  }

  /** Whole lines are known from now on. */
  #remember(bytes: Buffer, last: Timestamp): void {
    this.#hasWritten = true;
    this.#hasProgress = true;
    const { cursor, limited } = this.#options;
    if (limited && cursor.last === undefined) cursor.passedOver(timeOf(bytes) ?? last);
    cursor.remember(bytes, last);
  }

  #append(block: Block & { readonly part?: LinePart }, how?: { readonly isRising: boolean }): void {
    const { stream, sink, clock, proof } = this.#options;
    this.#first ??= timeOf(block.bytes);
    this.#last = laterOf(this.#last, block.last);
    proof.take(block, how);
    const observed = timestampOf(clock.now());
    sink.append({ kind: 'log', observed, stream, format: 'timestamped', file: null, offset: 0, ...block });
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 48 && byte <= 57;
}
