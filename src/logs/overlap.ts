import type { Timestamp } from '../model/time.ts';
import { type KnownLines, KnownRun } from './known-lines.ts';
import { timeOf } from './lines.ts';

/** How the beginning of a resumed stream compares with what was recorded last. */
export type Overlap = { readonly state: 'open' } | DecidedOverlap;

export type DecidedOverlap =
  /**
   * `fresh` are the first lines that were not recorded before; `repeats` lines were recognised, with (`isWhole`) the last
   * one that is known.
   */
  | { readonly state: 'joined'; readonly fresh: readonly Buffer[]; readonly repeats: number; readonly isWhole: boolean }
  /**
   * Nothing of what was recorded came again: lines in between may be missing, or this is another log. `hasSkipped`: lines
   * that came before the fresh ones were taken for known ones, and that is in doubt.
   */
  | { readonly state: 'disjoint'; readonly fresh: readonly Buffer[]; readonly hasSkipped: boolean };

/** Finds, line by line, how a resumed stream overlaps the lines that were recorded; what is known is not held. */
export interface OverlapMatcher {
  /** Takes the next line of the resumed stream, without its newline. */
  accept(line: Buffer): Overlap;
  /** The stream has ended before it could be decided: what do the lines so far mean? */
  end(): DecidedOverlap;
}

const OPEN = { state: 'open' } as const;

/** Where the stream is to begin with the known lines, or, their head being gone from the log, with the end of them. */
export class OverlapAtOnce implements OverlapMatcher {
  readonly #known: KnownLines;
  #run: KnownRun;

  constructor(known: KnownLines) {
    this.#known = known;
    this.#run = new KnownRun(known);
  }

  accept(line: Buffer): Overlap {
    if (this.#run.isWhole) return { state: 'joined', fresh: [line], repeats: this.#run.length, isWhole: true };
    return this.#run.take(line) ? OPEN : this.#beginLater([...this.#run.lines(), line]);
  }

  end(): DecidedOverlap {
    const { length, isWhole } = this.#run;
    return { state: 'joined', fresh: [], repeats: length, isWhole };
  }

  /** The next place in the known lines where what came may begin. */
  #beginLater(lines: readonly Buffer[]): Overlap {
    const { length } = this.#known;
    for (let from = this.#run.from + 1; from < length; from += 1) {
      const known = lines.slice(0, length - from);
      if (!known.every((line, at) => this.#known.isSame(from + at, line))) continue;
      this.#run = new KnownRun(this.#known, from, known);
      const fresh = lines.slice(known.length);
      return fresh.length === 0 ? OPEN : { state: 'joined', fresh, repeats: known.length, isWhole: true };
    }
    return { state: 'disjoint', fresh: lines, hasSkipped: false };
  }
}

/** Lines not later than the last known one, out of order or in doubt for another reason, take no more than this, in bytes. */
const HELD_BYTES = 256 * 1024;

/**
 * Where recorded lines that are not known any more come first, being older than the known ones: they are passed over until
 * the first of the known ones. A line later than all that was recorded shows that these are not all there: then the stream
 * began amid them, or behind.
 */
export class OverlapBehindOlder implements OverlapMatcher {
  readonly #known: KnownLines;
  readonly #last: Timestamp;
  readonly #lastBytes: Buffer;
  /** What came last, and begins with the first known line. */
  #run: KnownRun;
  #count = 0;
  /** How it is, should the known lines not come. */
  readonly #amid: OverlapAtOnce;
  #otherwise: { readonly overlap: DecidedOverlap; readonly fresh: Buffer[]; bytes: number } | undefined;
  #hasSkipped = false;

  /** @param last the greatest time that was recorded. */
  constructor(known: KnownLines, last: Timestamp) {
    this.#known = known;
    this.#last = last;
    this.#lastBytes = Buffer.from(last, 'latin1');
    this.#run = new KnownRun(known);
    this.#amid = new OverlapAtOnce(known);
  }

  accept(line: Buffer): Overlap {
    const repeats = this.#count;
    if (this.#run.isWhole) return { state: 'joined', fresh: [line], repeats, isWhole: true };
    this.#count += 1;
    this.#weigh(line);
    if (this.#run.take(line) || this.#beginAgain(line) || !this.#isLater(line)) return OPEN;
    if (this.#otherwise === undefined) return { state: 'disjoint', fresh: [line], hasSkipped: this.#hasSkipped };
    return { ...this.#otherwise.overlap, fresh: this.#otherwise.fresh };
  }

  end(): DecidedOverlap {
    const repeats = this.#count;
    if (this.#run.length > 0) return { state: 'joined', fresh: [], repeats, isWhole: this.#run.isWhole };
    if (this.#otherwise?.overlap.state === 'joined')
      return { ...this.#otherwise.overlap, fresh: this.#otherwise.fresh };
    if (this.#otherwise === undefined && !this.#hasSkipped) return this.#amid.end();
    // Only older lines came: the stream was cut off among them.
    return { state: 'joined', fresh: [], repeats, isWhole: false };
  }

  /** What came last may begin with the first known line at a later place. */
  #beginAgain(line: Buffer): boolean {
    if (this.#run.length === 0) return false;
    const lines = [...this.#run.lines(), line];
    const start = lines.findIndex(
      (_, start) => start > 0 && lines.slice(start).every((one, at) => this.#known.isSame(at, one)),
    );
    this.#run = new KnownRun(this.#known, 0, start === -1 ? [] : lines.slice(start));
    return start !== -1;
  }

  #weigh(line: Buffer): void {
    if (this.#hasSkipped) return;
    if (this.#otherwise === undefined) {
      const overlap = this.#amid.accept(line);
      if (overlap.state === 'open') return;
      const fresh = [...overlap.fresh];
      this.#otherwise = { overlap, fresh, bytes: fresh.reduce((sum, { length }) => sum + length, 0) };
    } else {
      this.#otherwise.fresh.push(line);
      this.#otherwise.bytes += line.length;
    }
    if (this.#otherwise.bytes <= HELD_BYTES) return;
    // Two writers' lines are not out of order by as much: these are older ones.
    this.#otherwise = undefined;
    this.#hasSkipped = true;
  }

  /** Whether a line is not one of those that were recorded. */
  #isLater(line: Buffer): boolean {
    const isPadded = line[29] === 90 && line[30] === 32;
    if (isPadded) return line.compare(this.#lastBytes, 0, 30, 0, 30) > 0;
    const time = timeOf(line);
    return time === undefined || time > this.#last;
  }
}
