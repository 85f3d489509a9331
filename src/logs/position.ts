import type { LogRecord } from '../model/record.ts';
import { laterOf, millisecondsOf, type Timestamp, timestampOf, wholeSecondOf } from '../model/time.ts';
import type { Block, Measured } from './blocks.ts';
import { firstLineBehind } from './cri.ts';
import { asTimestamped, CriJoiner } from './cri-lines.ts';
import { KnownLines } from './known-lines.ts';
import { linesOf, timeOf } from './lines.ts';
import { LONG_LINE_BYTES } from './long-line.ts';
import { OverlapAtOnce, OverlapBehindOlder, type OverlapMatcher } from './overlap.ts';
import type { RecentLines } from './past.ts';

/** Times may be out of order by what two writers differ, which is far less. */
const DISORDER_MS = 1000;

/**
 * Where a followed log stands, so that it can be opened again after a break without a line lost or repeated.
 *
 * The pod log API resumes by whole seconds only, so a resumed stream begins with lines that are already recorded. They
 * are recognised as an ordered sequence of exact lines (timestamp and content), never by timestamp alone: equal and
 * inverted timestamps are normal where stdout and stderr meet. Only raw blocks are kept until a break really happens;
 * lines are cut out of them then.
 */
export class LogCursor {
  readonly #maxBytes: number;
  #blocks: KeptBlock[] = [];
  #keptBytes = 0;
  #free: Buffer | undefined;
  #last: Timestamp | undefined;
  /** The second of the newest line whose block was dropped for want of room. */
  #droppedSecond = '';

  /** @param maxBytes bound on what is kept to recognise repeats; beyond it a resume compares only the newest lines. */
  constructor(maxBytes = 8 * 1024 * 1024) {
    this.#maxBytes = maxBytes;
  }

  /** The greatest time recorded so far. */
  get last(): Timestamp | undefined {
    return this.#last;
  }

  /** One that stands here, too, wherever this one goes; of more than so many bytes it knows the newest lines. */
  copy(bytes = this.#maxBytes): LogCursor {
    const copy = new LogCursor(this.#maxBytes);
    this.#blocks = this.#blocks.map((block) => ({ ...block, isOwn: false })); // both have them from here on
    copy.#blocks = [...this.#blocks];
    copy.#keptBytes = this.#keptBytes;
    copy.#last = this.#last;
    copy.#droppedSecond = this.#droppedSecond;
    copy.#keep(bytes, { spared: 1 });
    return copy;
  }

  /**
   * Takes in whole lines that were recorded, with the greatest time among them; of those that are lent a copy, of the newest
   * ones where there are more than are kept.
   */
  remember(
    lines: Buffer,
    last: Timestamp,
    format: LogRecord['format'] = 'timestamped',
    { isRedacted = false, isLent = false } = {},
  ): void {
    this.#last = laterOf(this.#last, last);
    const newest = isLent ? this.#newestOf(lines, format) : lines;
    const isCut = newest.length < lines.length;
    // What is known is one run of lines: nothing may stay in front of what is missing.
    this.#keep(isCut ? 0 : this.#maxBytes - newest.length, { second: secondBefore(this.#last) });
    if (isCut) this.passedOver(latestBefore(newest, lines));
    const bytes = isLent ? this.#copyOf(newest) : newest;
    this.#blocks.push({ bytes, last, format, isRedacted, isOwn: isLent });
    this.#keptBytes += bytes.length;
  }

  /** Drops what is older than a second, and what is more than so many bytes; but not the newest blocks, as many as are `spared`. */
  #keep(bytes: number, { second = '', spared = 0 } = {}): void {
    for (let oldest = this.#blocks[0]; oldest !== undefined && this.#blocks.length > spared; oldest = this.#blocks[0]) {
      if (wholeSecondOf(oldest.last) >= second && this.#keptBytes <= bytes) break;
      this.#blocks.shift();
      this.passedOver(oldest.last);
      this.#keptBytes -= oldest.bytes.length;
      const { buffer } = oldest.bytes;
      if (oldest.isOwn && buffer.byteLength <= this.#maxBytes) this.#free = Buffer.from(buffer);
    }
  }

  /** As many whole lines as are kept; all of them where the last one alone is more. */
  #newestOf(lines: Buffer, format: LogRecord['format']): Buffer {
    const surplus = lines.length - this.#maxBytes;
    if (surplus <= 0) return lines;
    const isOfRecords = format === 'cri' && mayHavePartial(lines);
    const from = isOfRecords ? firstLineBehind(lines, surplus) : lines.indexOf(10, surplus - 1) + 1;
    return from === lines.length ? lines : lines.subarray(from);
  }

  /** In the memory of a block that was dropped, where that is large enough: fresh memory costs more than the copy. */
  #copyOf(lines: Buffer): Buffer {
    const memory = this.#free !== undefined && this.#free.length >= lines.length ? this.#free : undefined;
    if (memory !== undefined) this.#free = undefined;
    const room = Math.ceil(lines.length / ROOM_STEP) * ROOM_STEP;
    const copy = (memory ?? Buffer.allocUnsafeSlow(room)).subarray(0, lines.length);
    lines.copy(copy);
    return copy;
  }

