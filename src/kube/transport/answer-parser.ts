import { FaroError } from '../../model/errors.ts';
import { FOREIGN_HINT } from '../error.ts';
import type { HttpResponse } from './http.ts';

/** What an answer of HTTP/1.1 consists of, in order: one head, then pieces of its body. */
export type AnswerPart =
  | { readonly type: 'head'; readonly status: number; readonly headers: HttpResponse['headers'] }
  /** A view of what was taken in. */
  | { readonly type: 'body'; readonly bytes: Buffer };

/** As Node's own parser bounds them, in bytes: status line and fields together; and a line that frames a chunk. */
const MAX_HEAD = 16 * 1024;
const MAX_CHUNK_LINE = 1024;
/** Promises of an answer (`102 Processing`) before it. */
const MAX_INTERIM = 16;
const CRLF = Buffer.from('\r\n');
const HEAD_END = Buffer.from('\r\n\r\n');

/** How the body ends: behind as many bytes, behind the last chunk, or with the connection. */
type Framing = { readonly type: 'length'; readonly bytes: number } | { readonly type: 'chunked' | 'close' };

/**
 * Reads one answer of HTTP/1.1 (RFC 9112) from bytes as they come, cut anywhere, and believes nothing: what is not the
 * protocol to the letter is an FaroError `protocol`, and so is what could be understood in two ways (two lengths, a length
 * beside chunks, folded fields, bare line feeds). Pure; holds no more than a head or a line.
 */
export class AnswerParser {
  /** Who answers what, for messages. */
  readonly #what: string;
  #state: 'head' | 'body' | 'chunk size' | 'chunk' | 'chunk end' | 'trailer' | 'done' = 'head';
  /** Of a head or a line that has not come to its end. */
  #begun: Buffer = Buffer.alloc(0);
  #interim = 0;
  #trailerBytes = 0;
  /** Bytes of the body, or of the chunk, that are yet to come. */
  #left = 0;
  #isHttp10 = false;
  #mayBeKept = true;

  constructor(what: string) {
    this.#what = what;
  }

  /** The answer has come to its end. */
  get isDone(): boolean {
    return this.#state === 'done';
  }

  /** Nothing of it has come yet. */
  get isUntouched(): boolean {
    return this.#state === 'head' && this.#begun.length === 0 && this.#interim === 0;
  }

  /** How much of the body is still to come; infinite where only its end tells. */
  get left(): number {
    if (this.#state === 'done') return 0;
    return this.#state === 'body' ? this.#left : Number.POSITIVE_INFINITY;
  }

  /** Another request may be sent on the connection. */
  get isKept(): boolean {
    return this.isDone && this.#mayBeKept;
  }

  /** Takes in what came next. To be run to its end, before the bytes change. */
  *take(bytes: Buffer): Generator<AnswerPart> {
    for (let at = 0; at < bytes.length; ) {
      if (this.#state === 'done') {
        this.#mayBeKept = false; // nobody asked for it; the answer to the next question must not be read from it
        return;
      }
      if (this.#state === 'body' || this.#state === 'chunk') {
        const end = Math.min(bytes.length, at + this.#left);
        this.#left -= end - at;
        if (this.#left === 0) this.#state = this.#state === 'body' ? 'done' : 'chunk end';
        yield { type: 'body', bytes: at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end) };
        at = end;
        continue;
      }
      const [line, next] = this.#upTo(this.#state === 'head' ? HEAD_END : CRLF, bytes, at);
      at = next;
      if (line === undefined) return;
      if (this.#state === 'head') {
        const head = this.#head(line);
        if (head !== undefined) yield head;
      } else this.#frame(line);
    }
  }

  /** The connection has ended. Throws an Error where that is too early. */
  end(): void {
    this.#mayBeKept = false;
    const isWhole = this.#state === 'done' || (this.#state === 'body' && this.#left === Number.POSITIVE_INFINITY);
    if (!isWhole) throw new Error('it ended in the middle of an answer');
    this.#state = 'done';
  }

  /** What stands before a mark, and where what follows begins; undefined until it has come. */
  #upTo(mark: Buffer, bytes: Buffer, at: number): readonly [line: string | undefined, next: number] {
    const most = mark === HEAD_END ? MAX_HEAD : MAX_CHUNK_LINE;
    const begun = this.#begun;
    const more = bytes.subarray(at, at + most + mark.length);
    const all = begun.length === 0 ? more : Buffer.concat([begun, more]);
    // The mark may have begun in what came before.
    const found = all.indexOf(mark, Math.max(0, begun.length - mark.length + 1));
    if (found === -1) {
      if (all.length > most) throw this.#error(mark === HEAD_END ? 'headers without end' : 'a chunk without a size');
      this.#begun = Buffer.from(all);
      return [undefined, bytes.length];
    }
    this.#begun = Buffer.alloc(0);
    return [all.toString('latin1', 0, found), at + found + mark.length - begun.length];
  }

  /** Undefined for an interim answer, which another one follows. */
  #head(text: string): AnswerPart | undefined {
    const [first = '', ...lines] = text.split('\r\n');
    const [, minor, code] = /^HTTP\/1\.([01]) (\d{3})(?: [\t\x20-\x7e\x80-\xff]*)?$/.exec(first) ?? [];
    if (code === undefined) throw this.#error('what is no HTTP/1.1');
    const status = Number(code);
    if (status < 200) {
      this.#interim += 1;
      if (status === 101 || this.#interim > MAX_INTERIM) throw this.#error('promises in place of an answer');
      return undefined;
    }
    this.#isHttp10 = minor === '0';
    const headers = this.#fields(lines);
    this.#begin(this.#framing(status, headers));
    const connection = (one(headers.connection) ?? '').toLowerCase();
    this.#mayBeKept &&= this.#isHttp10 ? /\bkeep-alive\b/.test(connection) : !/\bclose\b/.test(connection);
    return { type: 'head', status, headers };
  }

  /** By their names in lower case; several of one name as their list. */
  #fields(lines: readonly string[]): Record<string, string | string[]> {
    const headers: Record<string, string | string[]> = Object.create(null);
    for (const line of lines) {
      const [, name = '', value = ''] = FIELD.exec(line) ?? [];
      if (name === '') throw this.#error('a header that is none');
      const key = name.toLowerCase();
      const known = headers[key];
      headers[key] = known === undefined ? value : [known, value].flat();
    }
    return headers;
  }

