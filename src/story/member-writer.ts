import type { Compression } from './compress.ts';
import { contentsOf, LINE_BREAK, type Member } from './members.ts';

/** Members are about this long before compression. */
const MEMBER = 256 * 1024;

/** Takes the bytes of a file in the making; resolves when it can take more. */
export type FileSink = (bytes: Buffer) => Promise<void>;

/** Cuts the document into members at the beginnings of entries, compresses each, and writes the index behind them. */
export class MemberWriter {
  readonly #compression: Compression;
  readonly #write: FileSink;
  readonly #members: Member[] = [];
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #offset = 0;
  #at = 0;

  constructor(compression: Compression, write: FileSink) {
    this.#compression = compression;
    this.#write = write;
  }

  async take(chunk: Buffer): Promise<void> {
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.length;
    if (this.#pendingBytes < MEMBER) return;
    const end = chunk.lastIndexOf(LINE_BREAK) + 1;
    if (end === 0) return; // no entry begins here: what goes on in the next chunk belongs to this member
    this.#pending[this.#pending.length - 1] = chunk.subarray(0, end);
    await this.#finishMember();
    this.#pending = [chunk.subarray(end)];
    this.#pendingBytes = chunk.length - end;
  }

  async finish(): Promise<void> {
    await this.#finishMember();
    const index = JSON.stringify({ length: this.#offset, members: this.#members });
    await this.#write(this.#compression.trailer.wrap(index, this.#at));
  }

  async #finishMember(): Promise<void> {
    const bytes = Buffer.concat(this.#pending);
    if (bytes.length === 0) return;
    const compressed = this.#compression.compress(bytes);
    this.#members.push({ offset: this.#offset, at: this.#at, contents: contentsOf(bytes) });
    this.#offset += bytes.length;
    this.#at += compressed.length;
    await this.#write(compressed);
  }
}
