import type { Readable } from 'node:stream';
import { FaroError, messageOf } from '../../model/errors.ts';
import type { ByteStream } from './http.ts';

export interface StreamBodyOptions {
  /** Who sends it, for messages. */
  readonly origin: string;
  /** What ended the call early, if something did. */
  readonly signal: AbortSignal;
  readonly heard: () => void;
  /** Ends the call; harmless after its end. */
  readonly cancel: () => void;
  /** Of a stream that may end as if all had come, though it has not: whether it has. */
  readonly isWhole?: () => boolean;
}

/** The body of an answer; a break in the middle is an error, never an early end. */
export class StreamBody implements ByteStream {
  readonly #stream: Readable;
  readonly #options: StreamBodyOptions;

  constructor(stream: Readable, options: StreamBodyOptions) {
    this.#stream = stream;
    this.#options = options;
    stream.on('error', () => undefined); // told to whoever reads; one that nobody reads must not end the process
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    const { heard, cancel } = this.#options;
    try {
      for await (const chunk of this.#stream) {
        heard();
        yield chunk as Buffer;
      }
    } catch (error) {
      // Whoever begins to read when the last frame is in already gets all of it, and then an error of Node's own making.
      if (!this.#isWhole) throw this.#broken(error);
    } finally {
      cancel();
    }
    // Node ends the iteration of a destroyed HTTP/2 stream as if all had come.
    if (!this.#isWhole) throw this.#broken(new Error('the stream was cut off'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#options.cancel();
  }

  get #isWhole(): boolean {
    return this.#stream.readableEnded && this.#options.isWhole?.() !== false;
  }

  #broken(cause: unknown): unknown {
    const { origin, signal } = this.#options;
    if (signal.aborted) return signal.reason;
    return new FaroError('unreachable', `the connection to ${origin} broke: ${messageOf(cause)}`, { cause });
  }
}
