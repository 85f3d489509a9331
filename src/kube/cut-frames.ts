import { joined } from '../model/joined.ts';

/** The bytes of one frame; undefined where it is larger than allowed. `isWhole`: its end was seen. */
export interface CutFrame {
  readonly bytes: Buffer | undefined;
  readonly isWhole: boolean;
}

const NEWLINE = 10;
/** Big-endian, as the API server's length-delimited framer writes it. */
const LENGTH_BYTES = 4;

/** Frames that are lines, of any size, cut anywhere; empty lines are none. The last may come without its newline. */
export async function* cutByLine(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<CutFrame> {
  let pending: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      pending.push(chunk.subarray(start, end));
      size += end - start;
      start = end + 1;
      if (size > maxBytes) yield { bytes: undefined, isWhole: true };
      else if (size > 0) yield { bytes: joined(pending, size), isWhole: true };
      pending = [];
      size = 0;
    }
    if (start === chunk.length) continue;
    pending.push(chunk.subarray(start));
    size += chunk.length - start;
    if (size > maxBytes) yield { bytes: undefined, isWhole: false };
  }
  if (size > 0) yield { bytes: joined(pending, size), isWhole: false };
}

/** Frames that each come after their length. */
export async function* cutByLength(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<CutFrame> {
  let pending: Buffer[] = [];
  let size = 0;
  let wanted = LENGTH_BYTES;
  for await (const chunk of chunks) {
    pending.push(chunk);
    size += chunk.length;
    if (size < wanted) continue;
    let rest = joined(pending, size);
    for (;;) {
      const length = rest.length < LENGTH_BYTES ? 0 : rest.readUInt32BE(0);
      if (length > maxBytes) yield { bytes: undefined, isWhole: false };
      wanted = LENGTH_BYTES + length;
      if (rest.length < wanted) break;
      yield { bytes: rest.subarray(LENGTH_BYTES, wanted), isWhole: true };
      rest = rest.subarray(wanted);
    }
    pending = rest.length === 0 ? [] : [rest];
    size = rest.length;
  }
  if (size > 0) yield { bytes: joined(pending, size), isWhole: false };
}
