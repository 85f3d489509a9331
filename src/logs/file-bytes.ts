import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { ByteStream } from '../kube/client.ts';
import type { FileTimes, NodeFiles } from '../kube/node-files.ts';
import type { Timestamp } from '../model/time.ts';
import { timestampAt } from './cri.ts';
import type { Proof } from './proof.ts';
import { COMPRESSED } from './rotation.ts';

/** A log file's bytes from a place on, whether the file is compressed or not. */
export interface FileBytes extends AsyncDisposable {
  /** Each holds only until the next one is asked for. */
  readonly chunks: AsyncIterable<Buffer>;
  /** A compressed file is never written to again, and every request for it begins at its beginning. */
  readonly isCompressed: boolean;
  /** Of a file that is not compressed, where its node tells. */
  readonly times?: FileTimes | undefined;
  /** The file went on behind `most` when it was opened. */
  readonly isCut?: boolean | undefined;
}

/** A compressed file is not what was compressed: it ends too early, or its bytes or its trailer (CRC-32, size) are wrong. */
export class DamagedFile extends Error {
  /** It ends before its trailer; else what was unpacked of it may be wrong, too. */
  readonly isCutShort: boolean;

  constructor(message: string, { isCutShort, cause }: { readonly isCutShort: boolean; readonly cause?: Error }) {
    super(message, { cause });
    this.isCutShort = isCutShort;
  }
}

/** A file's bytes as far as they are sound: a damage ends them, and is kept. */
export class SoundChunks implements AsyncIterable<Buffer> {
  readonly #bytes: FileBytes;
  damage: DamagedFile | undefined;

  constructor(bytes: FileBytes) {
    this.#bytes = bytes;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    try {
      yield* this.#bytes.chunks;
    } catch (error) {
      if (!(error instanceof DamagedFile)) throw error;
      this.damage = error;
    }
  }
}

/** Unpacks gzip; fails with zlib's error where it is damaged or ends too early, after what could be unpacked. */
export type Gunzip = (bytes: AsyncIterable<Buffer>) => AsyncIterable<Buffer>;

/** A stretch of a file. */
export interface FileRange {
  readonly file: string;
  readonly from: number;
  /** Of a file that is not compressed, so many bytes at most; undefined: to its end. */
  readonly most?: number | undefined;
}

/** Opens a file at `from`, or its compressed form; undefined where neither is there or reaches that far. */
export async function openFile(
  { files, gunzip = inPieces }: { readonly files: NodeFiles; readonly gunzip?: Gunzip | undefined },
  { file, from, most, mayBeCompressed }: FileRange & { readonly mayBeCompressed: boolean },
  signal: AbortSignal,
): Promise<FileBytes | undefined> {
  const plain = await files.read(file, from, signal, most);
  if (plain.type === 'bytes') {
    const { body, times, isCut } = plain;
    return { ...fileBytes(skipping(body.lent ?? body, from - plain.from), body, false), times, isCut };
  }
  if (plain.type === 'beyond') return from === 0 ? emptyFile({ isCompressed: false }) : undefined;
  if (!mayBeCompressed) return undefined;
  const compressed = await files.read(`${file}${COMPRESSED}`, 0, signal);
  if (compressed.type === 'missing') return undefined;
  if (compressed.type === 'beyond') return emptyFile({ isCompressed: true });
  return fileBytes(skipping(judged(gunzip(compressed.body)), from), compressed.body, true);
}

function fileBytes(chunks: AsyncIterable<Buffer>, body: ByteStream, isCompressed: boolean): FileBytes {
  return { chunks: started(chunks), isCompressed, [Symbol.asyncDispose]: () => body[Symbol.asyncDispose]() };
}

async function* judged(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* chunks;
  } catch (error) {
    if (!isOfZlib(error)) throw error;
    throw new DamagedFile(error.message, { isCutShort: error.code === 'Z_BUF_ERROR', cause: error });
  }
}

/** What is wrong with the bytes; what is wrong with their way has other codes. */
function isOfZlib(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
}

function skipping(chunks: AsyncIterable<Buffer>, count: number): AsyncIterable<Buffer> {
  return count === 0 ? chunks : behind(chunks, count);
}

async function* behind(chunks: AsyncIterable<Buffer>, count: number): AsyncGenerator<Buffer> {
  let rest = count;
  for await (const chunk of chunks) {
    if (rest < chunk.length) yield rest === 0 ? chunk : chunk.subarray(rest);
    rest = Math.max(0, rest - chunk.length);
  }
}

async function* inPieces(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  // What breaks the body or the gzip comes out of the stream too; pipeline's own callback has nothing to add.
  yield* pipeline(Readable.from(body), createGunzip({ chunkSize: 64 * 1024 }), () => undefined);
}

function emptyFile({ isCompressed }: { readonly isCompressed: boolean }): FileBytes {
  async function* chunks(): AsyncGenerator<Buffer> {
    // Nothing, compressed, is a header and a trailer.
    if (isCompressed) throw new DamagedFile('it is empty', { isCutShort: true });
    yield* [];
  }
  return { chunks: started(chunks()), isCompressed, [Symbol.asyncDispose]: () => Promise.resolve() };
}

/** The size of what a compressed file holds, modulo 2^32, as its trailer says; undefined where the file is not there. */
export async function unpackedSize(files: NodeFiles, file: string, signal: AbortSignal): Promise<number | undefined> {
  const trailer = await files.read(`${file}${COMPRESSED}`, -4, signal);
  if (trailer.type !== 'bytes') return undefined;
  await using body = trailer.body;
  let last: Buffer = Buffer.alloc(0);
  for await (const chunk of body) last = Buffer.concat([last, chunk]).subarray(-4);
  return last.length === 4 ? last.readUInt32LE() : undefined;
}

/** Whether a file's bytes begin with a record that is known; disposes it. */
export async function beginsWith(opened: FileBytes, expected: Proof): Promise<boolean> {
  await using bytes = opened;
  let found: Buffer = Buffer.alloc(0);
  for await (const chunk of bytes.chunks) {
    found = Buffer.concat([found, chunk]);
    if (found.length >= expected.length) break;
  }
  return expected.matches(found.subarray(0, expected.length));
}

/** No time is longer, in bytes. */
export const MOST_TIME_BYTES = 64;

/** The time of a file's first record; disposes it. */
export async function firstTimeOf(opened: FileBytes): Promise<Timestamp | undefined> {
  await using bytes = opened;
  let begin: Buffer = Buffer.alloc(0);
  for await (const chunk of bytes.chunks) {
    begin = Buffer.concat([begin, chunk]);
    const space = begin.indexOf(32);
    if (space !== -1) return timestampAt(begin, 0, space);
    if (begin.length >= MOST_TIME_BYTES) return undefined;
  }
  return undefined;
}

/**
 * Begins to read at once. A file may be opened a request before it is read; an HTTP/2 stream that has come to its end by
 * then, unread, would look broken to Node's reader.
 */
function started(chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first = iterator.next();
  first.catch(() => undefined); // told to whoever reads
  return {
    async *[Symbol.asyncIterator]() {
      try {
        for (let next = await first; next.done !== true; next = await iterator.next()) yield next.value;
      } finally {
        await iterator.return?.();
      }
    },
  };
}
