import type { ByteStream, KubeClient } from '../kube/client.ts';
import { isRefusal } from '../kube/error.ts';
import { Branch } from '../model/branch.ts';
import { type Clock, millisecondsOf, type Timestamp } from '../model/time.ts';
import { type Block, BlockBuilder, type Measured, measure } from './blocks.ts';
import { Hearing } from './hearing.ts';
import { laterRunAt } from './later-run.ts';
import type { InstanceLife } from './life.ts';
import { linesOf } from './lines.ts';
import { LONG_LINE_BYTES } from './long-line.ts';
import { NodeTime } from './node-time.ts';
import type { OpenStreams } from './open-streams.ts';
import type { Overlap, OverlapMatcher } from './overlap.ts';
import { isShownAgain, LogCursor, type Resume } from './position.ts';
import type { Scribe } from './scribe.ts';
import type { LogSink } from './sink.ts';
import { LineDigest } from './stretch.ts';

export interface StreamTailOptions {
  readonly life: Pick<InstanceLife, 'view'>;
  readonly client: Pick<KubeClient, 'logs'>;
  readonly of: { readonly namespace: string; readonly pod: string; readonly container: string };
  /** The node through whose proxy it is followed; left out: by the pod log API. */
  readonly proxy?: string | undefined;
  /** Knows the last lines that were read from the file, which the stream begins with. */
  readonly cursor: LogCursor;
  /** What an earlier stream brought of those, and the file has yet to prove: the stretch goes on behind it. */
  readonly inherited?: LineDigest | undefined;
  readonly scribe: Scribe;
  readonly sink: Pick<LogSink, 'drained'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly open: Pick<OpenStreams, 'touch'>;
  /** Size at which the node rotates the file, in bytes; undefined where it cannot be known. */
  readonly rotatesAt: () => number | undefined;
}

/** Why the file should be read: the stream `ended` or does not fit, brings too much, or has brought enough to be proven. */
export type TailNews = 'ended' | 'busy' | 'full';

/** Lines a second above which the file is the cheaper way: a request for it costs as much as 40 of them, or fewer. */
export const BUSY_LINES = 40;
const RATE_MS = 1000;
/** What is kept of the newest lines, in bytes, to recognise them. */
const KEPT_BYTES = 128 * 1024;
/** What the stream brings unproven, in bytes, at most. */
const STRETCH_BYTES = 256 * 1024;

/**
 * A follow stream of the pod log API beside the file: brings new lines at once, and holds the file open when its pod is
 * deleted. What it brings is written down as a stretch, which the file proves later or replaces.
 */
export class StreamTail {
  readonly #options: StreamTailOptions;
  readonly #builder = new BlockBuilder();
  readonly #life: Branch;
  #news = Promise.withResolvers<TailNews>();
  readonly #done: Promise<void>;
  #matcher: OverlapMatcher | undefined;
  #held: PromiseWithResolvers<void> | undefined;
  #stretch: LineDigest;
  /** Lines that the file gave first, and those of them that the stream brought since. */
  #ahead = new LineDigest();
  #behind = new LineDigest();
  /** Since when lines are counted, by the clock here and by their own times, in milliseconds. */
  #window: { readonly at: number; readonly written: number | undefined; lines: number };
  #isSound = true;
  #end: 'open' | 'eof' | 'broken' = 'open';
  #endedAt: number | undefined;
  #isFirstHand = false;
  readonly #nodeTime = new NodeTime();
  /** The newest lines that were written since the last proof. */
  #written = new LogCursor(KEPT_BYTES);
  /** Of which run it is, only times tell: no line that it began with was known, and the file has proven none. */
  #isUnknown: boolean;
  #first: Timestamp | undefined;
  #last: Timestamp | undefined;

  constructor(options: StreamTailOptions, signal: AbortSignal) {
    this.#options = options;
    this.#stretch = options.inherited ?? new LineDigest();
    const { last } = options.cursor;
    this.#isUnknown = last === undefined && options.inherited === undefined;
    const written = last === undefined ? undefined : millisecondsOf(last);
    this.#window = { at: options.clock.now(), written, lines: 0 };
    this.#life = new Branch(signal);
    this.#done = this.#pump(options.cursor.resume(), this.#life.signal);
  }

  /** Resolves when the file should be read. */
  get news(): Promise<TailNews> {
    return this.#news.promise;
  }

  /** All that it brought since the last proof, and before that what it inherited. */
  get stretch(): LineDigest {
    return this.#stretch;
  }

