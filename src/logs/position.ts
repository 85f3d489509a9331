import type { LogRecord } from '../model/record.ts';
import { millisecondsOf, parseTimestamp, type Timestamp, timestampOf } from '../model/time.ts';
import type { Block } from './blocks.ts';
import { asTimestamped, CriJoiner } from './cri-lines.ts';
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

  /** Takes in whole lines that were recorded, with the greatest time among them. */
  remember(
    bytes: Buffer,
    last: Timestamp,
    format: LogRecord['format'] = 'timestamped',
    { isRedacted = false } = {},
  ): void {
    if (this.#last === undefined || last > this.#last) this.#last = last;
    this.#blocks.push({ bytes, last, format, isRedacted });
    this.#keptBytes += bytes.length;
    const second = secondBefore(this.#last);
    for (let oldest = this.#blocks[0]; oldest !== undefined && this.#blocks.length > 1; oldest = this.#blocks[0]) {
      if (oldest.last.slice(0, 19) >= second && this.#keptBytes <= this.#maxBytes) break;
      this.#blocks.shift();
      this.#droppedSecond = oldest.last.slice(0, 19);
      this.#keptBytes -= oldest.bytes.length;
    }
  }

  /** Takes in what an earlier recorder had recorded. */
  restore({ blocks, before }: RecentLines): void {
    this.#droppedSecond = before?.slice(0, 19) ?? '';
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
    const known = new Set(this.#newest(secondBefore(this.#last)).lines.map((line) => line.toString('latin1')));
    for (const line of linesOf(bytes)) if (known.has(line.toString('latin1'))) return true;
    return false;
  }

  /** What to ask the server for, and how to recognise what is known; undefined before the first line. */
  resume(): Resume | undefined {
    if (this.#last === undefined) return undefined;
    const second = this.#last.slice(0, 19);
    const { lines, redacted } = this.#newest(second);
    return { sinceTime: `${second}Z`, matcher: new OverlapMatcher(lines, this.#droppedSecond >= second, redacted) };
  }

  #newest(second: string): { readonly lines: readonly Buffer[]; readonly redacted: ReadonlySet<Buffer> } {
    const lines: Buffer[] = [];
    const redacted = new Set<Buffer>();
    for (const { bytes, format, isRedacted } of this.#blocks)
      for (const line of linesOf(format === 'cri' ? asTimestamped(new CriJoiner(), bytes).bytes : bytes)) {
        if ((timeOf(line) ?? '').slice(0, 19) < second) continue;
        lines.push(line);
        if (isRedacted) redacted.add(line);
      }
    return { lines, redacted };
  }
}

/** The second in which the newest lines begin, which may come again out of order. */
function secondBefore(last: Timestamp): string {
  return timestampOf(millisecondsOf(last) - DISORDER_MS).slice(0, 19);
}

/** Whether a line stands twice in a block: a stream that shows its file anew. No two lines of a log are the same, with their times. */
export function hasRepeat(bytes: Buffer): boolean {
  const lines = [...linesOf(bytes)];
  return new Set(lines.map((line) => line.toString('latin1'))).size < lines.length;
}

/** Lines that were recorded; they may have been redacted since, where a journal held them. */
interface KeptBlock {
  readonly bytes: Buffer;
  readonly last: Timestamp;
  readonly format: LogRecord['format'];
  readonly isRedacted: boolean;
}

export interface Resume {
  /** RFC 3339 in whole seconds, as the API takes it. */
  readonly sinceTime: string;
  readonly matcher: OverlapMatcher;
}

/** How the beginning of a resumed stream compares with what was recorded last. */
export type Overlap =
  /** Not decided yet: more lines are needed. */
  | { readonly state: 'open' }
  /**
   * `fresh` are the first lines that were not recorded before; `repeats` lines were recognised, with (`isWhole`) the last
   * one that is known.
   */
  | { readonly state: 'joined'; readonly fresh: readonly Buffer[]; readonly repeats: number; readonly isWhole: boolean }
  /** Nothing of what was recorded came again: lines in between may be missing, or this is another log. */
  | { readonly state: 'disjoint'; readonly fresh: readonly Buffer[] };

/** Finds, line by line, how a resumed stream overlaps the lines that were recorded; pure. */
export class OverlapMatcher {
  readonly #expected: readonly Buffer[];
  readonly #isTruncated: boolean;
  readonly #redacted: ReadonlySet<Buffer>;
  readonly #received: Buffer[] = [];
  /** Where in `received` the expected lines begin, as far as is known. */
  #start = 0;
  #inOrder = true;

  /**
   * @param isTruncated the stream begins with recorded lines that are older than the expected ones.
   * @param redacted those of the expected lines that may have been redacted since they came: their times tell them.
   */
  constructor(expected: readonly Buffer[], isTruncated = false, redacted: ReadonlySet<Buffer> = new Set()) {
    this.#expected = expected;
    this.#isTruncated = isTruncated;
    this.#redacted = redacted;
  }

  /** Lines came that do not follow what is known; how they relate is still open. */
  get isInDoubt(): boolean {
    return !this.#inOrder;
  }

  /** Takes the next line of the resumed stream, without its newline. */
  accept(line: Buffer): Overlap {
    const index = this.#received.push(line) - 1;
    if (this.#inOrder) {
      const expected = this.#expected[index - this.#start];
      if (expected === undefined) return { state: 'joined', fresh: [line], repeats: index, isWhole: true };
      if (this.#isSame(expected, line)) return { state: 'open' };
      if (this.#isTruncated) return this.#skip();
      this.#inOrder = false;
    }
    return this.#received.length > this.#expected.length ? this.#decide() : { state: 'open' };
  }

  /** The stream rests: lines in doubt must not wait for ever for others that may never come. */
  rest(): Overlap {
    if (this.#inOrder) return { state: 'open' };
    const from = this.#find();
    if (from === undefined || this.#expected.length - from <= this.#received.length) return this.#decide();
    // The head of the log is gone, and all that came is known: what is known behind it comes next.
    this.#start = -from;
    this.#inOrder = true;
    return { state: 'open' };
  }

  /** The stream has ended before it could be decided: what do the lines so far mean? */
  end(): Overlap {
    const repeats = this.#received.length;
    if (repeats === 0) return { state: 'joined', fresh: [], repeats, isWhole: this.#expected.length === 0 };
    if (!this.#inOrder || this.#start >= repeats) return this.#decide();
    return { state: 'joined', fresh: [], repeats, isWhole: repeats - this.#start === this.#expected.length };
  }

  #isSame(expected: Buffer | undefined, line: Buffer | undefined): boolean {
    if (expected === undefined || line === undefined) return false;
    return expected.equals(line) || (this.#redacted.has(expected) && timeOf(expected) === timeOf(line));
  }

  /** Older lines than the expected ones come first: the earliest place where these may still begin. */
  #skip(): Overlap {
    do this.#start += 1;
    while (!this.#received.slice(this.#start).every((line, at) => this.#isSame(this.#expected[at], line)));
    return { state: 'open' };
  }

  /** The head of the log is gone: what came begins with the end of what is known, if they still touch. */
  #decide(): Overlap {
    const from = this.#find();
    if (from === undefined) return { state: 'disjoint', fresh: this.#received };
    const repeats = Math.min(this.#expected.length - from, this.#received.length);
    const isWhole = repeats === this.#expected.length - from;
    return { state: 'joined', fresh: this.#received.slice(repeats), repeats, isWhole };
  }

  /** Where in the expected lines those begin that came; undefined where they do not touch. */
  #find(): number | undefined {
    for (let from = 0; from < this.#expected.length; from += 1) {
      const repeats = Math.min(this.#expected.length - from, this.#received.length);
      const isMatch = this.#expected
        .slice(from, from + repeats)
        .every((line, at) => this.#isSame(line, this.#received[at]));
      if (isMatch) return from;
    }
    return undefined;
  }
}

/** The lines of a block, without their newlines. */
export function* linesOf(bytes: Buffer): Generator<Buffer> {
  let start = 0;
  for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
    yield bytes.subarray(start, end);
    start = end + 1;
  }
  if (start < bytes.length) yield bytes.subarray(start);
}

/** The longest RFC 3339 time with nanoseconds and offset. */
const MAX_TIME_LENGTH = 35;

/** The time at the beginning of a line of the pod log API or of a node's log file; undefined where there is none. */
export function timeOf(line: Buffer): Timestamp | undefined {
  const space = line.subarray(0, MAX_TIME_LENGTH + 1).indexOf(32);
  if (space < 20) return undefined;
  return parseTimestamp(line.toString('latin1', 0, space));
}
