import { unescaped } from './json-bytes.ts';

/** A verdict quotes less of a line, however much of it has to be escaped. */
const KEPT_BYTES = 8 * 1024;
const LINE = Buffer.from('"line":"');
const BYTES = Buffer.from('"bytes":"');

/** The beginning of a log line's JSON, which is kept while it may be one of a container's last; its memory is used again. */
export class KeptLine {
  #bytes = Buffer.alloc(0);
  #length = 0;
  #isWhole = true;

  /** Keeps the JSON that stands from `from` to `to`; it ends in the line's content. */
  keep(bytes: Buffer, from: number, to: number): void {
    const length = Math.min(to - from, KEPT_BYTES);
    if (this.#bytes.length < length) this.#bytes = Buffer.allocUnsafeSlow(length + 64);
    bytes.copy(this.#bytes, 0, from, from + length);
    this.#length = length;
    this.#isWhole = length === to - from;
  }

  /** The line, as far as it was kept. */
  get text(): string {
    const kept = this.#bytes.subarray(0, this.#length);
    const start = kept.indexOf(LINE);
    // A whole one ends in a quotation mark and a brace.
    const end = this.#isWhole ? this.#length - 2 : this.#length;
    if (start !== -1) return unescaped(kept, start + LINE.length, end);
    return Buffer.from(kept.toString('latin1', kept.indexOf(BYTES) + BYTES.length, end), 'base64').toString();
  }
}
