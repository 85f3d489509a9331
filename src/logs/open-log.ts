import type { ContainerInstance } from '../model/instance.ts';
import { instanceName } from '../model/instance.ts';
import type { LinePart } from '../model/record.ts';
import { type Clock, laterOf, type Timestamp, timestampOf } from '../model/time.ts';
import { type Block, BlockBuilder, measure } from './blocks.ts';
import { linesOf, timeOf } from './lines.ts';
import { LONG_LINE_BYTES, LongLine } from './long-line.ts';
import type { Overlap, OverlapMatcher } from './overlap.ts';
import { isShownAgain, type LogCursor } from './position.ts';
import type { LogSink } from './sink.ts';
import type { StreamProof } from './stream-proof.ts';

export interface OpenLogOptions {
  readonly instance: ContainerInstance;
  readonly stream: number;
  readonly attempt: number;
  readonly limited: boolean;
  readonly cursor: LogCursor;
  /** Hears of every block of lines that is written down. */
  readonly proof: Pick<StreamProof, 'take'>;
  /** Set when the log is resumed: recognises the lines that are known. */
  readonly matcher: OverlapMatcher | undefined;
  readonly sink: LogSink;
  readonly clock: Clock;
  /** Hears the first line of a log that was not opened behind known lines; false: it is another instance's log. */
  readonly isOwn: (firstLine: Buffer) => boolean;
  /** Hears that nothing more of it is taken. */
  readonly stop: () => void;
}

/** How the beginning of a log that was opened again relates to what was recorded of it. */
export type Joint = 'open' | 'joined' | 'disjoint';

/** One opened stream of the pod log API, from its first byte to its last, as blocks in the journal. */
export class OpenLog {
  readonly #options: OpenLogOptions;
  readonly #builder = new BlockBuilder();
  #matcher: OverlapMatcher | undefined;
  #joint: Joint;
  #held: Buffer[] = [];
  /** A line that is too long to be held, until it ends. */
  #long: LongLine | undefined;
  #hasSkipped = false;
  #isForeign = false;
  #hasFirstLine = false;
  #wentBack = false;
  #hasProgress = false;
  #complaint: string | undefined;
  #isRejoined: boolean;
  #isEcho = true;
  #first: Timestamp | undefined;
  #last: Timestamp | undefined;
  #goesOn = false;
  readonly #parted = Promise.withResolvers<void>();
  repeatsRemoved = 0;

  constructor(options: OpenLogOptions) {
    this.#options = options;
    this.#matcher = options.matcher;
    this.#joint = options.matcher === undefined ? 'joined' : 'open';
    this.#isRejoined = options.matcher === undefined;
    const { instance, stream, attempt, limited, sink, clock } = options;
    const observed = timestampOf(clock.now());
    sink.append({ kind: 'streamOpened', observed, stream, instance, route: 'stream', attempt, limited });
  }

  get stream(): number {
    return this.#options.stream;
  }

  get joint(): Joint {
    return this.#joint;
  }

  /** Resolves when its beginning proves to be disjoint; who awaits that accepts what is held, or gives the stream up. */
  get parted(): Promise<void> {
    return this.#parted.promise;
  }

  /** It showed the last line that is known, or has gone on behind a gap; or it is the first of its log. */
  get isRejoined(): boolean {
    return this.#isRejoined;
  }

  /** It showed the last line that was known when it was opened. */
  get goesOn(): boolean {
    return this.#goesOn;
  }

  /** It has shown what is known, up to the last line, and nothing else. */
  get isEcho(): boolean {
    return this.#isEcho && this.#isRejoined;
  }

