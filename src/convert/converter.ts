import type { StoryReader } from '../story/reader.ts';

/** What a user may choose of a conversion. */
export interface ConvertOptions {
  /** Tokens that a digest may take. */
  readonly budget: number;
}

/** Makes text of a story, piece by piece. */
export type TextConverter = (story: StoryReader, options: ConvertOptions) => AsyncIterable<string>;

const PIECE = 64 * 1024;

/** Joins small texts into pieces that are worth a write. */
export async function* inPieces(texts: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string> {
  let parts: string[] = [];
  let length = 0;
  for await (const text of texts) {
    parts.push(text);
    length += text.length;
    if (length < PIECE) continue;
    yield parts.join('');
    parts = [];
    length = 0;
  }
  if (length > 0) yield parts.join('');
}
