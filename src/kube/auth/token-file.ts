/** What an HTTP header can carry. */
const HEADER_TEXT = /^[\t\x20-\x7e\x80-\xff]+$/;

/** A token without the blanks around it; undefined where it is empty, or no header can carry it. */
export function bearerOf(text: string): string | undefined {
  const token = text.trim();
  return HEADER_TEXT.test(token) ? token : undefined;
}

/** What reads a file's bytes, with an error that names the entry. */
export type ReadFile = () => Promise<Buffer>;

/**
 * A bearer token that stands in a file. With a token beside it, as client-go has it: the file's wins whenever it can be
 * read, then the file's last, then the other.
 */
export class TokenFile {
  readonly #read: ReadFile;
  readonly #unusable: () => Error;
  #fallback: string | undefined;

  constructor(options: { read: ReadFile; beside: string | undefined; unusable: () => Error }) {
    this.#read = options.read;
    this.#unusable = options.unusable;
    this.#fallback = options.beside;
  }

  /** The token of the moment; throws only where there is no other to fall back to. */
  async token(): Promise<string> {
    try {
      const token = bearerOf((await this.#read()).toString('utf8'));
      if (token === undefined) throw this.#unusable();
      this.#fallback = token;
      return token;
    } catch (error) {
      if (this.#fallback === undefined) throw error;
      return this.#fallback;
    }
  }
}
