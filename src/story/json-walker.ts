/** The bytes that JSON is made of. */
export const BYTE = {
  newline: 10,
  quote: 34,
  comma: 44,
  colon: 58,
  open: 91,
  backslash: 92,
  close: 93,
  begin: 123,
  end: 125,
};

/** Where a value of JSON ends; takes the bytes in pieces. Only structure is looked at: the value itself may be wrong. */
class ValueScan {
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #isScalar = false;

  /** The index behind the value's last byte, or -1 where the value goes on behind the buffer. */
  feed(buffer: Buffer, from: number): number {
    let at = from;
    while (at < buffer.length) {
      if (this.#isInString) {
        at = this.#string(buffer, at);
        if (!this.#isInString && this.#depth === 0) return at;
        continue;
      }
      const byte = buffer[at] ?? 0;
      if (this.#isScalar) {
        if (isSpace(byte) || byte === BYTE.comma || byte === BYTE.close || byte === BYTE.end) return at;
      } else if (byte === BYTE.quote) this.#isInString = true;
      else if (byte === BYTE.begin || byte === BYTE.open) this.#depth += 1;
      else if (byte === BYTE.end || byte === BYTE.close) {
        this.#depth -= 1;
        if (this.#depth <= 0) return at + 1;
      } else if (this.#depth === 0) this.#isScalar = true;
      at += 1;
    }
    return -1;
  }

  #string(buffer: Buffer, from: number): number {
    let at = from;
    for (; at < buffer.length; at += 1) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (buffer[at] === BYTE.backslash) this.#isEscaped = true;
      else if (buffer[at] === BYTE.quote) {
        this.#isInString = false;
        return at + 1;
      }
    }
    return at;
  }
}

/** A value by its bytes, and where they stand in the document. */
export interface RawValue {
  readonly bytes: Buffer;
  readonly offset: number;
}

/** A value may be as long as a string of this machine can be: what is longer is not JSON that anyone reads. */
const LONGEST = 512 * 1024 * 1024;

/** JSON text ended, or was other than it must be, at an offset. */
export class JsonFault extends Error {
  readonly offset: number;
  /** Whether the bytes ended where more were needed. */
  readonly isCut: boolean;

  constructor(message: string, at: { readonly offset: number; readonly isCut?: boolean; readonly cause?: unknown }) {
    super(message, { cause: at.cause });
    this.offset = at.offset;
    this.isCut = at.isCut === true;
  }
}

/** Walks through JSON text that comes in pieces, value by value: what is in memory is one value or one piece. */
export class JsonWalker implements AsyncDisposable {
  readonly #pieces: AsyncIterator<Buffer>;
  #buffer: Buffer = Buffer.alloc(0);
  #at = 0;
  /** Where the buffer begins in the document. */
  #base: number;

  constructor(pieces: AsyncIterable<Buffer>, offset = 0) {
    this.#pieces = pieces[Symbol.asyncIterator]();
    this.#base = offset;
  }

  get offset(): number {
    return this.#base + this.#at;
  }

