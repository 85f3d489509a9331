import { millisecondsOf, type Timestamp } from '../model/time.ts';
import type { Block } from './blocks.ts';
import { timeOf } from './lines.ts';

/** Some lines of a block: the time of the last of them, and which share they are of its bytes. */
export interface Piece {
  readonly last: Timestamp;
  readonly share: number;
}

/** A piece of a block is not shorter, in milliseconds, on the average. */
const LEAST_MS = 100;
const MOST_PIECES = 16;
const NEWLINE = 10;

/** A block whose times only rise, in pieces: what a stream that had stalled brings at once may be of many seconds. */
export function piecesOf({ bytes, first, last }: Pick<Block, 'bytes' | 'first' | 'last'>): readonly Piece[] {
  const ms = millisecondsOf(last) - millisecondsOf(first);
  const count = Math.max(1, Math.min(MOST_PIECES, Math.floor(ms / LEAST_MS)));
  const pieces: Piece[] = [];
  let from = 0;
  for (let piece = 1; piece < count; piece += 1) {
    const newline = bytes.lastIndexOf(NEWLINE, Math.floor((piece * bytes.length) / count) - 1);
    const time = newline < from ? undefined : timeOf(bytes.subarray(lineAt(bytes, newline), newline));
    if (time === undefined) continue; // it lies in a line that began in the piece before
    pieces.push({ last: time, share: (newline + 1 - from) / bytes.length });
    from = newline + 1;
  }
  return [...pieces, { last, share: (bytes.length - from) / bytes.length }];
}

/** Where the line begins that ends with a newline. */
function lineAt(bytes: Buffer, newline: number): number {
  return newline === 0 ? 0 : bytes.lastIndexOf(NEWLINE, newline - 1) + 1;
}
