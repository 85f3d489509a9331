import type { NodeFiles } from '../kube/node-files.ts';
import type { FilePosition } from '../model/record.ts';
import type { Clock, Timestamp } from '../model/time.ts';
import { measureRecords, NOTHING_PENDING, type Pending, type RecordsMeasure, withOpenLines } from './cri.ts';
import { beginsWith, type FileBytes, firstTimeOf, type Gunzip, openFile } from './file-bytes.ts';
import { NO_PROOF, type Proof, proofAt, proofOf } from './proof.ts';
import { liveName, rotatedNames } from './rotation.ts';

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

export interface FileLogOptions {
  readonly files: NodeFiles;
  /** Of the container, with its slash. */
  readonly folder: string;
  readonly restart: number;
  readonly clock: Pick<Clock, 'now'>;
  /** Left out: in Node's threads. */
  readonly gunzip?: Gunzip | undefined;
  /** Where the reading of a recorder came to that was killed, and how many rotations it had crossed. */
  readonly after?: { readonly position: FilePosition; readonly rotations: number } | undefined;
}

/** Where the reading stands: behind `proof`, the last record that was taken, which ends at `offset` of `file`. */
interface Place {
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
/** The kubelet keeps five files of a run by default, and removes the oldest at the next rotation. */
const FULL_ROTATED = 4;
const NO_BYTES: Buffer = Buffer.alloc(0);

/**
 * Reads one container run's log from the node's files, in order, over every rotation, each record once. Each reading
 * begins with the last record that was taken: those bytes, at their offset, prove that the file is the same and that
 * nothing lies in between. Where they are not found, the files that the kubelet renamed meanwhile are searched for them.
 */
export class FileLog {
  readonly #options: FileLogOptions;
  readonly #done = new Set<string>();
  #place: Place | undefined;
  #opened: FileBytes | undefined;
  #pending: Pending = NOTHING_PENDING;
  #unended: Buffer = NO_BYTES;
  #stillSince: number | undefined;
  #state: FileState = 'end';
  #isBeginningInDoubt = false;
  /** The end of an earlier reading, until it is known which files that one had read. */
  #resumedAt: FilePosition | undefined;
  rotations = 0;

  constructor(options: FileLogOptions) {
    this.#options = options;
    const { after, restart } = options;
    if (after === undefined) return;
    const { position, rotations } = after;
    // Whatever the file was called then: if it is not the live one any more, the renamed ones are searched.
    this.#place = { file: liveName(restart), isLive: true, offset: position.offset, proof: proofAt(position) };
    this.#pending = position.open ?? NOTHING_PENDING;
    this.#resumedAt = position;
    this.rotations = rotations;
  }

  get state(): FileState {
    return this.#state;
  }

