/** What reads a file's bytes, with an error that names the entry. */
export type ReadFile = () => Promise<Buffer>;

/**
 * A bearer token that stands in a file. With a token beside it, as client-go has it: the file's wins whenever it can be
 * read, then the file's last, then the other.
 */
export class TokenFile {
  readonly #read: ReadFile;
  readonly #empty: () => Error;
  #fallback: string | undefined;

  constructor(options: { read: ReadFile; beside: string | undefined; empty: () => Error }) {
    this.#read = options.read;
    this.#empty = options.empty;
    this.#fallback = options.beside;
  }

  /** The token of the moment; throws only where there is no other to fall back to. */
  async token(): Promise<string> {
    try {
      const token = (await this.#read()).toString('utf8').trim();
      if (token === '') throw this.#empty();
      this.#fallback = token;
      return token;
    } catch (error) {
      if (this.#fallback === undefined) throw error;
      return this.#fallback;
    }
  }
}
