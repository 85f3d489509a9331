import { constants, crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { parseJson } from '../model/json.ts';
import type { JournalRecord, LogRecord } from '../model/record.ts';

/**
 * A frame of the journal: `length u32 | crc32 u32 | flags u8 | payload`, little-endian; length and checksum cover flags
 * and payload. A payload is the JSON of a record, or, for log lines, `header length u32 | header JSON | raw lines`. Lines
 * and what is said about them live and die under one checksum.
 */
export const FRAME_HEADER_BYTES = 8;
/** A block of lines is 64 KiB and an object at most 1.5 MB; a greater length is damage, and is never allocated. */
export const MAX_FRAME_BYTES = 256 * 1024 * 1024;

const FLAG_LOG = 1;
const FLAG_ZSTD = 2;
/** Below this compression does not pay. */
const COMPRESS_FROM = 512;

/** What the reader gives for a block of lines: all but the lines themselves. */
export type LogHeader = Omit<LogRecord, 'bytes'> & { readonly byteLength: number };

/** The buffers that make up a record's frame, in order. */
export function encodeFrame(record: JournalRecord): readonly Buffer[] {
  const isLog = record.kind === 'log';
  const plain = isLog ? logPayload(record) : [Buffer.from(JSON.stringify(record))];
  const size = plain.reduce((sum, { length }) => sum + length, 0);
  const packed = size >= COMPRESS_FROM ? [compress(plain.length === 1 ? plain[0] : Buffer.concat(plain))] : plain;
  const flags = (isLog ? FLAG_LOG : 0) | (packed === plain ? 0 : FLAG_ZSTD);
  const payload = [Buffer.of(flags), ...packed];
  const header = Buffer.allocUnsafe(FRAME_HEADER_BYTES);
  header.writeUInt32LE(
    payload.reduce((sum, { length }) => sum + length, 0),
    0,
  );
  header.writeUInt32LE(
    payload.reduce((sum, part) => crc32(part, sum), 0),
    4,
  );
  return [header, ...payload];
}

function compress(bytes: Buffer = Buffer.alloc(0)): Buffer {
  return zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
}

function logPayload(record: LogRecord): readonly Buffer[] {
  const { bytes, ...rest } = record;
  const header = Buffer.from(JSON.stringify({ ...rest, byteLength: bytes.length } satisfies LogHeader));
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32LE(header.length);
  return [length, header, bytes];
}

/** Length and checksum of the frame that begins here; undefined where the bytes end or no frame can begin. */
export function readFrameHeader(bytes: Buffer): { readonly length: number; readonly checksum: number } | undefined {
  if (bytes.length < FRAME_HEADER_BYTES) return undefined;
  const length = bytes.readUInt32LE(0);
  return length === 0 || length > MAX_FRAME_BYTES ? undefined : { length, checksum: bytes.readUInt32LE(4) };
}

/** The record in a frame's body (flags and payload), whose checksum was verified; `lines` only for a block of lines. */
export function decodeBody(body: Buffer): {
  readonly record: Exclude<JournalRecord, LogRecord> | LogHeader;
  readonly lines: Buffer;
} {
  const flags = body[0] ?? 0;
  const packed = body.subarray(1);
  const payload = (flags & FLAG_ZSTD) === 0 ? packed : zstdDecompressSync(packed, { maxOutputLength: MAX_FRAME_BYTES });
  if ((flags & FLAG_LOG) === 0) {
    // The checksum says that these are the bytes which this program wrote.
    return {
      record: parseJson(payload.toString('utf8')) as Exclude<JournalRecord, LogRecord>,
      lines: payload.subarray(0, 0),
    };
  }
  const headerEnd = 4 + payload.readUInt32LE(0);
  const record = JSON.parse(payload.toString('utf8', 4, headerEnd)) as LogHeader;
  return { record, lines: payload.subarray(headerEnd) };
}

export function checksumOf(body: Buffer): number {
  return crc32(body);
}
