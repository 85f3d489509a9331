import type { FileTimes } from '../kube/node-files.ts';
import { FaroError } from '../model/errors.ts';
import { Gatherings } from '../model/gathering.ts';
import type { FilePosition } from '../model/record.ts';
import type { Clock, Timestamp } from '../model/time.ts';
import { type DamagedFile, type FileBytes, SoundChunks } from './file-bytes.ts';
import {
  damageOf,
  type FileLoss,
  FileSuccession,
  type FileSuccessionOptions,
  type NextFile,
} from './file-succession.ts';
import { NO_PROOF, proofAt } from './proof.ts';
import { type ReadingPlace, type RecordsPiece, WholeLines } from './whole-lines.ts';

/** Files that held what comes next are gone, or damaged; what follows begins behind a hole. */
export interface LostPiece extends FileLoss {
  readonly type: 'lost';
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
  /** What is read is gathered in these; left out: in its own. */
  readonly gatherings?: Gatherings | undefined;
}

interface FilePlace extends ReadingPlace {
  readonly isLive: boolean;
  /** The greatest time before what was read of this file. */
  readonly since: Timestamp | undefined;
  /** It was read in its compressed form, which is final. */
  isCompressed: boolean;
  /** Nothing can be written to it any more. */
  isSettled: boolean;
}

/**
 * How a file's reading ended; `moved`: what stands there is not what was read before. A damage: no more can be had of it.
 */
type Drained = 'end' | 'more' | 'moved' | DamagedFile;

const PIECE_BYTES = 256 * 1024;
/** Who came to wait meanwhile has a turn after as much of an answer; so have all where a node gives more than was asked for. */
const TURN_BYTES = 8 * 1024 * 1024;
/** A runtime may write to a file for a moment after it was renamed. */
const SETTLE_MS = 2000;

/**
 * Reads one container run's log from the node's files, in order, over every rotation, each record once. Each reading
 * begins with the last record that was taken: those bytes, at their offset, prove that the file is the same and that
 * nothing lies in between. Where they are not found, the files that the kubelet renamed meanwhile are searched for them.
 */
export class FileLog {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #succession: FileSuccession;
  readonly #lines: WholeLines;
  readonly #gatherings: Gatherings;
  #place: FilePlace | undefined;
  #opened: FileBytes | undefined;
  #stillSince: number | undefined;
  #state: FileState = 'end';
  #times: FileTimes | undefined;
  rotations = 0;