  /** The next byte that is no white space, which stays the next; undefined at the end. */
  async peek(): Promise<number | undefined> {
    for (;;) {
      for (; this.#at < this.#buffer.length; this.#at += 1) {
        const byte = this.#buffer[this.#at];
        if (byte !== undefined && !isSpace(byte)) return byte;
      }
      if (!(await this.#more(1))) return undefined;
    }
  }

  /** Takes the next byte if it is this one. */
  async takes(byte: number): Promise<boolean> {
    if ((await this.peek()) !== byte) return false;
    this.#at += 1;
    return true;
  }

  async expect(byte: number): Promise<void> {
    if (await this.takes(byte)) return;
    const found = await this.peek();
    const wanted = `"${String.fromCharCode(byte)}" expected`;
    if (found === undefined) throw new JsonFault(`it ends where ${wanted}`, { offset: this.offset, isCut: true });
    throw new JsonFault(`${wanted}, "${String.fromCharCode(found)}" found`, { offset: this.offset });
  }

  /** The next value, whole. */
  async value(): Promise<RawValue> {
    await this.#expectValue();
    const scan = new ValueScan();
    for (let from = this.#at; ; ) {
      const end = scan.feed(this.#buffer, from);
      if (end !== -1) return this.#take(end);
      const known = this.#buffer.length - this.#at;
      if (known > LONGEST) throw new JsonFault('a value is too long', { offset: this.offset });
      // Twice as much each time, so that a long value is not copied once a piece.
      if (!(await this.#more(Math.max(1, known)))) return this.#cut();
      from = this.#at + known;
    }
  }

  /** Walks over the next value without keeping it. */
  async skip(): Promise<void> {
    await this.#expectValue();
    const scan = new ValueScan();
    for (;;) {
      const end = scan.feed(this.#buffer, this.#at);
      this.#at = end === -1 ? this.#buffer.length : end;
      if (end !== -1) return;
      if (!(await this.#more(1))) this.#cut();
    }
  }

  /**
   * The whole lines at hand that hold a value each and start with `prefix`: a fast way past value() for text that is
   * written so. None where the walk stands elsewhere. The commas behind them are taken, too.
   */
  takeLines(prefix: Buffer): { readonly lines: readonly RawValue[]; readonly isAfterComma: boolean } {
    const lines: RawValue[] = [];
    const buffer = this.#buffer;
    let isAfterComma = false;
    for (;;) {
      const start = buffer[this.#at] === BYTE.newline ? this.#at + 1 : this.#at;
      const isLine = start > 0 && buffer[start - 1] === BYTE.newline && startsWith(buffer, start, prefix);
      const newline = isLine ? buffer.indexOf(BYTE.newline, start) : -1;
      const hasComma = buffer[newline - 1] === BYTE.comma;
      const end = hasComma ? newline - 1 : newline;
      if (newline === -1 || buffer[end - 1] !== BYTE.end) return { lines, isAfterComma };
      lines.push({ bytes: buffer.subarray(start, end), offset: this.#base + start });
      this.#at = newline;
      isAfterComma = hasComma;
      if (!hasComma) return { lines, isAfterComma };
    }
  }

  /** Lets go of where the bytes come from. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pieces.return?.();
  }

  async #expectValue(): Promise<void> {
    const byte = await this.peek();
    if (byte === undefined) this.#cut();
    if (byte === BYTE.comma || byte === BYTE.colon || byte === BYTE.close || byte === BYTE.end)
      throw new JsonFault(`a value expected, "${String.fromCharCode(byte)}" found`, { offset: this.offset });
  }

  #take(end: number): RawValue {
    const value = { bytes: this.#buffer.subarray(this.#at, end), offset: this.offset };
    this.#at = end;
    return value;
  }

  #cut(): never {
    const offset = this.#base + this.#buffer.length;
    throw new JsonFault('it ends in the middle', { offset, isCut: true });
  }

  /** Reads at least that many bytes more, if there are; false where there are none. */
  async #more(least: number): Promise<boolean> {
    // The byte before stays, so that takeLines knows a line's beginning.
    const keep = Math.max(0, this.#at - 1);
    const parts = [this.#buffer.subarray(keep)];
    let got = 0;
    while (got < least) {
      const { value, done } = await this.#pieces.next();
      if (done === true) break;
      parts.push(value);
      got += value.length;
    }
    this.#buffer = Buffer.concat(parts);
    this.#base += keep;
    this.#at -= keep;
    return got > 0;
  }
}

function isSpace(byte: number): boolean {
  return byte === 32 || byte === 10 || byte === 13 || byte === 9;
}

/** Whether a prefix stands at a place in a buffer. */
export function startsWith(buffer: Buffer, at: number, prefix: Buffer): boolean {
  return buffer.length >= at + prefix.length && buffer.compare(prefix, 0, prefix.length, at, at + prefix.length) === 0;
}
