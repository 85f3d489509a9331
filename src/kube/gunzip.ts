import { pipeline, Readable } from 'node:stream';
import { constants, createGunzip, type Gunzip } from 'node:zlib';

/** The bytes of a gzip stream, unpacked as they come by a thread of zlib's own. */
export async function* gunzip(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  // What breaks the source comes out of the gunzip stream too; pipeline's own callback has nothing to add.
  yield* pipeline(Readable.from(chunks), createGunzip(), () => undefined);
}

/**
 * The same for a watch, of which the API server compresses whatever it flushes as a member of its own: each chunk is
 * unpacked on the spot, as far as it goes. The turn of a thread would cost twice as much as all else that is done with it.
 */
export async function* gunzipOnTheSpot(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const stream = createGunzip({ chunkSize: OWN_ROOM }).on('error', () => undefined); // thrown where it is found
  try {
    if (!hasEngine(stream)) return yield* gunzip(chunks);
    const unpacking = new Unpacking(stream);
    for await (const chunk of chunks) yield* unpacking.take(chunk);
    unpacking.end();
  } finally {
    stream.destroy();
  }
}

/**
 * What Node's gunzip streams work with: nothing else unpacks a part of a stream without a thread. It is not documented, but
 * npm relies on it as well (minizlib); where it is not as expected, threads do the work.
 */
interface Engine {
  readonly _handle: {
    writeSync(flush: number, from: Buffer, start: number, size: number, to: Buffer, at: number, room: number): void;
  };
  /** After each write: bytes that are left of the room, and of what was to be unpacked. */
  readonly _writeState: Uint32Array;
}

function hasEngine(stream: Gunzip): stream is Gunzip & Engine {
  if (!('_handle' in stream && '_writeState' in stream && stream._writeState instanceof Uint32Array)) return false;
  const { _handle: handle } = stream;
  return typeof handle === 'object' && handle !== null && 'writeSync' in handle;
}

/** What is unpacked is written into one block after the other, each twice as large: most of hundreds of watches bring little. */
const BLOCK_BYTES = { first: 4 * 1024, most: 64 * 1024 };
/** A block with less room left is full: several small writes cost more than what stays empty. */
const LEAST_ROOM = 1024;
/** Of the room that the stream keeps for itself, which nothing is written into. */
const OWN_ROOM = 64;
const NOTHING: Buffer = Buffer.alloc(0);

class Unpacking {
  readonly #stream: Gunzip & Engine;
  #block = NOTHING;
  #blockBytes = BLOCK_BYTES.first;
  #at = 0;
  #hasBegun = false;

  constructor(stream: Gunzip & Engine) {
    this.#stream = stream;
  }

  /** All that can be had of a chunk. Throws zlib's error for what is no gzip. */
  *take(chunk: Buffer): Generator<Buffer> {
    this.#hasBegun ||= chunk.length > 0;
    for (let start = 0, isFull = true; isFull; ) {
      if (this.#block.length - this.#at < LEAST_ROOM) {
        this.#block = Buffer.allocUnsafeSlow(this.#blockBytes);
        this.#blockBytes = Math.min(this.#blockBytes * 2, BLOCK_BYTES.most);
        this.#at = 0;
      }
      const from = this.#at;
      const { room, rest } = this.#write(constants.Z_SYNC_FLUSH, chunk, start);
      this.#at = this.#block.length - room;
      start = chunk.length - rest;
      isFull = room === 0;
      if (this.#at > from) yield this.#block.subarray(from, this.#at);
    }
  }

  /** No more will come: throws where the last member lacks its end. */
  end(): void {
    if (this.#hasBegun) this.#write(constants.Z_FINISH, NOTHING, 0);
  }

  #write(flush: number, from: Buffer, start: number): { readonly room: number; readonly rest: number } {
    const { _handle: handle, _writeState: state } = this.#stream;
    handle.writeSync(flush, from, start, from.length - start, this.#block, this.#at, this.#block.length - this.#at);
    if (this.#stream.errored !== null) throw this.#stream.errored;
    const [room = 0, rest = 0] = state;
    return { room, rest };
  }
}