  #framing(status: number, headers: HttpResponse['headers']): Framing {
    const coding = headers['transfer-encoding'];
    const length = headers['content-length'];
    if (status === 204 || status === 304) return { type: 'length', bytes: 0 };
    if (coding !== undefined) {
      if (length !== undefined) throw this.#error('a length and chunks');
      if (typeof coding !== 'string' || coding.toLowerCase() !== 'chunked' || this.#isHttp10)
        throw this.#error('a coding of the transfer that is not known');
      return { type: 'chunked' };
    }
    if (length === undefined) return { type: 'close' };
    if (typeof length !== 'string' || !/^\d+$/.test(length) || !Number.isSafeInteger(Number(length)))
      throw this.#error('a length that is none');
    return { type: 'length', bytes: Number(length) };
  }

  #begin(framing: Framing): void {
    this.#left = framing.type === 'length' ? framing.bytes : framing.type === 'close' ? Number.POSITIVE_INFINITY : 0;
    this.#state = framing.type === 'chunked' ? 'chunk size' : this.#left === 0 ? 'done' : 'body';
    if (framing.type === 'close') this.#mayBeKept = false;
  }

  /** A line between the chunks. */
  #frame(line: string): void {
    if (this.#state === 'chunk end') {
      if (line !== '') throw this.#error('a chunk of another size than it says');
      this.#state = 'chunk size';
    } else if (this.#state === 'trailer') {
      this.#trailerBytes += line.length;
      if (this.#trailerBytes > MAX_HEAD) throw this.#error('headers without end');
      if (line !== '' && !FIELD.test(line)) throw this.#error('a header that is none');
      if (line === '') this.#state = 'done';
    } else {
      const [, digits] = /^([\da-fA-F]{1,13})(?:[\t ]*;[\t\x20-\x7e\x80-\xff]*)?$/.exec(line) ?? [];
      if (digits === undefined) throw this.#error('a chunk without a size');
      this.#left = Number.parseInt(digits, 16);
      this.#state = this.#left === 0 ? 'trailer' : 'chunk';
    }
  }

  #error(what: string): FaroError {
    return new FaroError('protocol', `${this.#what} was answered with ${what}`, { hint: FOREIGN_HINT });
  }
}

/** `name: value`; neither folded nor with a blank before its colon. */
const FIELD =
  /^([!#$%&'*+\-.^_`|~\w]+):[\t ]*((?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)[\t ]*$/;

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}
