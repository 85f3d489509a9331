import type { OpenStream } from './sink.ts';

/** The streams that are open now. While none of them brings anything, nothing has to run. */
export class OpenStreams {
  readonly #streams = new Set<OpenStream>();
  #touched = Promise.withResolvers<void>();

  get size(): number {
    return this.#streams.size;
  }

  /** Resolves when something has come since the last `flush`. */
  get touched(): Promise<void> {
    return this.#touched.promise;
  }

  add(stream: OpenStream): void {
    this.#streams.add(stream);
  }

  delete(stream: OpenStream): void {
    this.#streams.delete(stream);
  }

  /** Something came that is not written down yet. */
  touch(): void {
    this.#touched.resolve();
  }

  /** Writes down what came. */
  flush(): void {
    this.#touched = Promise.withResolvers();
    for (const stream of this.#streams) stream.flush();
  }
}
