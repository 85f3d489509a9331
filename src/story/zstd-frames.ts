import { createZstdDecompress, zstdDecompressSync } from 'node:zlib';
import { asError } from '../model/errors.ts';

/**
 * Node's own decompressor stops at the end of the first frame, and says nothing. So the frames of a file are told apart
 * here (RFC 8878), and each is decompressed by itself.
 */

/** A frame up to this size is decompressed in one call. */
const SMALL = 4 * 1024 * 1024;
const MAGIC = 0xfd2fb528;

/** The bytes ended in the middle of a frame, or are no zstd at all. */
export class ZstdFault extends Error {}

/** The content of all frames, one after the other; skippable ones are skipped. */
export async function* zstdFrames(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const source = new ByteQueue(pieces);
  while (await source.has(1)) {
    const magic = (await source.peek(4)).readUInt32LE(0);
    if ((magic & 0xfffffff0) >>> 0 === 0x184d2a50) {
      const length = (await source.peek(8)).readUInt32LE(4);
      for await (const _ of source.take(8 + length));
    } else if (magic === MAGIC) yield* frame(source);
    else throw new ZstdFault('no zstd frame begins where one must');
  }
}

async function* frame(source: ByteQueue): AsyncGenerator<Buffer> {
  const parts = compressedFrame(source);
  const small: Buffer[] = [];
  let length = 0;
  for (;;) {
    const { value, done } = await parts.next();
    if (done === true) break;
    small.push(value);
    length += value.length;
    if (length <= SMALL) continue;
    yield* streamedFrame(small, parts);
    return;
  }
  yield zstdDecompressSync(Buffer.concat(small));
}

/** A frame that is too long for one call: its blocks are handed to a decompressor of its own. */
async function* streamedFrame(first: readonly Buffer[], rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const decompress = createZstdDecompress();
  const fed = (async () => {
    for (const part of first) await write(decompress, part);
    for await (const part of rest) await write(decompress, part);
    decompress.end();
  })();
  fed.catch((error: unknown) => decompress.destroy(asError(error)));
  yield* decompress;
  await fed;
}

function write(stream: ReturnType<typeof createZstdDecompress>, part: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(part, (error) => (error ? reject(error) : resolve()));
  });
}

/** The bytes of the frame that begins here, piece by piece, to its end. */
async function* compressedFrame(source: ByteQueue): AsyncGenerator<Buffer> {
  const descriptor = (await source.peek(5))[4] ?? 0;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const size = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  yield* source.take(5 + (isSingleSegment ? 0 : 1) + dictionary + size);
  for (let isLast = false; !isLast; ) {
    const header = (await source.peek(3)).readUIntLE(0, 3);
    isLast = (header & 1) === 1;
    const isRepeated = ((header >> 1) & 3) === 1;
    yield* source.take(3 + (isRepeated ? 1 : header >> 3));
  }
  if ((descriptor & 4) !== 0) yield* source.take(4);
}

/** Takes counted bytes from pieces of any size. */
class ByteQueue {
  readonly #pieces: AsyncIterator<Buffer>;
  #buffer: Buffer = Buffer.alloc(0);

  constructor(pieces: AsyncIterable<Buffer>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  async has(count: number): Promise<boolean> {
    while (this.#buffer.length < count) {
      const { value, done } = await this.#pieces.next();
      if (done === true) return false;
      this.#buffer = this.#buffer.length === 0 ? value : Buffer.concat([this.#buffer, value]);
    }
    return true;
  }

  async peek(count: number): Promise<Buffer> {
    if (!(await this.has(count))) throw new ZstdFault('it ends in the middle of a zstd frame');
    return this.#buffer;
  }

  async *take(count: number): AsyncGenerator<Buffer> {
    for (let left = count; left > 0; ) {
      await this.peek(1);
      const part = this.#buffer.subarray(0, left);
      this.#buffer = this.#buffer.subarray(part.length);
      left -= part.length;
      yield part;
    }
  }
}
