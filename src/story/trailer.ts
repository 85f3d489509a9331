import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

/**
 * The index of a compressed story stands behind its members, where other tools see nothing: in the extra fields of
 * empty gzip members (RFC 1952), or in a skippable zstd frame (RFC 8878). Both end in a mark and where the index begins.
 */
export interface Trailer {
  /** The index as bytes to be written behind the last member, which ends at `at`. */
  wrap(index: string, at: number): Buffer;
  /** Reads the index back, given how to read the file; undefined where there is none. */
  unwrap(file: TrailerSource): Promise<{ readonly index: string; readonly at: number } | undefined>;
}

export interface TrailerSource {
  readonly size: number;
  read(at: number, length: number): Promise<Buffer>;
}

const MARK = Buffer.from('faroidx1');

function footer(at: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(at));
  return Buffer.concat([bytes, MARK]);
}

/** Where the index begins, if these bytes are a footer; never behind the end of the file. */
function beginning(bytes: Buffer, size: number): number | undefined {
  if (bytes.length < 16 || !bytes.subarray(8, 16).equals(MARK)) return undefined;
  const at = Number(bytes.readBigUInt64LE(0));
  return at < size ? at : undefined;
}

const SKIPPABLE = 0x184d2a5f;

/** `magic, length, index (zstd), footer`. */
export const zstdTrailer: Trailer = {
  wrap(index, at) {
    const bytes = zstdCompressSync(index, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
    const payload = Buffer.concat([bytes, footer(at)]);
    const head = Buffer.alloc(8);
    head.writeUInt32LE(SKIPPABLE, 0);
    head.writeUInt32LE(payload.length, 4);
    return Buffer.concat([head, payload]);
  },
  async unwrap(file) {
    if (file.size < 24) return undefined;
    const at = beginning(await file.read(file.size - 16, 16), file.size);
    if (at === undefined) return undefined;
    const frame = await file.read(at, file.size - at);
    if (frame.length < 24 || frame.readUInt32LE(0) !== SKIPPABLE || frame.readUInt32LE(4) !== frame.length - 8)
      return undefined;
    return { index: zstdDecompressSync(frame.subarray(8, -16)).toString(), at };
  },
};

/** What one extra field can hold beside its own head of four bytes. */
const EXTRA = 65_531;
const GZIP_HEAD = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff]);
/** An empty deflate block, checksum 0, length 0. */
const GZIP_EMPTY = Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
const GZIP_AROUND = GZIP_HEAD.length + 2 + 4 + GZIP_EMPTY.length;

function emptyMember(extra: Buffer): Buffer {
  const lengths = Buffer.alloc(6);
  lengths.writeUInt16LE(extra.length + 4, 0);
  lengths.write('FA', 2, 'latin1');
  lengths.writeUInt16LE(extra.length, 4);
  return Buffer.concat([GZIP_HEAD, lengths, extra, GZIP_EMPTY]);
}

/** As many empty members as the index (gzip) needs, then one with the footer. */
export const gzipTrailer: Trailer = {
  wrap(index, at) {
    const bytes = gzipSync(index);
    const members: Buffer[] = [];
    for (let start = 0; start < bytes.length; start += EXTRA)
      members.push(emptyMember(bytes.subarray(start, start + EXTRA)));
    return Buffer.concat([...members, emptyMember(footer(at))]);
  },
  async unwrap(file) {
    const last = GZIP_AROUND + 16;
    if (file.size < last) return undefined;
    const end = await file.read(file.size - last, last);
    const at = isEmptyMember(end) ? beginning(end.subarray(16, 32), file.size - last) : undefined;
    if (at === undefined) return undefined;
    const members = await file.read(at, file.size - last - at);
    const parts: Buffer[] = [];
    for (let start = 0; start < members.length; ) {
      if (!isEmptyMember(members.subarray(start))) return undefined;
      const length = members.readUInt16LE(start + 14);
      parts.push(members.subarray(start + 16, start + 16 + length));
      start += GZIP_AROUND + length;
    }
    return { index: gunzipSync(Buffer.concat(parts)).toString(), at };
  },
};

function isEmptyMember(bytes: Buffer): boolean {
  return (
    bytes.length >= GZIP_AROUND && bytes.subarray(0, 10).equals(GZIP_HEAD) && bytes.toString('latin1', 12, 14) === 'FA'
  );
}