  /** Something of that is its own. */
  get hasBrought(): boolean {
    return this.#written.last !== undefined;
  }

  /** False once it proved to be of no use: it ended, or its lines are not the file's. */
  get isAlive(): boolean {
    return this.#isSound && this.#end === 'open';
  }

  /** It ended by itself, and every line that it brought is accounted for. */
  get hasEndedWell(): boolean {
    // Without a newline the kubelet says why it gave up, and a container's last line may end so: neither is accounted for.
    const isAccountedFor = this.#builder.tailBytes === 0 && this.#ahead.lines === this.#behind.lines;
    return this.#end === 'eof' && this.#isSound && isAccountedFor;
  }

  /**
   * It came through the node's proxy: if it ended, its kubelet had seen that the container runs no more, and then read to
   * the file's end (`ReadLogs`). It says so where it gives up for another reason; where it stops, or the way to it breaks, the
   * API server breaks off what it passes on (Go's `ReverseProxy`), and ends an answer of the pod log API (`StreamObject`).
   */
  get isFirstHand(): boolean {
    return this.#isFirstHand;
  }

  /** What the node's clock showed at the least when it ended by itself; empty where it did not. */
  get endedAt(): Timestamp | '' {
    return this.#endedAt === undefined ? '' : this.#nodeTime.atLeast(this.#endedAt);
  }

  /** From now on until `release` nothing of it is written; what came before is. */
  hold(): void {
    this.flush();
    this.#held ??= Promise.withResolvers();
  }

