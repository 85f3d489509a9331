import { constants, crc32, deflateRawSync, inflateRawSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { Gathering } from '../model/gathering.ts';
import { parseJson } from '../model/json.ts';
import type { JournalRecord, LogRecord } from '../model/record.ts';

/**
 * A frame of the journal: `length u32 | crc32 u32 | crc32 of these u32 | flags u8 | payload`, little-endian; length and
 * the first checksum cover flags and payload. The second one begins at the journal's salt and the frame's own place: a length
 * that it vouches for can be trusted even where the payload is damaged, and the next frame be read; and a copy of a frame that
 * stands elsewhere, in a log line or in what the disk had there before, is none. A payload is the JSON of a record, or, for
 * log lines, `header length u32 | header JSON | raw lines`. Lines and what is said about them live and die under one
 * checksum. Lines, but not their header, may be compressed with zstd; JSON and a few lines with deflate, which for so few
 * bytes takes half the time, and to unpack a quarter (zstd's is spent in setting it up). Whoever writes decides for each
 * frame: see `Room`. The first frame of a batch says so: it was written once all before it was on the disk.
 */
export const FRAME_HEADER_BYTES = 12;
/** A block of lines is 256 KiB and an object at most 1.5 MB; a greater length is damage, and is never allocated. */
const MAX_FRAME_BYTES = 256 * 1024 * 1024;

const FLAG_LOG = 1;
const FLAG_ZSTD = 2;
const FLAG_DEFLATE = 4;
const FLAG_BEGINS = 8;
const LEAST_CHUNK = 16 * 1024;
const LEAST_JSON_CHUNK = 2048;
/** Below this compression does not pay. */
const COMPRESS_FROM = 512;
/** Above this zstd makes less of lines. A log of 50 lines a second, of which a block is written ten times a second, has 1 KiB. */
const DEFLATE_LINES_TO = 2048;

/** What the reader gives for a block of lines: all but the lines themselves. */
export type LogHeader = Omit<LogRecord, 'bytes' | 'pieces'> & { readonly byteLength: number };

/** Where a frame stands: it is one nowhere else. */
export interface FramePlace {
  readonly salt: number;
  readonly segment: number;
  readonly offset: number;
}

export interface FrameOptions {
  /** Nothing is compressed. */
  readonly isPlain?: boolean;
  /** Where pieces are put together to be compressed; left out: in new memory. */
  readonly bench?: Gathering;
}

/** The buffers that make up a frame, in order. It is whole once it was placed. */
export type Frame = readonly Buffer[];

/** The frame of a record; none of its buffers are the record's own, which may change from then on. */
export function encodeFrame(
  record: JournalRecord,
  { isPlain = false, bench = new Gathering() }: FrameOptions = {},
): Frame {
  const from = isPlain ? Number.POSITIVE_INFINITY : COMPRESS_FROM;
  const { flags, head, rest } = record.kind === 'log' ? encodeLog(record, from, bench) : encodeJson(record, from);
  head[FRAME_HEADER_BYTES] = flags;
  seal(head, rest);
  return rest === undefined ? [head] : [head, rest];
}

/** Has a frame say that a batch begins with it. */
export function markBatch([head, rest]: Frame): void {
  if (head === undefined) return;
  head.writeUInt8(head.readUInt8(FRAME_HEADER_BYTES) | FLAG_BEGINS, FRAME_HEADER_BYTES);
  seal(head, rest);
}

/** Has a frame say where it stands. */
export function placeFrame([head]: Frame, place: FramePlace): void {
  head?.writeUInt32LE(headerChecksum(head, place), 8);
}

/** How many bytes a frame takes. */
export function sizeOf([head, rest]: Frame): number {
  return (head?.length ?? 0) + (rest?.length ?? 0);
}

/** The same bytes at two places of a segment never have the same: what a checksum begins at shows in it, whatever follows. */
function headerChecksum(header: Buffer, { salt, segment, offset }: FramePlace): number {
  return crc32(header.subarray(0, 8), (salt + Math.imul(segment, SEGMENTS_APART) + offset) >>> 0);
}

/** Odd, and far from a simple part of 2^32: places of segments nearby come to different sums. */
const SEGMENTS_APART = 0x9e3779b1;

function seal(head: Buffer, rest: Buffer | undefined): void {
  const begun = crc32(head.subarray(FRAME_HEADER_BYTES));
  head.writeUInt32LE(head.length - FRAME_HEADER_BYTES + (rest?.length ?? 0), 0);
  head.writeUInt32LE(rest === undefined ? begun : crc32(rest, begun), 4);
}

/** A frame but for its header, for which there is room in front of the flags, and the flags. */
interface Encoded {
  readonly flags: number;
  readonly head: Buffer;
  /** What follows it. */
  readonly rest?: Buffer;
}

/** Where a payload begins. */
const PAYLOAD_AT = FRAME_HEADER_BYTES + 1;

/** Compressed from so many bytes on. */
function encodeJson(record: JournalRecord, from: number): Encoded {
  const json = JSON.stringify(record);
  const length = Buffer.byteLength(json);
  if (length >= from)
    return { flags: FLAG_DEFLATE, head: Buffer.allocUnsafe(PAYLOAD_AT), rest: deflate(Buffer.from(json)) };
  const head = Buffer.allocUnsafe(PAYLOAD_AT + length);
  head.write(json, PAYLOAD_AT);
  return { flags: 0, head };
}

/** The header stays readable without unpacking the lines: it is read for every block, they only once. */
function encodeLog(record: LogRecord, from: number, bench: Gathering): Encoded {
  const { pieces = [record.bytes] } = record;
  const byteLength = pieces.reduce((sum, { length }) => sum + length, 0);
  const header = JSON.stringify({ ...aboutLines(record), byteLength });
  const length = Buffer.byteLength(header);
  const head = Buffer.allocUnsafe(PAYLOAD_AT + 4 + length);
  head.writeUInt32LE(length, PAYLOAD_AT);
  head.write(header, PAYLOAD_AT + 4);
  if (byteLength < from) return { flags: FLAG_LOG, head, rest: Buffer.concat(pieces, byteLength) };
  const whole = pieces.length === 1 ? pieces[0] : undefined;
  const lines = whole ?? bench.join(pieces);
  if (byteLength <= DEFLATE_LINES_TO) return { flags: FLAG_LOG | FLAG_DEFLATE, head, rest: deflate(lines) };
  return { flags: FLAG_LOG | FLAG_ZSTD, head, rest: compress(lines) };
}

/** All but the lines; without a look at `bytes`, which may have to be put together for it. */
function aboutLines(record: LogRecord): Readonly<Record<string, unknown>> {
  const names = (Object.keys(record) as (keyof LogRecord)[]).filter((name) => name !== 'bytes' && name !== 'pieces');
  return Object.fromEntries(names.map((name) => [name, record[name]]));
}

/** With the size known beforehand zstd's tables are no larger than it takes: making them costs more than their use. */
function compress(bytes: Buffer): Buffer {
  const params = { [constants.ZSTD_c_compressionLevel]: 1 };
  const chunkSize = Math.max(MIN_CHUNK, Math.ceil(bytes.length / 4));
  return alone(zstdCompressSync(bytes, { params, pledgedSrcSize: bytes.length, chunkSize }));
}

/** A window that holds all of it is as good as zlib's own of 32 KiB; to make that takes as long as to fill it. */
function deflate(bytes: Buffer): Buffer {
  const small = bytes.length <= SMALL_WINDOW_BYTES ? { windowBits: 13, memLevel: 5, chunkSize: MIN_CHUNK } : {};
  return alone(deflateRawSync(bytes, { level: 1, ...small }));
}

/**
 * Not a view of the room that was made for it, many times its size: that would stay in memory until the disk has taken the
 * frame, counted by nobody, outlive the young generation, and have V8 mark all of its heap every few megabytes.
 */
function alone(packed: Buffer): Buffer {
  return Buffer.from(packed);
}

/** What Node lets an output grow by at least. */
const MIN_CHUNK = 1024;
const SMALL_WINDOW_BYTES = 8192;

/** Length and checksum of the frame that begins here; undefined where none can. */
export function readFrameHeader(
  bytes: Buffer,
  place: FramePlace,
): { readonly length: number; readonly checksum: number } | undefined {
  const length = bytes.readUInt32LE(0);
  if (length === 0 || length > MAX_FRAME_BYTES) return undefined;
  return bytes.readUInt32LE(8) === headerChecksum(bytes, place)
    ? { length, checksum: bytes.readUInt32LE(4) }
    : undefined;
}

/** Whether a frame may begin at this place of the bytes. It is asked of every byte, so that it is cheap and says no to most. */
export function mayBegin(bytes: Buffer, at: number): boolean {
  if ((bytes[at + 3] ?? 0xff) > MAX_FRAME_BYTES >>> 24) return false;
  return (bytes[at + FRAME_HEADER_BYTES] ?? 0xff) < 2 * FLAG_BEGINS && bytes.readUInt32LE(at) !== 0;
}

/** Makes a record of its JSON: what `parseJson` does, in a way of its own. */
export type ParseRecord = (json: Buffer) => unknown;

/** The record in a frame's body (flags and payload), whose checksum was verified; of a block of lines the header. */
export function decodeBody(
  body: Buffer,
  parse: ParseRecord = parseRecord,
): Exclude<JournalRecord, LogRecord> | LogHeader {
  const flags = body[0] ?? 0;
  if ((flags & FLAG_LOG) !== 0) return JSON.parse(body.toString('utf8', 5, logHeaderEnd(body))) as LogHeader;
  const json = (flags & FLAG_DEFLATE) === 0 ? body.subarray(1) : inflate(body.subarray(1));
  // The checksum says that these are the bytes which this program wrote.
  return parse(json) as Exclude<JournalRecord, LogRecord>;
}

function parseRecord(json: Buffer): unknown {
  return parseJson(json.toString('utf8'));
}

/** The raw lines of a block's body, `byteLength` of them as its header says. */
export function decodeLines(body: Buffer, { byteLength }: LogHeader): Buffer {
  const lines = body.subarray(logHeaderEnd(body));
  if (((body[0] ?? 0) & FLAG_DEFLATE) !== 0) return inflate(lines);
  // Not a view: it would keep all that was read with the body in memory, for as long as the lines are.
  return ((body[0] ?? 0) & FLAG_ZSTD) === 0 ? Buffer.from(lines) : decompress(lines, byteLength);
}

function logHeaderEnd(body: Buffer): number {
  return 5 + body.readUInt32LE(1);
}

/**
 * Where the length is known, Node need not guess it, and puts nothing together of pieces. (With room for one byte more: it
 * makes another piece as soon as one is full, even if nothing follows.)
 */
function decompress(bytes: Buffer, length: number): Buffer {
  return zstdDecompressSync(bytes, { maxOutputLength: MAX_FRAME_BYTES, chunkSize: Math.max(length + 1, LEAST_CHUNK) });
}

function inflate(bytes: Buffer): Buffer {
  return inflateRawSync(bytes, {
    maxOutputLength: MAX_FRAME_BYTES,
    chunkSize: Math.max(LEAST_JSON_CHUNK, 8 * bytes.length),
  });
}

/** Whether all that stands before a frame with this body was on the disk when it was written. */
export function beginsBatch(body: Buffer): boolean {
  return ((body[0] ?? 0) & FLAG_BEGINS) !== 0;
}

export function checksumOf(body: Buffer): number {
  return crc32(body);
}
