import type { Socket } from 'node:net';
import { FaroError, messageOf } from '../../model/errors.ts';
import { once } from '../../model/once.ts';
import { AnswerParser, type AnswerPart } from './answer-parser.ts';
import type { BlockReader } from './block-reader.ts';
import { type CallLife, Unprocessed } from './channel.ts';
import { type ByteStream, type Headers, type HttpRequest, type HttpResponse, pathOnly } from './http.ts';

/** What is left of an answer that nobody reads to its end is taken in up to here, in bytes; beyond, the connection goes. */
const MOST_UNREAD = 64 * 1024;

/** A connection of HTTP/1.1 over which files are read, one request at a time. */
export class FileConnection {
  readonly #socket: Socket;
  readonly #reader: BlockReader;
  #requests = 0;
  #isBusy = false;

  constructor(socket: Socket, reader: BlockReader) {
    this.#socket = socket;
    this.#reader = reader;
  }

  /** Another request may be sent: the last answer was read to its end, and nothing came behind it. */
  get isFree(): boolean {
    return !this.#isBusy && !this.#socket.destroyed && this.#reader.isQuiet;
  }

  /** It will never be free again. */
  get isGone(): boolean {
    return this.#socket.destroyed || !(this.#isBusy || this.#reader.isQuiet);
  }

  close(): void {
    this.#socket.destroy();
  }

  /**
   * Asks for a file; `ended` is called once, when its answer has come to an end, whatever that is. Throws Unprocessed where
   * the connection was kept and had been closed before the server heard of the request.
   */
  async open(
    { request, prefix, server }: { readonly request: HttpRequest; readonly prefix: string; readonly server: URL },
    life: CallLife,
    ended: () => void,
  ): Promise<HttpResponse> {
    const parser = new AnswerParser(`${request.method} ${pathOnly(request.path)}`);
    const isKept = this.#requests > 0;
    this.#requests += 1;
    this.#isBusy = true;
    const cancel = (): void => this.close();
    life.signal.addEventListener('abort', cancel, { once: true });
    // Whoever reads a body to its end also disposes it, and another request may be under way by then.
    const finish = once(() => {
      this.#isBusy = false;
      life.end();
      life.signal.removeEventListener('abort', cancel);
      if (!parser.isKept) this.close();
      ended();
    });
    try {
      life.signal.throwIfAborted();
      this.#socket.write(headOf(request, prefix, server.host));
      const parts = this.#parts(parser, life);
      const { value: head } = await parts.next();
      if (head?.type !== 'head') throw new Error('the connection was closed');
      if (parser.isDone) finish();
      const { status, headers } = head;
      return { status, headers, body: new FileBody(parts, { parser, life, origin: server.origin, finish }) };
    } catch (error) {
      finish();
      life.signal.throwIfAborted();
      if (isKept && parser.isUntouched && !(error instanceof FaroError))
        throw new Unprocessed('a kept connection was closed', { cause: error });
      throw error;
    }
  }

  async *#parts(parser: AnswerParser, life: CallLife): AsyncGenerator<AnswerPart> {
    while (!parser.isDone) {
      const bytes = await this.#reader.next();
      if (bytes === undefined) return parser.end();
      life.heard();
      yield* parser.take(bytes);
    }
  }
}

interface FileBodyOptions {
  readonly parser: AnswerParser;
  readonly life: CallLife;
  readonly origin: string;
  readonly finish: () => void;
}

/** The body of an answer; a break in the middle is an error, never an early end. */
class FileBody implements ByteStream {
  readonly #parts: AsyncGenerator<AnswerPart>;
  readonly #options: FileBodyOptions;
  readonly lent: AsyncIterable<Buffer>;

  constructor(parts: AsyncGenerator<AnswerPart>, options: FileBodyOptions) {
    this.#parts = parts;
    this.#options = options;
    this.lent = { [Symbol.asyncIterator]: () => this.#pieces() };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for await (const piece of this.#pieces()) yield Buffer.from(piece);
  }

  async *#pieces(): AsyncGenerator<Buffer> {
    const { parser, life, origin } = this.#options;
    try {
      for (let part = await this.#parts.next(); part.done !== true; part = await this.#parts.next())
        if (part.value.type === 'body') yield part.value.bytes;
    } catch (cause) {
      if (life.signal.aborted) throw life.signal.reason;
      if (cause instanceof FaroError) throw cause;
      throw new FaroError('unreachable', `the connection to ${origin} broke: ${messageOf(cause)}`, { cause });
    } finally {
      await this[Symbol.asyncDispose]();
    }
    if (!parser.isDone) throw new FaroError('unreachable', `the connection to ${origin} broke: it was disposed`);
  }

  /** A little that nobody wants, as the page of an error, is taken in, so that the connection stays. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { parser, finish } = this.#options;
    try {
      while (!parser.isDone && parser.left <= MOST_UNREAD && (await this.#parts.next()).done !== true);
    } catch {
      // Nobody asks for it any more.
    }
    finish();
  }
}

/** What no path may hold, nor a field: what would end it, and be taken for another one. */
const FORBIDDEN_IN_PATH = /[^\x21-\x7e]/;
const FORBIDDEN_IN_FIELD = /[^\t\x20-\x7e\x80-\xff]/;

function headOf({ method, path, headers }: HttpRequest, prefix: string, host: string): Buffer {
  const target = `${prefix}${path}`;
  if (FORBIDDEN_IN_PATH.test(target)) throw new TypeError('Request path contains unescaped characters');
  const fields = Object.entries({ host, ...headers } satisfies Headers).flatMap(([name, values]) =>
    [values].flat().map((value) => {
      if (FORBIDDEN_IN_FIELD.test(value)) throw new TypeError(`Invalid character in header content ["${name}"]`);
      return `${name}: ${value}\r\n`;
    }),
  );
  return Buffer.from(`${method} ${target} HTTP/1.1\r\n${fields.join('')}\r\n`, 'latin1');
}