  release(): void {
    if (this.#held === undefined) return;
    this.#held.resolve();
    this.#held = undefined;
    this.#options.open.touch();
  }

  /** What it shows was written after the container's end, which may have been told since: it was opened too late. */
  get isOfLaterRun(): boolean {
    const brought = { first: this.#first, last: this.#last, goesOn: false };
    return this.#isUnknown && laterRunAt([brought], this.#options.life.view) === 0;
  }

  /** It is of no use, and its end tells nothing. */
  giveUp(): void {
    this.#fail();
  }

  /** Its stretch was compared with the file: it begins anew. */
  rebase(): void {
    this.#isUnknown = false;
    this.#stretch = new LineDigest();
    this.#written = new LogCursor(KEPT_BYTES);
    if (this.isAlive) this.#news = Promise.withResolvers();
  }

  /** The file gave these lines, which the stream has not brought yet. */
  overtake(bytes: Buffer, lines: number): void {
    this.#ahead.add(bytes, lines);
  }

  /** Writes down the whole lines that came so far. */
  flush(): void {
    if (this.#held !== undefined || !this.#builder.hasLines) return;
    const bytes = this.#builder.take();
    this.#takeFresh(this.#matcher === undefined ? bytes : this.#match(this.#matcher, bytes));
  }

  /** Ends it. What it showed stands, if it had come to its end before. */
  async close(): Promise<void> {
    if (this.#end === 'open') this.#isSound = false;
    this.#life.abort(CLOSED);
    this.release();
    await this.#done;
  }

  async #pump(resume: Resume | undefined, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const from = resume === undefined ? {} : { sinceTime: resume.sinceTime };
    try {
      await using bytes = await this.#open(from, signal);
      this.#matcher = resume?.matcher; // not before it is asked for: of a pod that is going every moment counts
      const hearing = new Hearing(clock);
      for await (const chunk of bytes) {
        const came = hearing.heard();
        while (this.#held !== undefined) await this.#held.promise;
        this.#builder.push(chunk);
        this.#options.open.touch();
        if (this.#builder.isFull) this.flush();
        // A line that is too long to be held comes from the file, where it is in pieces.
        if (this.#builder.tailBytes > LONG_LINE_BYTES) this.#fail();
        await this.#options.sink.drained(signal);
        hearing.goesOn(came);
      }
      hearing.heard();
      const { endedAt } = hearing;
      // No other turn between this question and what follows: a hold that began there would not be heeded.
      while (this.#held !== undefined) await this.#held.promise;
      this.#end = 'eof';
      this.#endedAt = endedAt;
      // In this order: the comparison must have seen every line before it is decided.
      this.flush();
      if (this.#matcher !== undefined) this.#finish(this.#matcher);
    } catch {
      this.#end = 'broken'; // the file tells what it did not bring
    }
    this.#life.leave();
    this.#news.resolve('ended');
  }

  async #open(from: { sinceTime?: string }, signal: AbortSignal): Promise<ByteStream> {
    const { client, of, proxy: node } = this.#options;
    const options = { ...of, ...from, follow: true };
    if (node === undefined) return await client.logs(options, signal);
    try {
      const bytes = await client.logs({ ...options, node }, signal);
      this.#isFirstHand = true;
      return bytes;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return await client.logs(options, signal); // a node may be let serve its files and nothing else
    }
  }

  /** What of these lines is new; none while that is open. */
  #match(matcher: OverlapMatcher, bytes: Buffer): Buffer {
    const fresh: Buffer[] = [];
    for (const line of linesOf(bytes)) {
      if (this.#matcher === undefined) fresh.push(line, NEWLINE);
      else fresh.push(this.#judge(matcher.accept(line)));
    }
    return Buffer.concat(fresh);
  }

  #finish(matcher: OverlapMatcher): void {
    const overlap = matcher.end();
    this.#takeFresh(this.#judge(overlap));
    // It did not come to the last of the known lines: it was cut off, or is not of their file.
    if (overlap.state === 'joined' && !overlap.isWhole) this.#fail();
  }

  #judge(overlap: Overlap): Buffer {
    if (overlap.state === 'open') return NO_BYTES;
    this.#matcher = undefined;
    if (overlap.state === 'disjoint') this.#fail();
    else this.#options.scribe.repeatsRemoved += overlap.repeats;
    return overlap.state === 'disjoint' ? NO_BYTES : Buffer.concat(overlap.fresh.flatMap((line) => [line, NEWLINE]));
  }

  #takeFresh(fresh: Buffer): void {
    if (!this.#isSound) return;
    const bytes = fresh.subarray(this.#repeated(fresh));
    const measured = bytes.length === 0 ? NOTHING : measure(bytes);
    const { block, undated } = measured;
    // A line without a time is the kubelet's own word: what the log really holds, only the file can tell.
    if (undated.length > 0) this.#fail();
    // The last check before the journal, whatever led here: no line comes again.
    if (isShownAgain(measured, [this.#options.cursor, this.#written])) this.#fail();
    this.#first ??= block?.first;
    this.#last = block?.last ?? this.#last;
    if (this.isOfLaterRun) this.#fail();
    if (!this.#isSound || block === undefined) return;
    this.#nodeTime.heard(block.last, this.#options.clock.now());
    this.#written.remember(block.bytes, block.last);
    this.#stretch.add(block.bytes, block.lines);
    this.#options.scribe.write('stream', { ...block, format: 'timestamped', file: null, offset: 0 });
    this.#count(block);
    // Before the file can have been rotated more than once, let alone removed.
    const rotated = this.#options.rotatesAt() ?? Number.POSITIVE_INFINITY;
    if (this.#stretch.bytes >= Math.min(STRETCH_BYTES, rotated / 2)) this.#news.resolve('full');
  }

  /** How many bytes at the beginning are lines that the file gave before; they must be the same. */
  #repeated(bytes: Buffer): number {
    const wanted = this.#ahead.lines - this.#behind.lines;
    let end = 0;
    let lines = 0;
    for (; lines < wanted && end < bytes.length; lines += 1) end = bytes.indexOf(10, end) + 1;
    if (lines === 0) return 0;
    this.#behind.add(bytes.subarray(0, end), lines);
    this.#options.scribe.repeatsRemoved += lines;
    if (lines < wanted) return end;
    if (!this.#behind.equals(this.#ahead)) this.#fail();
    this.#ahead = new LineDigest();
    this.#behind = new LineDigest();
    return end;
  }

  /** Lines that were held up come all at once: by their own times they were written slower than they came. */
  #count({ lines, first, last }: Block): void {
    const { at, written = millisecondsOf(first) } = this.#window;
    this.#window = { at, written, lines: this.#window.lines + lines };
    const [now, newest] = [this.#options.clock.now(), millisecondsOf(last)];
    const elapsed = Math.max(now - at, newest - written);
    if (elapsed < RATE_MS) return;
    if ((this.#window.lines / elapsed) * 1000 > BUSY_LINES) this.#news.resolve('busy');
    this.#window = { at: now, written: newest, lines: 0 };
  }

  #fail(): void {
    this.#isSound = false;
    this.#life.abort(CLOSED);
    this.#news.resolve('ended');
  }
}

/** One for all: an abort without a reason makes an error with a stack trace each time. */
const CLOSED = new Error('the stream is closed');
const NEWLINE = Buffer.from('\n');
const NO_BYTES: Buffer = Buffer.alloc(0);
const NOTHING: Measured = { block: undefined, undated: [], isRising: true };
