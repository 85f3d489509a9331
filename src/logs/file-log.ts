import type { FileTimes } from '../kube/node-files.ts';
import type { FilePosition } from '../model/record.ts';
import type { Clock } from '../model/time.ts';
import { measureRecords, NOTHING_PENDING, type Pending, type RecordsMeasure, withOpenLines } from './cri.ts';
import type { FileBytes } from './file-bytes.ts';
import { FileSuccession, type FileSuccessionOptions } from './file-succession.ts';
import { NO_PROOF, type Proof, proofAt, proofOf } from './proof.ts';

/** Whole lines of a log file, where they stand, and what they hold. */
export interface RecordsPiece extends RecordsMeasure {
  readonly type: 'records';
  readonly file: string;
  readonly offset: number;
  readonly bytes: Buffer;
}

/** Files that held what comes next are gone; what follows begins behind a hole. */
export interface LostPiece {
  readonly type: 'lost';
  readonly certainty: 'known' | 'suspected';
  readonly evidence: string;
}

export type FilePiece = RecordsPiece | LostPiece;

/**
 * How far a reading came: to the `end` of what there is; `more` is there, but others want their turn; a rotated file may
 * still grow (`waiting`); the file that should come next is not there (`absent`); nor is the folder (`gone`).
 */
export type FileState = 'end' | 'more' | 'waiting' | 'absent' | 'gone';

export interface FileLogOptions extends FileSuccessionOptions {
  readonly clock: Pick<Clock, 'now'>;
  /** Where the reading of a recorder came to that was killed, and how many rotations it had crossed. */
  readonly after?: { readonly position: FilePosition; readonly rotations: number } | undefined;
}

/** Where the reading stands: behind `proof`, the last record that was taken, which ends at `offset` of `file`. */
interface ReadingPlace {
  readonly file: string;
  readonly isLive: boolean;
  offset: number;
  proof: Proof;
}

/** How a file's reading ended; `moved`: what stands there is not what was read before. */
type Drained = 'end' | 'more' | 'moved';

const PIECE_BYTES = 256 * 1024;
/** After as much the others have their turn. */
const TURN_BYTES = 8 * 1024 * 1024;
/** A line may be begun and not ended over as much before its records are handed on without its end. */
const OPEN_LINE_BYTES = 1024 * 1024;
/** A runtime may write to a file for a moment after it was renamed. */
const SETTLE_MS = 2000;
const NO_BYTES: Buffer = Buffer.alloc(0);

/**
 * Reads one container run's log from the node's files, in order, over every rotation, each record once. Each reading
 * begins with the last record that was taken: those bytes, at their offset, prove that the file is the same and that
 * nothing lies in between. Where they are not found, the files that the kubelet renamed meanwhile are searched for them.
 */
export class FileLog {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #succession: FileSuccession;
  #place: ReadingPlace | undefined;
  #opened: FileBytes | undefined;
  #pending: Pending = NOTHING_PENDING;
  #unended: Buffer = NO_BYTES;
  #stillSince: number | undefined;
  #state: FileState = 'end';
  #times: FileTimes | undefined;
  rotations = 0;

  constructor(options: FileLogOptions) {
    const { after, clock } = options;
    this.#clock = clock;
    this.#succession = new FileSuccession(options, after?.position);
    if (after === undefined) return;
    const { position, rotations } = after;
    // Whatever the file was called then: if it is not the live one any more, the renamed ones are searched.
    const { live } = this.#succession;
    this.#place = { file: live, isLive: true, offset: position.offset, proof: proofAt(position) };
    this.#pending = position.open ?? NOTHING_PENDING;
    this.rotations = rotations;
  }

  get state(): FileState {
    return this.#state;
  }

  /** The file that was read last. */
  get file(): string {
    return this.#place?.file ?? this.#succession.live;
  }

  /** Of the file that the last reading ended in, as that began. */
  get times(): FileTimes | undefined {
    return this.#times;
  }

  /** A line was handed on without its end. */
  get hasOpenLine(): boolean {
    return this.#pending.stdout !== undefined || this.#pending.stderr !== undefined;
  }

  /** Bytes taken of the file that is read now. */
  get offset(): number {
    return this.#place?.offset ?? 0;
  }

  /** Changes whenever anything was written. */
  get mark(): string {
    return `${this.file}@${this.offset}+${this.#unended.length}`;
  }

