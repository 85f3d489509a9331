import type { Timestamp } from '../model/time.ts';
import { BlockBuilder } from './blocks.ts';
import { linesOf, timeOf } from './lines.ts';
import { LONG_LINE_BYTES, LongLine } from './long-line.ts';
import type { Overlap, OverlapMatcher } from './overlap.ts';
import { StreamScribe, type StreamScribeOptions } from './stream-scribe.ts';

export interface OpenLogOptions extends Omit<StreamScribeOptions, 'isResumed'> {
  /** Set when the log is resumed: recognises the lines that are known. */
  readonly matcher: OverlapMatcher | undefined;
}

/** How the beginning of a log that was opened again relates to what was recorded of it. */
export type Joint = 'open' | 'joined' | 'disjoint';

/** What the journal has of an opened stream. */
export type Written = Pick<StreamScribe, 'first' | 'last' | 'complaint' | 'isForeign' | 'wentBack'>;

/** One opened stream of the pod log API, from its first byte to its last, as blocks in the journal. */
export class OpenLog {
  readonly stream: number;
  readonly #scribe: StreamScribe;
  readonly #builder = new BlockBuilder();
  #matcher: OverlapMatcher | undefined;
  #joint: Joint;
  #held: Buffer[] = [];
  /** A line that is too long to be held, until it ends. */
  #long: LongLine | undefined;
  #hasSkipped = false;
  #isRejoined: boolean;
  #goesOn = false;
  readonly #parted = Promise.withResolvers<void>();
  repeatsRemoved = 0;

  constructor({ matcher, ...options }: OpenLogOptions) {
    this.stream = options.stream;
    this.#matcher = matcher;
    this.#joint = matcher === undefined ? 'joined' : 'open';
    this.#isRejoined = matcher === undefined;
    this.#scribe = new StreamScribe({ ...options, isResumed: matcher !== undefined });
  }

  /** What of it was written down. */
  get written(): Written {
    return this.#scribe;
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
    return !this.#scribe.hasWritten && this.#isRejoined;
  }

  /** What came behind the last line's end, or what tells it from anything else. */
  get tail(): string {
    return this.#long?.mark ?? this.#builder.tail.toString('latin1');
  }

  /** Takes it for another instance's log. */
  refuse(): void {
    this.#scribe.refuse();
  }

  /** Whether new lines came since the last call. */
  takeProgress(): boolean {
    return this.#scribe.takeProgress();
  }

  push(chunk: Buffer): void {
    if (this.#scribe.isForeign) return;
    const rest = this.#long === undefined ? chunk : this.#goOn(this.#long, chunk);
    this.#builder.push(rest);
    if (this.#builder.isFull) this.flush();
    if (this.#builder.tailBytes > LONG_LINE_BYTES) this.#beginLong();
  }

  /** Journals the whole lines that came so far. */
  flush(): void {
    if (this.#scribe.isForeign || !this.#builder.hasLines) return;
    this.#route(this.#builder.take());
  }

  /** The stream has ended: what waited to be compared is decided. A line that has no end yet is not taken. */
  close(): void {
    if (this.#scribe.isForeign) return;
    this.flush();
    if (this.#matcher !== undefined) this.#settle(this.#matcher.end());
    if (this.#joint === 'joined') this.flush();
    this.#scribe.ended(this.#builder.tail);
  }

  /** The log itself has ended: a last line without a newline is whole. Where only the stream broke, it comes again. */
  endLine(): void {
    if (this.#scribe.isForeign || this.#joint !== 'joined') return;
    if (this.#long !== undefined) this.#endLong(this.#long, { unterminated: true });
    if (this.tail.length === 0) return;
    this.#builder.endLine();
    this.#scribe.write(this.#builder.take(), { unterminated: true });
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
    else this.#scribe.write(bytes);
  }

  /** The beginning of a long line stands for it where lines are compared; it is written down part by part. */
  #beginLong(): void {
    this.flush(); // the lines before it
    if (this.#scribe.isForeign || this.#joint === 'disjoint') return; // it waits with those that are held
    const head = this.#builder.tail.subarray(0, LONG_LINE_BYTES);
    const isFresh = this.#matcher === undefined || this.#isFresh(this.#matcher, head);
    if (this.joint === 'disjoint') return;
    const long = new LongLine(head);
    long.isPassed = !isFresh || !this.#scribe.takes(long.head);
    if (!long.isPassed) this.#scribe.writePart(long);
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
    else if (long.isFull) this.#scribe.writePart(long);
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
    if (!long.isPassed) this.#scribe.writePart(long, { isLast: true, unterminated });
  }
}

const EMPTY = Buffer.alloc(0);