  /** Lines of the second of a time may stand before the first one that is known: nobody had asked for them. */
  passedOver(time: Timestamp): void {
    const second = wholeSecondOf(time);
    if (second > this.#droppedSecond) this.#droppedSecond = second;
  }

  /** Takes in what an earlier recorder had recorded. */
  restore({ blocks, before }: RecentLines): void {
    this.#droppedSecond = wholeSecondOf(before ?? '');
    for (const { bytes, last, format, redactions } of blocks)
      this.remember(bytes, last, format, { isRedacted: redactions !== undefined });
  }

  /**
   * Whether lines that a stream brings next show what was recorded again: times may be out of order by what two writers
   * differ; a stream that goes back further, or brings one of the newest lines, shows its file anew.
   */
  isRepeatedBy({ bytes, first }: Pick<Block, 'bytes' | 'first'>): boolean {
    if (this.#last === undefined || first > this.#last) return false;
    if (millisecondsOf(this.#last) - millisecondsOf(first) > DISORDER_MS) return true;
    const coming = new Set<string>();
    for (const line of linesOf(bytes)) coming.add(line.toString('latin1', 0, LONG_LINE_BYTES));
    for (const line of this.#newest(secondBefore(this.#last))) if (coming.has(line.toString('latin1'))) return true;
    return false;
  }

  /** What to ask the server for, and how to recognise what is known by now; undefined before the first line. */
  resume(): Resume | undefined {
    const last = this.#last;
    if (last === undefined) return undefined;
    const second = wholeSecondOf(last);
    const known = this.copy();
    return {
      sinceTime: `${second}Z`,
      get matcher() {
        const hasOlder = known.#droppedSecond >= second;
        return hasOlder
          ? new OverlapBehindOlder(known.#newest(second), last)
          : new OverlapAtOnce(known.#newest(second));
      },
    };
  }

  #newest(second: string): KnownLines {
    const known = new KnownLines();
    for (const { bytes, last, format, isRedacted } of this.#blocks)
      if (wholeSecondOf(last) >= second)
        known.add(format === 'cri' ? asTimestamped(new CriJoiner(), bytes).bytes : bytes, second, isRedacted);
    return known;
  }
}

/** Blocks of about the same size take each other's memory. */
const ROOM_STEP = 8 * 1024;

/** Whether a record may be part of a line: content that looks like that only takes longer. */
function mayHavePartial(records: Buffer): boolean {
  return records.includes(' stdout P') || records.includes(' stderr P');
}

/** A time that none of the lines in front of the newest ones is later than, by what two writers differ at the most. */
function latestBefore(newest: Buffer, lines: Buffer): Timestamp {
  const cut = lines.length - newest.length;
  const before = timeOf(lines.subarray(lines.lastIndexOf(10, cut - 2) + 1, cut));
  const at = laterOf(before, timeOf(newest) ?? ('' as Timestamp));
  return at === '' ? at : timestampOf(millisecondsOf(at) + DISORDER_MS);
}

/** The second in which the newest lines begin, which may come again out of order. */
function secondBefore(last: Timestamp): string {
  return wholeSecondOf(timestampOf(millisecondsOf(last) - DISORDER_MS));
}

/** Whether a stream that brings a block next shows lines again: those of the block itself, or what stands in one of the cursors. */
export function isShownAgain({ block, isRising }: Measured, cursors: readonly LogCursor[]): boolean {
  if (block === undefined) return false;
  return (!isRising && hasRepeat(block.bytes)) || cursors.some((cursor) => cursor.isRepeatedBy(block));
}

/** No two lines of a log are the same, with their times. */
function hasRepeat(bytes: Buffer): boolean {
  const lines = [...linesOf(bytes)];
  return new Set(lines.map((line) => line.toString('latin1'))).size < lines.length;
}

/** Lines that were recorded; they may have been redacted since, where a journal held them. */
interface KeptBlock {
  readonly bytes: Buffer;
  readonly last: Timestamp;
  readonly format: LogRecord['format'];
  readonly isRedacted: boolean;
  /** Nobody else has its memory. */
  readonly isOwn: boolean;
}

export interface Resume {
  /** RFC 3339 in whole seconds, as the API takes it. */
  readonly sinceTime: string;
  /** Made when it is asked for, of what was known before: the lines have to be cut out, which takes as long as many requests. */
  readonly matcher: OverlapMatcher;
}
