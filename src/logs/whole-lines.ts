import { laterOf, type Timestamp } from '../model/time.ts';
import { measureRecords, NOTHING_PENDING, type Pending, type RecordsMeasure, withOpenLines } from './cri.ts';
import { type Proof, proofOf } from './proof.ts';

/** Whole lines of a log file, where they stand, and what they hold. */
export interface RecordsPiece extends RecordsMeasure {
  readonly type: 'records';
  readonly file: string;
  readonly offset: number;
  readonly bytes: Buffer;
  /** See `LogRecord`. */
  readonly anew?: true;
}

/** Where a reading stands, which what it takes moves on: behind `proof`, the last record, which ends at `offset` of `file`. */
export interface ReadingPlace {
  readonly file: string;
  offset: number;
  proof: Proof;
}

/** A line may be begun and not ended over as much before its records are handed on without its end. */
const OPEN_LINE_BYTES = 1024 * 1024;
const NO_BYTES: Buffer = Buffer.alloc(0);

/** Cuts what comes of a run's files into whole lines, over the pieces in which it comes, and over the files. */
export class WholeLines {
  #pending: Pending;
  #unended: Buffer = NO_BYTES;
  #last: Timestamp | undefined;
  /** A line was handed on without its end, which will not come. */
  #isAnew = false;

  /** Goes on behind records that an earlier recorder had. */
  constructor(after?: { readonly open?: Pending; readonly last: Timestamp }) {
    this.#pending = after?.open ?? NOTHING_PENDING;
    this.#last = after?.last;
  }

  /** The greatest time that was taken. */
  get last(): Timestamp | undefined {
    return this.#last;
  }

  /** A line was handed on without its end. */
  get hasOpenLine(): boolean {
    return this.#pending.stdout !== undefined || this.#pending.stderr !== undefined;
  }

  /** What came last and is no whole line yet; it is to come again, in front of what follows. */
  get unended(): Buffer {
    return this.#unended;
  }

  /** What is no whole line yet is kept for itself: the memory of what came may be used again. */
  keepUnended(): void {
    this.#unended = this.#unended.length === 0 ? NO_BYTES : Buffer.from(this.#unended);
  }

  /** Takes the whole lines at the beginning of some bytes. */
  take(place: ReadingPlace, bytes: Buffer): RecordsPiece | undefined {
    const records = bytes.subarray(0, bytes.lastIndexOf(10) + 1);
    let measure = measureRecords(records, this.#pending);
    const isTooLong = bytes.length - measure.wholeEnd > OPEN_LINE_BYTES;
    const end = isTooLong ? records.length : measure.wholeEnd;
    const whole = records.subarray(0, end);
    if (end < records.length) measure = measureRecords(whole, this.#pending);
    this.#unended = bytes.subarray(end);
    return this.#moveOn(place, whole, measure);
  }

  /** The file ends here, and a line that it ends in goes on in the next one: its records up to there. */
  carryOver(place: ReadingPlace): RecordsPiece | undefined {
    const bytes = this.#wholeRecords();
    this.#unended = NO_BYTES;
    return this.#moveOn(place, bytes, measureRecords(bytes, this.#pending));
  }

  /** The records of lines that never ended; right only where the log itself ends. */
  takeUnended({ file, offset }: ReadingPlace): RecordsPiece | undefined {
    const bytes = this.#wholeRecords();
    if (bytes.length === 0 && !this.hasOpenLine) return undefined;
    const measure = withOpenLines(measureRecords(bytes, this.#pending));
    const piece = { type: 'records', file, offset, bytes, ...measure, ...this.#takeAnew() } as const;
    this.#pending = NOTHING_PENDING;
    this.#unended = NO_BYTES;
    return piece;
  }

  /** What comes next does not go on with what came. */
  drop(): void {
    this.#isAnew ||= this.hasOpenLine;
    this.#unended = NO_BYTES;
    this.#pending = NOTHING_PENDING;
  }

  #takeAnew(): { readonly anew?: true } {
    const isAnew = this.#isAnew;
    this.#isAnew = false;
    return isAnew ? { anew: true } : {};
  }

  #wholeRecords(): Buffer {
    return this.#unended.subarray(0, this.#unended.lastIndexOf(10) + 1);
  }

  #moveOn(place: ReadingPlace, bytes: Buffer, measure: RecordsMeasure): RecordsPiece | undefined {
    if (bytes.length === 0) return undefined;
    const { file, offset } = place;
    // What is no record is not written down, and says nothing.
    const anew = measure.first === undefined ? {} : this.#takeAnew();
    const piece = { type: 'records', file, offset, bytes, ...measure, ...anew } as const;
    place.offset += bytes.length;
    place.proof = proofOf(bytes);
    this.#pending = measure.pending;
    const { last } = measure;
    if (last !== undefined) this.#last = laterOf(this.#last, last);
    return piece;
  }
}
