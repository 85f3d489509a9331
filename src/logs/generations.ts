import { laterOf, millisecondsOf, type Timestamp, timestampOf, wholeSecondOf } from '../model/time.ts';
import type { Block } from './blocks.ts';
import { piecesOf } from './pieces.ts';

/** Where lines may be missing: after one that came, until another file's beginning, or (undefined) the log's end. */
export interface RotationLoss {
  readonly after: Timestamp | undefined;
  readonly until: Timestamp | undefined;
}

/** Lines that a stream brought, of a block. */
export interface TakenLines {
  /** The time of the first of them, where they begin the log. */
  readonly begin?: Timestamp | undefined;
  /** Each is later than the one before. */
  readonly isRising: boolean;
}

/** A moment, in milliseconds of the recorder's clock, and the newest line by then. */
interface Certainty {
  readonly at: number;
  readonly last: Timestamp | undefined;
}

/** The kubelet looks at the sizes of files this often; in less time a file is not rotated twice. */
const ROTATION_MS = 9000;
/** Below this share of the size at which it is rotated, a file is still the same. */
const SAFE_SHARE = 0.9;
const BLOCKS_KEPT = 2048;
/** A recorder that was killed had looked at its file not longer before than this, while it grew. */
const UNSURE_MS = 15_000;

/**
 * Which of a run's log files a stream of the pod log API has shown. A file is known by the time of its first line: while
 * that stays the same, nothing was rotated. Where it changes, the kubelet may have left the old file before its end, or
 * passed over one; what the stream brought last before the new file's first line is where lines may be missing. Pure.
 */
export class Generations {
  readonly #limit: () => number | undefined;
  readonly #least: number;
  /** Of the newest file that is known of. */
  #begin: Timestamp | undefined;
  /** Files that the stream has not come to yet. */
  #ahead: { readonly begin: Timestamp; readonly sure: Timestamp | undefined; readonly isSeldom: boolean }[] = [];
  readonly #blocks: { readonly last: Timestamp; readonly bytes: number }[] = [];
  #bytes = 0;
  #last: Timestamp | undefined;
  /** When and where it was last certain that no file had been missed. */
  #sure: Certainty | undefined;
  /** The same without what was only supposed of the limit while it was not known. */
  #known: Certainty | undefined;
  #isSupposed = false;
  #hasRotated = false;
  /** When lines came last. */
  #takenAt: number | undefined;

  /**
   * @param limit bytes at which a file is rotated; undefined while that is not known
   * @param least no smaller limit is expected then
   */
  constructor(limit: () => number | undefined, least: number) {
    this.#limit = limit;
    this.#least = least;
  }

  /** Goes on behind lines that came to a recorder that was killed: since it last looked, the file may have been rotated. */
  restore(past: { readonly begin: Timestamp | undefined; readonly last: Timestamp; readonly bytes: number }): void {
    const { begin, last, bytes } = past;
    this.#begin = begin;
    this.#last = last;
    this.#bytes = bytes;
    this.#blocks.push({ last, bytes });
    this.#sure = { at: Number.NEGATIVE_INFINITY, last: timestampOf(millisecondsOf(last) - UNSURE_MS) };
  }

  /** The file that the stream shows may have been rotated since it was last looked at. */
  get mayHaveRotated(): boolean {
    return this.#mayRotateAt(this.#bytes);
  }

  #mayRotateAt(bytes: number): boolean {
    return bytes >= SAFE_SHARE * (this.#limit() ?? this.#least);
  }

  /** When it was last certain that no file had been missed, in milliseconds of the recorder's clock. */
  get sureAt(): number | undefined {
    return this.#sure?.at;
  }

  /** Another file than the first one was seen. */
  get hasRotated(): boolean {
    return this.#hasRotated;
  }

  /** There is a newer file than the one that the stream shows. */
  get isBehind(): boolean {
    return this.#ahead.length > 0;
  }

  /** Takes in lines that came by `now`. */
  take(block: Block, now: number, { begin, isRising }: TakenLines): readonly RotationLoss[] {
    this.#begin ??= begin;
    this.#learn();
    // What comes now may have waited since the lines before it: files may have come and gone meanwhile.
    if (!this.mayHaveRotated) this.#sure = { at: this.#takenAt ?? now, last: this.#last ?? block.first };
    if (!this.#isSupposed) this.#known = this.#sure;
    this.#takenAt = now;
    const size = sizeOf(block);
    const mayHoldRotation = isRising && this.#mayRotateAt(this.#bytes + size);
    for (const { last, share } of mayHoldRotation ? piecesOf(block) : [{ last: block.last, share: 1 }]) {
      const bytes = share * size;
      this.#bytes += bytes;
      this.#last = laterOf(this.#last, last);
      this.#blocks.push({ last: this.#last, bytes });
      if (this.#blocks.length > BLOCKS_KEPT) this.#blocks.shift();
    }
    return this.#passed();
  }

  /** Takes in the time of the first line of the file that is written to now. */
  saw(begin: Timestamp, now: number): readonly RotationLoss[] {
    this.#learn();
    if (this.#begin !== undefined && begin !== this.#begin) {
      this.#hasRotated = true;
      const isSeldom = this.#sure !== undefined && now - this.#sure.at > ROTATION_MS;
      this.#ahead.push({ begin, sure: this.#sure?.last, isSeldom });
    }
    this.#begin = begin;
    this.#sure = { at: now, last: this.#last };
    this.#known = this.#sure;
    return this.#passed();
  }

  /** The log has ended: what of its files was never shown, or (`isUnsure`) may not have been. */
  rest(finishedAt: Timestamp | undefined, isUnsure: boolean): readonly RotationLoss[] {
    this.#learn();
    const own = this.#ahead.filter(
      ({ begin }) => finishedAt === undefined || wholeSecondOf(begin) <= wholeSecondOf(finishedAt),
    );
    const [first] = own;
    if (first !== undefined) return [{ after: first.isSeldom ? first.sure : this.#last, until: undefined }];
    return isUnsure && this.mayHaveRotated ? [{ after: this.#sure?.last, until: undefined }] : [];
  }

  /** The stream is left for the files, which hold all behind its last line: what it may have missed before that. */
  left(): readonly RotationLoss[] {
    this.#learn();
    const [first] = this.#ahead;
    const sure = this.mayHaveRotated ? this.#sure?.last : this.#last;
    const after = first?.isSeldom === true ? first.sure : sure;
    return after === this.#last ? [] : [{ after, until: this.#last }];
  }

  /** Once the limit is known, what was supposed before holds no more. */
  #learn(): void {
    const isSupposed = this.#limit() === undefined;
    if (this.#isSupposed && !isSupposed) this.#sure = this.#known;
    this.#isSupposed = isSupposed;
  }

  #passed(): RotationLoss[] {
    const shown = this.#ahead.filter(({ begin }) => this.#last !== undefined && this.#last >= begin);
    if (shown.length === 0) return [];
    this.#ahead = this.#ahead.filter((file) => !shown.includes(file));
    const newest = shown.at(-1)?.begin ?? '';
    this.#bytes = this.#blocks.reduce((sum, { last, bytes }) => (last >= newest ? sum + bytes : sum), 0);
    return shown.map(({ begin, sure, isSeldom }) => {
      const before = isSeldom ? undefined : this.#blocks.findLast(({ last }) => last < begin)?.last;
      return { after: before ?? sure, until: begin };
    });
  }
}

/** On the node a record has `stdout F ` more, and is split at 16 KiB. */
function sizeOf({ bytes, lines }: Block): number {
  return bytes.length + lines * 16 + (bytes.length / 16_384) * 64;
}
