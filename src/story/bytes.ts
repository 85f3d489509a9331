import { createReadStream, existsSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { codeOf, FaroError, messageOf } from '../model/errors.ts';
import { type Compression, gzip, isZlibError, zstd } from './compress.ts';
import { type MemberIndex, parseIndex } from './member-index.ts';
import type { Member } from './members.ts';
import { zstdFrames } from './zstd-frames.ts';

/** The bytes of a story's document, whatever its file is compressed with. */
export interface StoryBytes extends AsyncDisposable {
  /** From an offset in the document to another, or to its end, in pieces. */
  from(offset: number, to?: number): AsyncGenerator<Buffer>;
  /** The last bytes of the document (at most `length`), or undefined where they cannot be had without reading all. */
  tail(length: number): Promise<Buffer | undefined>;
  /** What stands where, if the file has an index. */
  readonly index: MemberIndex | undefined;
  /** Whether there is one that cannot be read; then the file is read from its beginning. */
  readonly isIndexDamaged: boolean;
}

export interface OpenBytesOptions {
  /** Reads a compressed file from its beginning, even if it has an index: what a proof must do. */
  readonly ignoreIndex?: boolean;
}

type Reading = Omit<StoryBytes, typeof Symbol.asyncDispose>;

const PIECE = 256 * 1024;

/** Opens a file by what it holds, not by its name. Throws FaroError `story`. */
export async function openBytes(path: string, options: OpenBytesOptions = {}): Promise<StoryBytes> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw readFault(path, cause);
  });
  try {
    return { ...(await reading(path, file, options)), [Symbol.asyncDispose]: () => file.close() };
  } catch (cause) {
    await file.close();
    throw readFault(path, cause);
  }
}

/** What is wrong with a name, for whoever typed it. */
function readFault(path: string, cause: unknown): FaroError {
  const fault = (message: string, hint: string) => new FaroError('no-story', message, { cause, hint });
  switch (codeOf(cause)) {
    case 'ENOENT':
      return existsSync(dirname(path))
        ? fault(`there is no file ${path}`, 'check its name; a capture puts its story in place when it ends')
        : fault(`${path}: there is no folder ${dirname(path)}`, 'check its name');
    case 'ENOTDIR':
      return fault(`${path}: ${dirname(path)} is no folder`, 'check the name');
    case 'EISDIR':
      return fault(`${path} is a folder`, 'name a story in it; of a journal, "faro recover JOURNAL -o FILE" makes one');
    case 'EACCES':
    case 'EPERM':
      return fault(`${path} may not be read by this user`, 'a story is written for its owner alone: ask for a copy');
    default:
      return fault(`${path} cannot be read: ${messageOf(cause)}`, 'name another file');
  }
}

async function reading(path: string, file: FileHandle, { ignoreIndex = false }: OpenBytesOptions): Promise<Reading> {
  const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
  const magic = buffer.readUInt32LE(0);
  const isGzip = (magic & 0xffff) === 0x8b1f;
  const isZstd = magic === 0xfd2fb528 || (magic & 0xfffffff0) >>> 0 === 0x184d2a50;
  if (!isGzip && !isZstd)
    return {
      from: (offset, to) => cutAt(piecesOf(file, offset), offset, to),
      tail: (length) => tailOf(file, length),
      index: undefined,
      isIndexDamaged: false,
    };
  const compression = isGzip ? gzip : zstd;
  const indexed = ignoreIndex ? undefined : await indexOf(file, compression);
  if (indexed !== undefined && indexed !== 'damaged') return seekable(file, compression, indexed);
  return {
    ...streamed(() => (isGzip ? gunzipped(path) : zstdFrames(piecesOf(file, 0)))),
    isIndexDamaged: indexed === 'damaged',
  };
}

/** The index behind the members, and where it begins in the file. */
interface Indexed {
  readonly index: MemberIndex;
  readonly end: number;
}

/** Another tool's file has none; a damaged one is only the loss of a short cut. */
async function indexOf(file: FileHandle, { trailer }: Compression): Promise<Indexed | 'damaged' | undefined> {
  const { size } = await file.stat();
  try {
    const found = await trailer.unwrap({ size, read: (at, length) => readAt(file, at, length) });
    if (found === undefined) return undefined;
    const index = parseIndex(found.index);
    return index === undefined ? 'damaged' : { index, end: found.at };
  } catch (error) {
    if (isZlibError(error) || error instanceof SyntaxError || error instanceof RangeError) return 'damaged';
    throw error;
  }
}

/** Bytes of which any member can be had by itself. */
function seekable(file: FileHandle, compression: Compression, { index, end }: Indexed): Reading {
  const { members, length } = index;
  const read = async (position: number, { offset, at }: Member): Promise<Buffer> => {
    const next = members[position + 1];
    const bytes = compression.decompress(await readAt(file, at, (next?.at ?? end) - at));
    if (bytes.length === (next?.offset ?? length) - offset) return bytes;
    throw new FaroError('story', 'the index of this compressed story does not fit it');
  };
  async function* from(offset: number, to = length): AsyncGenerator<Buffer> {
    const first = members.findLastIndex((member) => member.offset <= offset);
    for (const [position, member] of members.entries()) {
      if (position < first || member.offset >= to) continue;
      const bytes = await read(position, member);
      yield bytes.subarray(Math.max(0, offset - member.offset), to - member.offset);
    }
  }
  return {
    index,
    isIndexDamaged: false,
    from,
    tail: async (wanted) => Buffer.concat(await Array.fromAsync(from(Math.max(0, length - wanted)))),
  };
}

/** Bytes that can only be had from the beginning on. */
function streamed(read: () => AsyncIterable<Buffer>): Omit<Reading, 'isIndexDamaged'> {
  async function* after(offset: number): AsyncGenerator<Buffer> {
    let skipped = 0;
    for await (const piece of read()) {
      const start = Math.min(piece.length, Math.max(0, offset - skipped));
      skipped += start;
      if (start < piece.length) yield piece.subarray(start);
    }
  }
  return { from: (offset, to) => cutAt(after(offset), offset, to), tail: async () => undefined, index: undefined };
}

async function* cutAt(
  pieces: AsyncIterable<Buffer>,
  offset: number,
  to = Number.POSITIVE_INFINITY,
): AsyncGenerator<Buffer> {
  let at = offset;
  for await (const piece of pieces) {
    yield piece.length > to - at ? piece.subarray(0, to - at) : piece;
    at += piece.length;
    if (at >= to) return;
  }
}

async function* gunzipped(path: string): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: PIECE });
  // An error of the file comes out of the decompressor, which the pipeline destroys with it.
  pipeline(createReadStream(path, { highWaterMark: PIECE }), gunzip, () => undefined);
  yield* gunzip;
}

async function* piecesOf(file: FileHandle, offset: number): AsyncGenerator<Buffer> {
  for (let at = offset; ; ) {
    const piece = await readAt(file, at, PIECE);
    if (piece.length === 0) return;
    yield piece;
    at += piece.length;
  }
}

async function tailOf(file: FileHandle, length: number): Promise<Buffer> {
  const { size } = await file.stat();
  const wanted = Math.min(size, length);
  return readAt(file, size - wanted, wanted);
}

/** Fewer bytes at the end of the file. */
async function readAt(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, at);
  return buffer.subarray(0, bytesRead);
}
