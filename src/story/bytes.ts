import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { FaroError, messageOf } from '../model/errors.ts';
import { zstdFrames } from './zstd-frames.ts';

/** The bytes of a story's document, whatever its file is compressed with. */
export interface StoryBytes extends AsyncDisposable {
  /** From an offset in the document to its end, in pieces. */
  from(offset: number): AsyncGenerator<Buffer>;
  /** The last bytes of the document (at most `length`), or undefined where they cannot be had without reading all. */
  tail(length: number): Promise<Buffer | undefined>;
}

const PIECE = 256 * 1024;

/** Opens a file by what it holds, not by its name. Throws FaroError `story`. */
export async function openBytes(path: string): Promise<StoryBytes> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw new FaroError('story', `${path} cannot be read: ${messageOf(cause)}`, { cause, hint: 'check the name' });
  });
  const close = { [Symbol.asyncDispose]: () => file.close() };
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    const magic = buffer.readUInt32LE(0);
    if ((magic & 0xffff) === 0x8b1f) return { ...streamed(() => gunzipped(path)), ...close };
    if (magic === 0xfd2fb528 || (magic & 0xfffffff0) >>> 0 === 0x184d2a50)
      return { ...streamed(() => zstdFrames(piecesOf(file, 0))), ...close };
    return { from: (offset) => piecesOf(file, offset), tail: (length) => tailOf(file, length), ...close };
  } catch (cause) {
    await file.close();
    throw new FaroError('story', `${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

/** Bytes that can only be had from the beginning on. */
function streamed(read: () => AsyncIterable<Buffer>): Omit<StoryBytes, typeof Symbol.asyncDispose> {
  return {
    async *from(offset) {
      let skipped = 0;
      for await (const piece of read()) {
        const start = Math.min(piece.length, Math.max(0, offset - skipped));
        skipped += start;
        if (start < piece.length) yield piece.subarray(start);
      }
    },
    tail: async () => undefined,
  };
}

async function* gunzipped(path: string): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: PIECE });
  // An error of the file comes out of the decompressor, which the pipeline destroys with it.
  pipeline(createReadStream(path, { highWaterMark: PIECE }), gunzip, () => undefined);
  yield* gunzip;
}

async function* piecesOf(file: FileHandle, offset: number): AsyncGenerator<Buffer> {
  for (let at = offset; ; ) {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(PIECE), 0, PIECE, at);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

async function tailOf(file: FileHandle, length: number): Promise<Buffer> {
  const { size } = await file.stat();
  const wanted = Math.min(size, length);
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(wanted), 0, wanted, size - wanted);
  return buffer.subarray(0, bytesRead);
}
