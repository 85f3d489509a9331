import { createHash } from 'node:crypto';
import type { RecordsMeasure } from './cri.ts';
import { CriJoiner } from './cri-lines.ts';

/** Tells whether two routes brought the same lines in the same order, without keeping any of them. */
export class LineDigest {
  readonly #hash = createHash('sha1');
  lines = 0;
  bytes = 0;

  /** Takes whole lines in the form of the pod log API, with padded times. */
  add(bytes: Buffer, lines: number): void {
    this.#hash.update(bytes);
    this.lines += lines;
    this.bytes += bytes.length;
  }

  equals(other: LineDigest): boolean {
    return this.lines === other.lines && this.#hash.copy().digest().equals(other.#hash.copy().digest());
  }
}

/** A run of records from a file, as the proof needs it. */
export interface ProofPiece extends RecordsMeasure {
  readonly offset: number;
  readonly bytes: Buffer;
}

export type Verdict<P> =
  | { readonly state: 'open' }
  /** The stream's lines are the file's; `rest` of the piece comes after them. */
  | { readonly state: 'proven'; readonly rest: Buffer; readonly restOffset: number }
  /** They are not: `pieces` is what the file holds in their place. */
  | { readonly state: 'refuted'; readonly pieces: readonly P[] };

/** Compares lines that the stream brought with the records of the file that they came from; pure. */
export class StretchProof<P extends ProofPiece> {
  readonly #joiner = new CriJoiner();
  readonly #digest = new LineDigest();
  readonly #held: P[] = [];

  /** Takes what the file holds next; `claim` is all that the stream brought since the last proven line. */
  take(lent: P, claim: LineDigest): Verdict<P> {
    if (claim.lines === 0) return { state: 'proven', rest: lent.bytes, restOffset: lent.offset };
    const piece = { ...lent, bytes: Buffer.from(lent.bytes) };
    this.#held.push(piece);
    for (const { time, content, end } of this.#joiner.lines(piece.bytes)) {
      this.#digest.add(Buffer.concat([Buffer.from(`${time} `, 'latin1'), content, NEWLINE]), 1);
      if (this.#digest.lines < claim.lines) continue;
      if (!this.#digest.equals(claim) || this.#joiner.hasOpenLine) return this.refute();
      return { state: 'proven', rest: piece.bytes.subarray(end), restOffset: piece.offset + end };
    }
    return { state: 'open' };
  }

  refute(): Verdict<P> & { readonly state: 'refuted' } {
    return { state: 'refuted', pieces: this.#held };
  }
}

const NEWLINE = Buffer.from('\n');