  /** What came behind the last line's end, or what tells it from anything else. */
  get tail(): string {
    return this.#long?.mark ?? this.#builder.tail.toString('latin1');
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

  /** Takes it for another instance's log. */
  refuse(): void {
    this.#isForeign = true;
    this.#options.stop();
  }

  /** Whether new lines came since the last call. */
  takeProgress(): boolean {
    const hadProgress = this.#hasProgress;
    this.#hasProgress = false;
    return hadProgress;
  }

  push(chunk: Buffer): void {
    if (this.#isForeign) return;
    const rest = this.#long === undefined ? chunk : this.#goOn(this.#long, chunk);
    this.#builder.push(rest);
    if (this.#builder.isFull) this.flush();
    if (this.#builder.tailBytes > LONG_LINE_BYTES) this.#beginLong();
  }

  /** Journals the whole lines that came so far. */
  flush(): void {
    if (this.#isForeign || !this.#builder.hasLines) return;
    this.#route(this.#builder.take());
  }

  /** The stream has ended: what waited to be compared is decided. A line that has no end yet is not taken. */
  close(): void {
    if (this.#isForeign) return;
    this.flush();
    if (this.#matcher !== undefined) this.#settle(this.#matcher.end());
    if (this.#joint === 'joined') this.flush();
  }

  /** The log itself has ended: a last line without a newline is whole. Where only the stream broke, it comes again. */
  endLine(): void {
    if (this.#isForeign || this.#joint !== 'joined') return;
    if (this.#long !== undefined) this.#endLong(this.#long, { unterminated: true });
    if (this.tail.length === 0) return;
    this.#builder.endLine();
    this.#journal(this.#builder.take(), { unterminated: true });
  }

  /** The time of the first line that was written down. */
  get first(): Timestamp | undefined {
    return this.#first;
  }

  /** The greatest time that was written down. */
  get last(): Timestamp | undefined {
    return this.#last;
  }

  /** The time of the first line that is held back. */
  get heldFrom(): Timestamp | undefined {
    const [line = this.#builder.tail] = this.#held;
    return timeOf(line);
  }

  /** Lines that came before those that are held were taken for known ones, and that is in doubt. */
  get hasSkipped(): boolean {
    return this.#hasSkipped;
  }

  /** Lines that came after an interruption and do not touch what was recorded: recorded now, behind a gap. */
  acceptHeld(): void {
    this.flush(); // what came meanwhile stands behind them
    const held = this.#held;
    this.#held = [];
    this.#joint = 'joined';
    this.#isRejoined = true;
    this.#builder.pushLines(held);
    this.flush();
  }

  #route(bytes: Buffer): void {
    if (this.#matcher !== undefined) this.#match(this.#matcher, bytes);
    else if (this.#joint === 'disjoint') this.#held.push(...linesOf(bytes));
    else this.#journal(bytes);
  }

  /** The beginning of a long line stands for it where lines are compared; it is written down part by part. */
  #beginLong(): void {
    this.flush(); // the lines before it
    if (this.#isForeign || this.#joint === 'disjoint') return; // it waits with those that are held
    const head = this.#builder.tail.subarray(0, LONG_LINE_BYTES);
    const isFresh = this.#matcher === undefined || this.#isFresh(this.#matcher, head);
    if (this.joint === 'disjoint') return;
    const long = new LongLine(head);
    long.isPassed = !isFresh || this.#checked(long.head) === undefined;
    if (!long.isPassed) this.#writePart(long);
    long.push(this.#builder.takeTail().subarray(LONG_LINE_BYTES));
    this.#long = long;
  }

  /** Whether a long line was not recorded before. */
  #isFresh(matcher: OverlapMatcher, head: Buffer): boolean {
    const overlap = matcher.accept(head);
    this.#settle(overlap);
    if (this.#joint === 'joined') this.flush();
    return overlap.state !== 'open';
  }

  /** Takes what belongs to a long line; gives the rest. */
  #goOn(long: LongLine, chunk: Buffer): Buffer {
    const newline = chunk.indexOf(10);
    long.push(newline === -1 ? chunk : chunk.subarray(0, newline));
    if (newline !== -1) this.#endLong(long, { unterminated: false });
    else if (long.isFull) this.#writePart(long);
    return newline === -1 ? EMPTY : chunk.subarray(newline + 1);
  }

  #match(matcher: OverlapMatcher, bytes: Buffer): void {
    for (const line of linesOf(bytes)) {
      if (this.#joint === 'open') this.#settle(matcher.accept(line), line);
      else if (this.#joint === 'disjoint') this.#held.push(line);
      else this.#builder.pushLines([line]);
    }
    if (this.#joint === 'joined') this.flush();
  }

  /** @param line what came last; of other long lines only the beginning is there, by which they were known. */
  #settle(overlap: Overlap, line?: Buffer): void {
    if (overlap.state === 'open') return;
    const fresh = overlap.fresh.filter((one) => one === line || one.length < LONG_LINE_BYTES);
    this.#matcher = undefined;
    this.#joint = overlap.state;
    if (overlap.state === 'disjoint') {
      this.#held = fresh;
      this.#hasSkipped = overlap.hasSkipped;
      this.#parted.resolve();
    } else {
      this.#isRejoined = overlap.isWhole;
      this.#goesOn = overlap.isWhole;
      this.repeatsRemoved = overlap.repeats;
      this.#builder.pushLines(fresh);
    }
  }

  #endLong(long: LongLine, { unterminated }: { readonly unterminated: boolean }): void {
    this.#long = undefined;
    if (long.isPassed) return;
    const last = this.#writePart(long, { isLast: true, unterminated });
    if (last !== undefined) this.#remember(long.head, last);
  }

  /** Gives the line's time. */
  #writePart(long: LongLine, { isLast = false, unterminated = false } = {}): Timestamp | undefined {
    const { bytes, ...part } = long.takePart({ isLast });
    const { block } = measure(bytes);
    if (block === undefined) return undefined; // its time was read at its beginning
    const counts = isLast ? { lines: 1, contentBytes: long.contentBytes } : { lines: 0, contentBytes: 0 };
    this.#write({ ...block, ...counts, unterminated, part });
    return block.last;
  }

  #journal(bytes: Buffer, { unterminated = false } = {}): void {
    const block = this.#checked(bytes);
    if (block === undefined) return;
    this.#remember(block.bytes, block.last);
    this.#write({ ...block, unterminated });
  }

  /** What of some lines is to be written down. */
  #checked(bytes: Buffer): Block | undefined {
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
    return this.#wentBack ? undefined : block;
  }

  /** Whole lines are known from now on. */
  #remember(bytes: Buffer, last: Timestamp): void {
    this.#isEcho = false;
    this.#hasProgress = true;
    const { cursor, limited } = this.#options;
    if (limited && cursor.last === undefined) cursor.passedOver(timeOf(bytes) ?? last);
    cursor.remember(bytes, last);
  }

  #write(block: Block & { readonly part?: LinePart }): void {
    const { stream, sink, clock, proof } = this.#options;
    this.#first ??= timeOf(block.bytes);
    this.#last = this.#last === undefined ? block.last : laterOf(this.#last, block.last);
    proof.take(block);
    const observed = timestampOf(clock.now());
    sink.append({ kind: 'log', observed, stream, format: 'timestamped', file: null, offset: 0, ...block });
  }

  #checkFirstLine(bytes: Buffer): boolean {
    if (this.#hasFirstLine) return true;
    this.#hasFirstLine = true;
    if (this.#options.matcher !== undefined) return true;
    if (this.#options.isOwn(bytes.subarray(0, bytes.indexOf(10)))) return true;
    this.refuse();
    return false;
  }
}

const EMPTY = Buffer.alloc(0);