  constructor(options: FileLogOptions) {
    const { after, clock, gatherings = new Gatherings() } = options;
    this.#clock = clock;
    this.#gatherings = gatherings;
    this.#succession = new FileSuccession(options, after?.position);
    this.#lines = new WholeLines(after?.position);
    if (after === undefined) return;
    const { position, rotations } = after;
    // Whatever the file was called then: if it is not the live one any more, the renamed ones are searched.
    this.#place = {
      file: this.#succession.live,
      isLive: true,
      offset: position.offset,
      proof: proofAt(position),
      since: position.last,
      isCompressed: false,
      isSettled: false,
    };
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
    return this.#lines.hasOpenLine;
  }

  /** Bytes taken of the file that is read now. */
  get offset(): number {
    return this.#place?.offset ?? 0;
  }

  /** Changes whenever anything was written. */
  get mark(): string {
    return `${this.file}@${this.offset}+${this.#lines.unended.length}`;
  }

  /**
   * Yields what was written since the last reading, each piece's bytes until the next one is asked for; `state` then says
   * how far it came.
   * @param hurry does not wait for a rotated file to settle: the files are about to go.
   */
  async *read({ hurry }: { readonly hurry: boolean }, signal: AbortSignal): AsyncGenerator<FilePiece> {
    this.#state = 'end';
    this.#times = undefined;
    // Of a file that was empty there is no record by which to tell whether it was rotated since: the folder tells.
    const isUnproven = this.#place?.isLive === true && this.#place.offset === 0;
    if ((this.#place === undefined || isUnproven) && !(await this.#advance(signal))) return;
    for (let place = this.#place; place !== undefined; place = this.#place) {
      yield* this.#losses();
      const before = place.offset;
      const drained = yield* this.#drain(place, signal);
      if (drained === 'more') this.#state = 'more';
      if (drained === 'more' || (drained === 'end' && place.isLive)) return;
      if (drained === 'end') {
        const rest = await this.#leave(place, { hurry, hasGrown: place.offset > before }, signal);
        if (rest === 'stay') return;
        if (rest !== undefined) yield rest;
        continue;
      }
      if (drained !== 'moved') yield this.#damaged(place, drained);
      else if (await this.#locate(place, signal)) continue;
      else if (this.#state !== 'end') return;
      else if (place.offset > 0 || !place.isLive) yield this.#gone(place);
      if (!(await this.#advance(signal))) return;
    }
  }

  /** The records of lines that never ended; right only where the log itself ends. */
  takeUnended(): RecordsPiece | undefined {
    return this.#place === undefined ? undefined : this.#lines.takeUnended(this.#place);
  }

  async *#drain(place: FilePlace, signal: AbortSignal, { isWhole = false } = {}): AsyncGenerator<FilePiece, Drained> {
    const { file, offset, proof } = place;
    const from = offset - proof.length;
    const most = isWhole ? undefined : proof.length + this.#succession.readBytes;
    const opened = this.#opened ?? (await this.#succession.open({ file, from, most }, signal));
    this.#opened = undefined;
    if (opened === undefined) return 'moved';
    await using bytes = opened;
    this.#times = bytes.times;
    place.isCompressed = bytes.isCompressed;
    place.isSettled ||= bytes.isCompressed;
    const chunks = new SoundChunks(bytes);
    const drained = yield* this.#consume(place, chunks);
    if (drained === 'end' && bytes.isCut === true) {
      if (place.offset > offset) return 'more';
      if (isWhole) throw new FaroError('protocol', `of ${file} the node gave a part only, which holds no whole record`);
      // Where so much holds no whole record, the file's end tells what that is.
      return yield* this.#drain(place, signal, { isWhole: true });
    }
    if (chunks.damage === undefined) return drained;
    if (!this.#succession.givesUp(place.file)) throw chunks.damage;
    return chunks.damage;
  }

  async *#consume(place: FilePlace, chunks: SoundChunks): AsyncGenerator<FilePiece, Exclude<Drained, DamagedFile>> {
    const { offset } = place;
    using lent = this.#gatherings.lend();
    using _own = { [Symbol.dispose]: () => this.#lines.keepUnended() };
    const gathered = lent.gathering;
    let taken = 0;
    let unproven = place.proof.length;
    for await (const chunk of chunks) {
      gathered.add(chunk);
      const { size } = gathered;
      if (size < Math.max(PIECE_BYTES, unproven, 2 * this.#lines.unended.length)) continue;
      const { bytes } = gathered;
      if (unproven > 0 && !place.proof.matches(bytes.subarray(0, unproven))) return 'moved';
      const piece = this.#lines.take(place, bytes.subarray(unproven));
      unproven = 0;
      taken += size;
      if (piece !== undefined) yield piece;
      gathered.beginWith(this.#lines.unended);
      // A compressed file has to be unpacked from its beginning each time; and who took nothing would come no further.
      const mayEnd = !place.isCompressed && place.offset > offset;
      if (taken >= TURN_BYTES && mayEnd && this.#succession.mustShare) return 'more';
    }
    const { bytes } = gathered;
    if (unproven > 0 && !place.proof.matches(bytes.subarray(0, unproven))) return 'moved';
    const piece = this.#lines.take(place, bytes.subarray(unproven));
    if (piece !== undefined) yield piece;
    return 'end';
  }

  /** From the end of a renamed file to the next one, if that can be; with the beginning of a line that goes on there. */
  async #leave(
    place: FilePlace,
    { hurry, hasGrown }: { readonly hurry: boolean; readonly hasGrown: boolean },
    signal: AbortSignal,
  ): Promise<RecordsPiece | undefined | 'stay'> {
    if (!hurry && !place.isSettled && !this.#isStill(hasGrown)) {
      this.#state = 'waiting';
      return 'stay';
    }
    // The runtime writes to a renamed file for as long as there is no new one.
    const next = await this.#next(signal);
    if (next === undefined) return 'stay';
    const bytes = place.offset + this.#lines.unended.length;
    const rest = this.#lines.carryOver(place);
    this.#succession.finish(place.file, place.isCompressed ? undefined : { bytes, last: this.#lines.last });
    this.#begin(next);
    return rest;
  }

  #isStill(hasGrown: boolean): boolean {
    const now = this.#clock.now();
    if (hasGrown) this.#stillSince = undefined;
    this.#stillSince ??= now;
    return now - this.#stillSince >= SETTLE_MS;
  }

  *#losses(): Generator<LostPiece> {
    for (const loss of this.#succession.takeLosses()) yield { type: 'lost', ...loss };
  }

  #gone(place: FilePlace): LostPiece {
    this.#abandon(place);
    const { file, offset } = place;
    if (offset === 0) return { type: 'lost', certainty: 'suspected', evidence: `${file} was gone before it was read` };
    const evidence = `the record that ended at ${offset} of ${file} is in no file any more`;
    return { type: 'lost', certainty: 'known', evidence };
  }

  /** Without its trailer nothing proves what was unpacked; where that is wrong, all of it may be. */
  #damaged(place: FilePlace, damage: DamagedFile): LostPiece {
    this.#abandon(place);
    const evidence = damageOf(place.file, damage);
    if (damage.isCutShort) return { type: 'lost', certainty: 'known', evidence };
    return { type: 'lost', certainty: 'suspected', evidence, after: place.since };
  }

  #abandon(place: FilePlace): void {
    this.#succession.finish(place.file);
    this.#lines.drop();
  }

  /** Goes on where the last record is found at its offset, under whatever name. False where no file holds it. */
  async #locate(place: FilePlace, signal: AbortSignal): Promise<boolean> {
    const file = await this.#succession.find(place, signal);
    if (file === 'absent' || file === 'gone') this.#state = file;
    if (file === 'absent' || file === 'gone' || file === 'nowhere') return false;
    const isLive = file === this.#succession.live;
    this.#place = { ...place, file, isLive, since: this.#lines.last, isSettled: false };
    this.#stillSince = undefined;
    if (!isLive) this.rotations += 1;
    return true;
  }

  /** Goes to the beginning of the file that comes next. False where there is none. */
  async #advance(signal: AbortSignal): Promise<boolean> {
    const next = await this.#next(signal);
    this.#place = undefined;
    if (next !== undefined) this.#begin(next);
    return next !== undefined;
  }

  async #next(signal: AbortSignal): Promise<NextFile | undefined> {
    const next = await this.#succession.next(this.#place, signal);
    if (next !== 'absent' && next !== 'gone') return next;
    this.#state = next;
    return undefined;
  }

  #begin({ file, isLive, opened, isSettled }: NextFile): void {
    this.#opened = opened;
    if (!isLive) this.rotations += 1;
    const since = this.#lines.last;
    this.#place = { file, isLive, offset: 0, proof: NO_PROOF, since, isCompressed: false, isSettled };
    this.#stillSince = undefined;
  }
}
