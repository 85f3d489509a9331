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
  #pending = Buffer.allocUnsafeSlow(2 * MEMBER);
  #length = 0;
  #offset = 0;
  #at = 0;

  constructor(compression: Compression, write: FileSink) {
    this.#compression = compression;
    this.#write = write;
  }

  async take(chunk: Buffer): Promise<void> {
    this.#add(chunk);
    if (this.#length < MEMBER) return;
    const end = chunk.lastIndexOf(LINE_BREAK) + 1;
    if (end === 0) return; // no entry begins here: what goes on in the next chunk belongs to this member
    const rest = chunk.length - end;
    await this.#finishMember(this.#length - rest);
    this.#pending.copyWithin(0, this.#length - rest, this.#length);
    this.#length = rest;
  }

  async finish(): Promise<void> {
    await this.#finishMember(this.#length);
    const index = JSON.stringify({ length: this.#offset, members: this.#members });
    await this.#write(this.#compression.trailer.wrap(index, this.#at));
  }

  /** A chunk is its giver's again when it was taken. */
  #add(chunk: Buffer): void {
    const length = this.#length + chunk.length;
    if (length > this.#pending.length)
      this.#pending = Buffer.concat([this.#pending.subarray(0, this.#length)], 2 * length);
    chunk.copy(this.#pending, this.#length);
    this.#length = length;
  }

  async #finishMember(length: number): Promise<void> {
    if (length === 0) return;
    const bytes = this.#pending.subarray(0, length);
    const compressed = this.#compression.compress(bytes);
    this.#members.push({ offset: this.#offset, at: this.#at, contents: contentsOf(bytes) });
    this.#offset += length;
    this.#at += compressed.length;
    await this.#write(compressed);
  }
}
