import { FaroError } from '../model/errors.ts';
import { type OpenBytesOptions, openBytes, type StoryBytes } from './bytes.ts';
import { isZlibError } from './compress.ts';
import type { TimelineEntry } from './document.ts';
import { type EntryFilter, EntryMatcher } from './entry-filter.ts';
import { readHead, type StoryHead } from './head.ts';
import { BYTE, JsonFault, JsonWalker, type RawValue } from './json-walker.ts';
import { LINE } from './members.ts';
import { parseEntry } from './parse-entry.ts';
import { ZstdFault } from './zstd-frames.ts';

export type { EntryFilter } from './entry-filter.ts';
export type { StoryHead } from './head.ts';

/** A story that is read piece by piece; dispose it. */
export interface StoryReader extends AsyncDisposable {
  readonly head: StoryHead;
  /** The timeline, or what of it fits the filter, in its order. May be called again, and more than once at a time. */
  entries(filter?: EntryFilter): AsyncGenerator<TimelineEntry>;
}

/**
 * Opens a story: `.json`, `.json.gz` or `.json.zst`, told by what the file holds. The timeline is never loaded whole.
 * Throws FaroError, then or while entries are read, naming file, line and way out: `no-story` for what is none or is of a
 * newer major version, `story` for one that is cut or damaged.
 */
export async function openStory(path: string, options: OpenBytesOptions = {}): Promise<StoryReader> {
  const bytes = await openBytes(path, options);
  try {
    const { head, timeline } = await readHead(bytes);
    return {
      head,
      entries: (filter = {}) => readEntries(path, bytes, { timeline, matcher: new EntryMatcher(filter, head) }),
      [Symbol.asyncDispose]: () => bytes[Symbol.asyncDispose](),
    };
  } catch (error) {
    // It may be the index that is damaged, or does not fit: without it, what is wrong with the story itself is found.
    const fault = bytes.index === undefined ? await explain(path, bytes, error) : undefined;
    await bytes[Symbol.asyncDispose]();
    if (fault !== undefined) throw fault;
    return await openStory(path, { ignoreIndex: true });
  }
}

interface Reading {
  /** Offset of the timeline in the document. */
  readonly timeline: number;
  readonly matcher: EntryMatcher;
}

/** A part of the document that begins with the timeline or with an entry of it. */
interface Part {
  readonly from: number;
  /** The document's end where there is none. */
  readonly to: number | undefined;
}

/** The parts that may hold something that is wanted. */
function partsOf({ index }: StoryBytes, timeline: number, matcher: EntryMatcher): Part[] {
  if (index === undefined || matcher.isOpen) return [{ from: timeline, to: undefined }];
  const parts: { from: number; to: number | undefined }[] = [];
  for (const [position, { offset, contents }] of index.members.entries()) {
    if (!matcher.mayMatchAny(contents)) continue;
    const from = Math.max(offset, timeline);
    const to = index.members[position + 1]?.offset;
    const last = parts.at(-1);
    if (last?.to === from) last.to = to;
    else parts.push({ from, to });
  }
  return parts;
}

async function* readEntries(
  path: string,
  bytes: StoryBytes,
  { timeline, matcher }: Reading,
): AsyncGenerator<TimelineEntry> {
  const isOpen = matcher.isOpen;
  try {
    for (const part of partsOf(bytes, timeline, matcher)) {
      await using walker = new JsonWalker(bytes.from(part.from, part.to), part.from);
      if (part.from === timeline) await walker.expect(BYTE.open);
      for await (const values of valuesOf(walker, part))
        for (const value of values) {
          if (!isOpen && !matcher.mayMatch(value.bytes)) continue;
          const entry = parseEntry(value);
          if (isOpen || matcher.matches(entry)) yield entry;
        }
    }
  } catch (error) {
    throw await explain(path, bytes, error);
  }
}

/** The values of the list that the walk stands in, as many at a time as are at hand. */
async function* valuesOf(walker: JsonWalker, { to }: Part): AsyncGenerator<readonly RawValue[]> {
  for (let isAfterComma = false, isFirst = true; ; isFirst = false) {
    if (isFirst || isAfterComma) {
      const taken = walker.takeLines(LINE);
      if (taken.lines.length > 0) {
        yield taken.lines;
        isAfterComma = taken.isAfterComma;
        if (!isAfterComma) continue;
      }
    }
    if (to !== undefined && isAfterComma && (await walker.peek()) === undefined) return;
    if (!isAfterComma && (await walker.takes(BYTE.close))) return;
    if (!isAfterComma && !isFirst) await walker.expect(BYTE.comma);
    yield [await walker.value()];
    isAfterComma = await walker.takes(BYTE.comma);
  }
}

const HINT = {
  cut: 'was it copied or downloaded whole? where its journal was kept, "faro recover JOURNAL -o FILE" makes it again',
  damaged: 'the file is damaged or was edited: get it again from where it was made',
  other: 'name a file that faro has written: .json, .json.gz or .json.zst',
};

/** What is wrong with a story, for whoever named its file. */
async function explain(path: string, bytes: StoryBytes, error: unknown): Promise<unknown> {
  if (error instanceof FaroError)
    return new FaroError(error.code, `${path}: ${error.message}`, { hint: error.hint ?? HINT.damaged, cause: error });
  if (error instanceof JsonFault) {
    const line = await lineAt(bytes, error.offset);
    if (error.offset === 0)
      return new FaroError('no-story', `${path} is no story: ${error.message}`, { hint: HINT.other, cause: error });
    if (error.isCut)
      return new FaroError('story', `${path}, line ${line}: the story is cut: ${error.message}`, {
        hint: HINT.cut,
        cause: error,
      });
    return new FaroError('story', `${path}, line ${line}: ${error.message}`, { hint: HINT.damaged, cause: error });
  }
  if (error instanceof ZstdFault || isZlibError(error))
    return new FaroError('story', `${path}: the compressed data is cut or damaged: ${error.message}`, {
      hint: HINT.cut,
      cause: error,
    });
  return error;
}

/** The line, from 1, of a place in the document; only asked for when something is wrong there. */
async function lineAt(bytes: StoryBytes, offset: number): Promise<number> {
  let line = 1;
  let at = 0;
  for await (const piece of bytes.from(0)) {
    for (
      let next = piece.indexOf(BYTE.newline);
      next !== -1 && at + next < offset;
      next = piece.indexOf(BYTE.newline, next + 1)
    )
      line += 1;
    at += piece.length;
    if (at >= offset) break;
  }
  return line;
}