  /** The file that was read last. */
  get file(): string {
    return this.#place?.file ?? liveName(this.#options.restart);
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
    // Of a file that was empty there is no record by which to tell whether it was rotated since: the folder tells.
    const isUnproven = this.#place?.isLive === true && this.#place.offset === 0;
    if ((this.#place === undefined || isUnproven) && !(await this.#advance(signal))) return;
    if (this.#isBeginningInDoubt) yield this.#beginningLost();
    for (let place = this.#place; place !== undefined; place = this.#place) {
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

  async *#drain(place: Place, signal: AbortSignal): AsyncGenerator<FilePiece, Drained> {
    const from = place.offset - place.proof.length;
    const opened = this.#opened ?? (await this.#open(place.file, from, signal));
    this.#opened = undefined;
    if (opened === undefined) return 'moved';
    await using bytes = opened;
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
  #take(place: Place, bytes: Buffer): RecordsPiece | undefined {
    const records = bytes.subarray(0, bytes.lastIndexOf(10) + 1);
    let measure = measureRecords(records, this.#pending);
    const isTooLong = bytes.length - measure.wholeEnd > OPEN_LINE_BYTES;
    const end = isTooLong ? records.length : measure.wholeEnd;
    const whole = records.subarray(0, end);
    if (end < records.length) measure = measureRecords(whole, this.#pending);
    this.#unended = bytes.subarray(end);
    return this.#moveOn(place, whole, measure);
  }

  #moveOn(place: Place, bytes: Buffer, measure: RecordsMeasure): RecordsPiece | undefined {
    if (bytes.length === 0) return undefined;
    const piece = { type: 'records', file: place.file, offset: place.offset, bytes, ...measure } as const;
    place.offset += bytes.length;
    place.proof = proofOf(bytes);
    this.#pending = measure.pending;
    return piece;
  }

  /** A rotated file is done; a line that it ends in goes on in the next one. */
  *#carryOver(place: Place): Generator<RecordsPiece> {
    const bytes = this.#unended.subarray(0, this.#unended.lastIndexOf(10) + 1);
    const piece = this.#moveOn(place, bytes, measureRecords(bytes, this.#pending));
    this.#unended = NO_BYTES;
    this.#done.add(place.file);
    if (piece !== undefined) yield piece;
  }

  #beginningLost(): LostPiece {
    this.#isBeginningInDoubt = false;
    const since = this.#done.size === 0 ? 'when its files were first read' : 'since its files were last read';
    const evidence = `${since}, ${FULL_ROTATED} or more had been rotated: older ones may have been removed`;
    return { type: 'lost', certainty: 'suspected', evidence };
  }

  #isSettled(hasGrown: boolean): boolean {
    const now = this.#options.clock.now();
    if (hasGrown && this.#stillSince !== Number.NEGATIVE_INFINITY) this.#stillSince = undefined;
    this.#stillSince ??= now;
    return now - this.#stillSince >= SETTLE_MS;
  }

  #lost(place: Place): LostPiece {
    this.#done.add(place.file);
    this.#pending = NOTHING_PENDING;
    this.#unended = NO_BYTES;
    return {
      type: 'lost',
      certainty: 'known',
      evidence: `the record that ended at ${place.offset} of ${place.file} is in no file any more`,
    };
  }

  /** Finds the file that holds the last record at its offset, under whatever name. False where none does. */
  async #locate(place: Place, signal: AbortSignal): Promise<boolean> {
    const names = await this.#list(signal);
    if (names === undefined) return false;
    if (place.offset === 0) return false;
    const { restart } = this.#options;
    const rotated = rotatedNames(names, restart).filter((name) => !this.#done.has(name));
    const candidates = [...rotated.toReversed(), ...(place.isLive ? [] : [liveName(restart)])];
    for (const file of candidates) {
      if (file === place.file) continue;
      const opened = await this.#open(file, place.offset - place.proof.length, signal);
      if (opened === undefined || !(await beginsWith(opened, place.proof))) continue;
      const isLive = file === liveName(restart);
      this.#place = { ...place, file, isLive };
      this.#stillSince = undefined;
      if (!isLive) this.rotations += 1;
      return true;
    }
    // Between the rename and the new file there is none: nothing is lost then.
    if (place.isLive && rotated.length === 0 && !names.includes(place.file)) this.#state = 'absent';
    return false;
  }

  /**
   * Goes to the beginning of the file that comes next: the oldest that was not read, at last `N.log`. That one is
   * opened before the folder is listed, so that a rotation in between shows in the list. False where there is none.
   */
  async #advance(signal: AbortSignal): Promise<boolean> {
    const before = this.#place;
    this.#place = undefined;
    const { restart } = this.#options;
    const live = await this.#open(liveName(restart), 0, signal);
    let isKept = false;
    try {
      const names = await this.#list(signal);
      if (names === undefined) return false;
      const isResumed = this.#resumedAt !== undefined;
      if (isResumed) await this.#skipRead(names, before, signal);
      const all = rotatedNames(names, restart);
      const rotated = all.filter((name) => !this.#done.has(name));
      // The oldest go first: while one that was read is there, none of those that came after it is gone.
      this.#isBeginningInDoubt ||= !isResumed && rotated.length === all.length && rotated.length >= FULL_ROTATED;
      const next = await this.#oldest(rotated, signal);
      if (next === undefined && live === undefined) this.#state = 'absent';
      if (next === undefined && live === undefined) return false;
      isKept = next === undefined;
      if (isKept) this.#opened = live;
      else this.rotations += 1;
      this.#place = { file: next ?? liveName(restart), isLive: isKept, offset: 0, proof: NO_PROOF };
      this.#stillSince = undefined;
      return true;
    } finally {
      if (!isKept) await live?.[Symbol.asyncDispose]();
    }
  }

  /**
   * What the earlier reading had read is done: the files that do not begin behind the one in which it ended; or, if that
   * is gone, behind its last record.
   */
  async #skipRead(names: readonly string[], before: Place | undefined, signal: AbortSignal): Promise<void> {
    const last = before === undefined || before.isLive ? undefined : await this.#firstTime(before.file, signal);
    const bound = last ?? this.#resumedAt?.last ?? '';
    for (const file of rotatedNames(names, this.#options.restart)) {
      const first = await this.#firstTime(file, signal);
      if (first !== undefined && first <= bound) this.#done.add(file);
    }
    this.#resumedAt = undefined;
  }

  async #firstTime(file: string, signal: AbortSignal): Promise<Timestamp | undefined> {
    const opened = await this.#open(file, 0, signal);
    return opened === undefined ? undefined : await firstTimeOf(opened);
  }

  /** Names tell the node's local time, which may step back: where there are several, their first records decide. */
  async #oldest(rotated: readonly string[], signal: AbortSignal): Promise<string | undefined> {
    if (rotated.length < 2) return rotated[0];
    const begun: { readonly file: string; readonly first: Timestamp | undefined }[] = [];
    for (const file of rotated) begun.push({ file, first: await this.#firstTime(file, signal) });
    return begun.reduce((a, b) => (b.first !== undefined && (a.first === undefined || b.first < a.first) ? b : a)).file;
  }

  async #list(signal: AbortSignal): Promise<readonly string[] | undefined> {
    const names = await this.#options.files.list(this.#options.folder, signal);
    if (names === undefined) this.#state = 'gone';
    return names;
  }

  #open(file: string, from: number, signal: AbortSignal): Promise<FileBytes | undefined> {
    const { folder, restart } = this.#options;
    return openFile(
      this.#options,
      { file: `${folder}${file}`, from, mayBeCompressed: file !== liveName(restart) },
      signal,
    );
  }
}