  /**
   * Yields what was written since the last reading; `state` then says how far it came.
   * @param hurry does not wait for a rotated file to settle: the files are about to go.
   */
  async *read({ hurry }: { readonly hurry: boolean }, signal: AbortSignal): AsyncGenerator<FilePiece> {
    this.#state = 'end';
    this.#times = undefined;
    // Of a file that was empty there is no record by which to tell whether it was rotated since: the folder tells.
    const isUnproven = this.#place?.isLive === true && this.#place.offset === 0;
    if ((this.#place === undefined || isUnproven) && !(await this.#advance(signal))) return;
    for (let place = this.#place; place !== undefined; place = this.#place) {
      const doubt = this.#succession.takeDoubt();
      if (doubt !== undefined) yield { type: 'lost', certainty: 'suspected', evidence: doubt };
      const before = place.offset;
      const drained = yield* this.#drain(place, signal);
      if (drained === 'more') this.#state = 'more';
      if (drained === 'more' || (drained === 'end' && place.isLive)) return;
      if (drained === 'end') {
        if (!hurry && !this.#isSettled(place.offset > before)) {
          this.#state = 'waiting';
          return;
        }
        yield* this.#carryOver(place);
      } else if (await this.#locate(place, signal)) continue;
      else if (this.#state !== 'end') return;
      else if (place.offset > 0) yield this.#lost(place);
      if (!(await this.#advance(signal))) return;
    }
  }

  /** The records of lines that never ended; right only where the log itself ends. */
  takeUnended(): RecordsPiece | undefined {
    const place = this.#place;
    const bytes = this.#unended.subarray(0, this.#unended.lastIndexOf(10) + 1);
    if (place === undefined || (bytes.length === 0 && !this.hasOpenLine)) return undefined;
    const measure = withOpenLines(measureRecords(bytes, this.#pending));
    const piece = { file: place.file, offset: place.offset, bytes, ...measure };
    this.#unended = NO_BYTES;
    this.#pending = NOTHING_PENDING;
    return { type: 'records', ...piece };
  }

  async *#drain(place: ReadingPlace, signal: AbortSignal): AsyncGenerator<FilePiece, Drained> {
    const from = place.offset - place.proof.length;
    const opened = this.#opened ?? (await this.#succession.open(place.file, from, signal));
    this.#opened = undefined;
    if (opened === undefined) return 'moved';
    await using bytes = opened;
    this.#times = bytes.times;
    let parts: Buffer[] = [];
    let size = 0;
    let taken = 0;
    let unproven = place.proof.length;
    for await (const chunk of bytes.chunks) {
      parts.push(chunk);
      size += chunk.length;
      if (size < Math.max(PIECE_BYTES, unproven)) continue;
      const gathered = Buffer.concat(parts, size);
      if (unproven > 0 && !place.proof.matches(gathered.subarray(0, unproven))) return 'moved';
      const piece = this.#take(place, gathered.subarray(unproven));
      unproven = 0;
      taken += size;
      parts = [this.#unended];
      size = this.#unended.length;
      if (piece !== undefined) yield piece;
      if (taken >= TURN_BYTES && !bytes.isCompressed) return 'more';
    }
    const gathered = Buffer.concat(parts, size);
    if (unproven > 0 && !place.proof.matches(gathered.subarray(0, unproven))) return 'moved';
    const piece = this.#take(place, gathered.subarray(unproven));
    if (piece !== undefined) yield piece;
    if (bytes.isCompressed) this.#stillSince = Number.NEGATIVE_INFINITY;
    return 'end';
  }

  /** Takes the whole lines at the beginning of some bytes; what is left is a line's beginning, or none. */
  #take(place: ReadingPlace, bytes: Buffer): RecordsPiece | undefined {
    const records = bytes.subarray(0, bytes.lastIndexOf(10) + 1);
    let measure = measureRecords(records, this.#pending);
    const isTooLong = bytes.length - measure.wholeEnd > OPEN_LINE_BYTES;
    const end = isTooLong ? records.length : measure.wholeEnd;
    const whole = records.subarray(0, end);
    if (end < records.length) measure = measureRecords(whole, this.#pending);
    this.#unended = bytes.subarray(end);
    return this.#moveOn(place, whole, measure);
  }

  #moveOn(place: ReadingPlace, bytes: Buffer, measure: RecordsMeasure): RecordsPiece | undefined {
    if (bytes.length === 0) return undefined;
    const piece = { type: 'records', file: place.file, offset: place.offset, bytes, ...measure } as const;
    place.offset += bytes.length;
    place.proof = proofOf(bytes);
    this.#pending = measure.pending;
    return piece;
  }

  /** A rotated file is done; a line that it ends in goes on in the next one. */
  *#carryOver(place: ReadingPlace): Generator<RecordsPiece> {
    const bytes = this.#unended.subarray(0, this.#unended.lastIndexOf(10) + 1);
    const piece = this.#moveOn(place, bytes, measureRecords(bytes, this.#pending));
    this.#unended = NO_BYTES;
    this.#succession.finish(place.file);
    if (piece !== undefined) yield piece;
  }

  #isSettled(hasGrown: boolean): boolean {
    const now = this.#clock.now();
    if (hasGrown && this.#stillSince !== Number.NEGATIVE_INFINITY) this.#stillSince = undefined;
    this.#stillSince ??= now;
    return now - this.#stillSince >= SETTLE_MS;
  }

  #lost(place: ReadingPlace): LostPiece {
    this.#succession.finish(place.file);
    this.#pending = NOTHING_PENDING;
    this.#unended = NO_BYTES;
    return {
      type: 'lost',
      certainty: 'known',
      evidence: `the record that ended at ${place.offset} of ${place.file} is in no file any more`,
    };
  }

  /** Goes on where the last record is found at its offset, under whatever name. False where no file holds it. */
  async #locate(place: ReadingPlace, signal: AbortSignal): Promise<boolean> {
    const file = await this.#succession.find(place, signal);
    if (file === 'absent' || file === 'gone') this.#state = file;
    if (file === 'absent' || file === 'gone' || file === 'nowhere') return false;
    const isLive = file === this.#succession.live;
    this.#place = { ...place, file, isLive };
    this.#stillSince = undefined;
    if (!isLive) this.rotations += 1;
    return true;
  }

  /** Goes to the beginning of the file that comes next. False where there is none. */
  async #advance(signal: AbortSignal): Promise<boolean> {
    const before = this.#place;
    this.#place = undefined;
    const next = await this.#succession.next(before, signal);
    if (next === 'absent' || next === 'gone') {
      this.#state = next;
      return false;
    }
    const { file, isLive, opened } = next;
    this.#opened = opened;
    if (!isLive) this.rotations += 1;
    this.#place = { file, isLive, offset: 0, proof: NO_PROOF };
    this.#stillSince = undefined;
    return true;
  }
}
