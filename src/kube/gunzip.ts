import { pipeline, Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { constants, createGunzip, gunzipSync } from 'node:zlib';
import { joined } from '../model/joined.ts';

/** Where a member grows larger, or pauses more often, a proxy compresses the whole answer as one. */
const MEMBER_BYTES = 256 * 1024;
const MEMBER_PAUSES = 4;
/** Deflate packs no tighter than this. */
const MAX_RATIO = 1032;
const OUTPUT_BYTES = 64 * 1024 * 1024;

/** The bytes of a gzip stream, unpacked as they come by a thread of zlib's own. */
export async function* gunzip(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  // What breaks the source comes out of the gunzip stream too; pipeline's own callback has nothing to add.
  yield* pipeline(Readable.from(chunks), createGunzip(), () => undefined);
}

/**
 * The same for a watch, of which the API server compresses whatever it flushes as a member of its own: these are unpacked
 * on the spot, for which a thread would cost five times as much. Bytes that can be had never wait for others.
 */
export async function* gunzipMembers(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const source = chunks[Symbol.asyncIterator]();
  try {
    for (let first = await source.next(); first.done !== true; first = await source.next()) {
      const member = new Member(first.value);
      while (!member.isWhole) {
        if (member.isEndless) return yield* streamed(member, source);
        const coming = source.next();
        if ((await Promise.race([coming, setImmediate('pause')])) === 'pause') yield* member.unpackedSoFar();
        const next = await coming;
        if (next.done === true) return member.end();
        member.add(next.value);
      }
      yield* member.unpackedSoFar();
    }
  } finally {
    // Not awaited: it would wait for a chunk that is on its way, and whoever opened the body closes it.
    source.return?.().catch(() => undefined);
  }
}

/** A member that comes in pieces, or several of which the last does. */
class Member {
  readonly chunks: Buffer[] = [];
  #size = 0;
  #pauses = 0;
  #unpacked: Buffer | undefined;
  /** Bytes, unpacked, that were given on before it was whole. */
  given = 0;

  constructor(chunk: Buffer) {
    this.add(chunk);
  }

  get isWhole(): boolean {
    return this.#unpacked !== undefined;
  }

  /** It does not look as if it ended soon. */
  get isEndless(): boolean {
    return !this.isWhole && (this.#size > MEMBER_BYTES || this.#pauses > MEMBER_PAUSES);
  }

  add(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.#size += chunk.length;
    if (mayEndWith(chunk, this.#size)) this.#unpacked = unpack(this.#packed());
  }

  /** What was not given on yet. */
  *unpackedSoFar(): Generator<Buffer> {
    this.#pauses += 1;
    const bytes = this.#unpacked ?? unpack(this.#packed(), constants.Z_SYNC_FLUSH) ?? Buffer.alloc(0);
    if (bytes.length > this.given) yield bytes.subarray(this.given);
    this.given = bytes.length;
  }

  /** No more will come: throws what is wrong with its end. */
  end(): void {
    gunzipSync(this.#packed());
  }

  #packed(): Buffer {
    return joined(this.chunks, this.#size);
  }
}

/** A member ends with its length, unpacked: what cannot be one needs no try. */
function mayEndWith(chunk: Buffer, size: number): boolean {
  return chunk.length < 4 || chunk.readUInt32LE(chunk.length - 4) <= size * MAX_RATIO;
}

/** undefined where the end is missing, or all would take too much memory. */
function unpack(bytes: Buffer, finishFlush: number = constants.Z_FINISH): Buffer | undefined {
  try {
    return gunzipSync(bytes, { finishFlush, maxOutputLength: OUTPUT_BYTES });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code === 'Z_BUF_ERROR' || code === 'ERR_BUFFER_TOO_LARGE') return undefined;
    throw error;
  }
}

/** The rest of the stream, without what was given on already. */
async function* streamed({ chunks, given }: Member, source: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  async function* all(): AsyncGenerator<Buffer> {
    yield* chunks;
    for (let next = await source.next(); next.done !== true; next = await source.next()) yield next.value;
  }
  let skip = given;
  for await (const chunk of gunzip(all())) {
    const bytes = chunk.subarray(skip);
    skip -= chunk.length - bytes.length;
    if (bytes.length > 0) yield bytes;
  }
}
