import { crc32 } from 'node:zlib';

/** What every segment begins with. */
export interface SegmentHeader {
  /** The same in all segments of a journal, so that bytes which another file left on the disk are not taken for its own. */
  readonly salt: number;
  /** The segment before and how many bytes of it count; undefined for the first one. */
  readonly previous: SegmentEnd | undefined;
}

/**
 * Where a segment ends. After a write or a sync that failed nobody knows what of it is on the disk: the records are
 * written once more, to a new segment, which says that nothing behind this place counts. So a record is read once,
 * whatever the disk kept of the first attempt.
 */
export interface SegmentEnd {
  readonly segment: number;
  readonly bytes: number;
}

/** What it is, and the version of its form: the fourth one, and not the third, of which one flipped bit makes an older one. */
const MAGIC = Buffer.from('farojnl\x04', 'latin1');
/** `magic 8 | salt u32 | previous segment u32 (0: none) | its bytes f64 | crc32 u32 of all of it`, little-endian. */
export const SEGMENT_HEADER_BYTES = 28;

export function encodeSegmentHeader({ salt, previous }: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
  MAGIC.copy(bytes);
  bytes.writeUInt32LE(salt, 8);
  bytes.writeUInt32LE(previous?.segment ?? 0, 12);
  bytes.writeDoubleLE(previous?.bytes ?? 0, 16);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 24)), 24);
  return bytes;
}

/** Undefined where the bytes are cut off, damaged, or of another version of faro. */
export function decodeSegmentHeader(bytes: Buffer): SegmentHeader | undefined {
  if (bytes.length < SEGMENT_HEADER_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  if (bytes.readUInt32LE(24) !== crc32(bytes.subarray(0, 24))) return undefined;
  const segment = bytes.readUInt32LE(12);
  const previous = segment === 0 ? undefined : { segment, bytes: bytes.readDoubleLE(16) };
  return { salt: bytes.readUInt32LE(8), previous };
}

/** The version of the form that a segment says it has; undefined where it says nothing of the kind. */
export function formatOf(bytes: Buffer): number | undefined {
  const version = MAGIC.length - 1;
  return bytes.subarray(0, version).equals(MAGIC.subarray(0, version)) ? bytes[version] : undefined;
}

const NAME = /^(\d{6})\.faroj$/;

export function segmentName(number: number): string {
  return `${String(number).padStart(6, '0')}.faroj`;
}

/** The numbers of the segments in a folder, ascending. */
export function segmentNumbers(names: readonly string[]): readonly number[] {
  return names
    .flatMap((name) => NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}
