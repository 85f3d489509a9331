import { checksumOf, FRAME_HEADER_BYTES, type FramePlace, mayBegin, readFrameHeader } from './frame.ts';
import type { ReadWindow } from './window.ts';

/** A stretch of a segment: the body of a frame, or bytes that hold no whole one. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
  /** Undefined where it is damaged. */
  readonly body: Buffer | undefined;
  /** Its header is whole, so that it is one record and no more. */
  readonly isOne: boolean;
}

export interface StretchesOptions extends Omit<FramePlace, 'offset'> {
  readonly from: number;
  /** How much of the segment counts; left out: as far as it goes. */
  readonly until?: number | undefined;
}

/**
 * What stands in a segment, in order, up to the last frame. Behind a damaged header the next frame is looked for byte by
 * byte, and taken where both of its checksums hold. The first one knows the journal, the segment and the place: bytes like a
 * frame's in a log line, even a copy of one of this journal, are none there. (A program that knew the salt could write a line
 * that is. Only the owner of the journal can read that.)
 */
export async function* stretchesOf(window: ReadWindow, options: StretchesOptions): AsyncGenerator<Stretch> {
  const { from, until = Number.POSITIVE_INFINITY } = options;
  for (let offset = from; ; ) {
    const header = await window.at(offset, Math.min(until - offset, FRAME_HEADER_BYTES));
    if (header.length < FRAME_HEADER_BYTES) return;
    const frame = readFrameHeader(header, { ...options, offset });
    if (frame === undefined) {
      const next = await nextFrame(window, { ...options, from: offset + 1, until });
      if (next === undefined) return;
      yield { start: offset, end: next, body: undefined, isOne: false };
      offset = next;
      continue;
    }
    const start = offset + FRAME_HEADER_BYTES;
    const end = start + frame.length;
    if (end > until) return;
    const body = await window.at(start, frame.length);
    if (body.length < frame.length) return;
    yield { start, end, body: checksumOf(body) === frame.checksum ? body : undefined, isOne: true };
    offset = end;
  }
}

/** What is looked through at once. */
const SEARCH_BYTES = 1024 * 1024;

/** Where the next whole frame begins; undefined: nowhere. Each byte is looked at once. */
async function nextFrame(
  window: ReadWindow,
  { from, until, ...place }: StretchesOptions & { readonly until: number },
): Promise<number | undefined> {
  for (let base = from; ; ) {
    const bytes = await window.at(base, Math.min(until - base, SEARCH_BYTES));
    const last = bytes.length - FRAME_HEADER_BYTES - 1; // a frame has a byte of flags at least
    if (last < 0) return undefined;
    for (let at = 0; at <= last; at += 1) {
      if (!mayBegin(bytes, at)) continue;
      const offset = base + at;
      const frame = readFrameHeader(bytes.subarray(at, at + FRAME_HEADER_BYTES), { ...place, offset });
      const start = offset + FRAME_HEADER_BYTES;
      if (frame === undefined || start + frame.length > until) continue;
      const body = await window.at(start, frame.length);
      if (body.length === frame.length && checksumOf(body) === frame.checksum) return offset;
    }
    base += last + 1;
  }
}
