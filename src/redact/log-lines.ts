import type { LinePart, LogRecord } from '../model/record.ts';
import { type Edit, markerOf, type OpenLines, type Output, TakenOfOpenLines } from './open-lines.ts';
import { KEY_END, type Span } from './shapes.ts';
import { type Credential, credentialsInLines } from './text.ts';

/** A pattern beside those that are built in. */
export interface CredentialPattern {
  readonly name: string;
  /** What is to be taken out of a line, in its bytes. */
  readonly spansIn: (line: Buffer) => readonly Span[];
  /** The same of a text, in its characters. */
  readonly textSpans: (text: string) => readonly Span[];
}

/** The forms in which whole lines come; those of a journal's blocks. */
export type LineFormat = LogRecord['format'];

/** A block of lines, as a journal keeps it. */
export type LinesOfBlock = Pick<LogRecord, 'bytes' | 'format'> &
  Partial<Pick<LogRecord, 'part' | 'anew' | 'unterminated'>>;

export interface RedactedLines {
  /** What stands there now, in order: parts of what came, and markers. */
  readonly pieces: readonly Buffer[];
  /** How many markers were put into lines that end here, by their names. */
  readonly redacted: Readonly<Record<string, number>>;
  /** By how many bytes these lines are shorter now; and, from their beginning on, those that go on in the next block. */
  readonly shortened: number;
  readonly shortenedOpen: Readonly<Record<Output, number>>;
}

interface Found {
  readonly edits: readonly Edit[];
  readonly open: OpenLines;
}

/** So many lines of others may come between those of one private key. */
const FOREIGN_LINES = 8;
const KEY_LINES = 512;
/** A line of a private key: base64, a header of old ones, or nothing. */
const KEY_LINE = /^[\s"']*(?:[A-Za-z0-9+/=]*|(?:Proc-Type|DEK-Info|Version|Comment): [\x20-\x7e]*)[\s"',\\]*$/;
/** What is kept of a line that goes on in the next block. */
const CARRIED_BYTES = 4096;
const NOTHING_OPEN: OpenLines = { parts: new Map(), ended: new Set() };
/** Ends whatever an unended line may end in: what is cut is taken for whole. */
const FILLER = Buffer.from(`${'0'.repeat(40)}.${'0'.repeat(40)}@0`);

/**
 * Takes credentials out of the lines of one container run, block by block, in place: nothing is decoded, so that every
 * other byte stays what it is. Blocks that hold no sign of a credential are only looked through.
 */
export class LineRedactor {
  readonly #patterns: readonly CredentialPattern[];
  /** A private key was begun: lines that may still come of it, and lines of others that may come between. */
  #key: { lines: number; foreign: number } | undefined;
  readonly #carried = new Map<Output, Buffer>();
  readonly #taken = new TakenOfOpenLines();

  constructor(patterns: readonly CredentialPattern[]) {
    this.#patterns = patterns;
  }

  /** Undefined where nothing was taken out of lines that end here, or go on behind it. */
  redact(block: LinesOfBlock): RedactedLines | undefined {
    const { bytes, format, part, anew = false } = block;
    if (anew) {
      this.#carried.clear();
      this.#taken.drop();
    }
    const found = part === undefined ? this.#inBlock(block) : { edits: this.#inPart(bytes, part), open: NOTHING_OPEN };
    const edits = this.#withKeys(bytes, format, found.edits);
    const { markers, bytes: shortened } = this.#taken.endingIn(edits, found.open);
    const shortenedOpen = { stdout: this.#taken.bytes('stdout'), stderr: this.#taken.bytes('stderr') };
    const isUntouched = edits.length === 0 && markers.size === 0 && shortened === 0;
    if (isUntouched && shortenedOpen.stdout === 0 && shortenedOpen.stderr === 0) return undefined;
    return { pieces: piecesOf(bytes, edits), redacted: Object.fromEntries(markers), shortened, shortenedOpen };
  }

  #inBlock({ bytes, format, unterminated = false }: LinesOfBlock): Found {
    const isSplit = format === 'cri' && (this.#carried.size > 0 || hasPartial(bytes));
    if (isSplit) return this.#inSplitLines(bytes, { isLogEnd: unterminated });
    return { edits: this.#inLines(bytes, format), open: NOTHING_OPEN };
  }

  #inLines(bytes: Buffer, format: LineFormat): readonly Edit[] {
    const builtIn = credentialsInLines(bytes).map(editOf);
    if (this.#patterns.length === 0) return builtIn;
    const own: Edit[] = [];
    for (const { content, end } of linesOf(bytes, format))
      own.push(...this.#ownIn(bytes.subarray(content, end)).map((edit) => moved(edit, content)));
    return merged([...builtIn, ...own]);
  }

  #ownIn(line: Buffer): readonly Edit[] {
    return this.#patterns.flatMap(({ name, spansIn }) => spansIn(line).map((span) => ({ ...span, name })));
  }

  /** Runtimes split lines at 16 KiB: a credential may begin in one record and end in the next. */
  #inSplitLines(bytes: Buffer, { isLogEnd }: { readonly isLogEnd: boolean }): Found {
    const edits: Edit[] = [];
    const open = new Map<Output, Span[]>();
    const ended = new Set<Output>(isLogEnd ? ['stdout', 'stderr'] : []);
    for (const { start, content, end } of linesOf(bytes, 'cri')) {
      const space = bytes.indexOf(32, start);
      const stream = bytes[space + 4] === 101 ? 'stderr' : 'stdout';
      const parts = open.get(stream) ?? [];
      parts.push({ start: content, end });
      if (bytes[space + 8] === 80) open.set(stream, parts);
      else {
        open.delete(stream);
        ended.add(stream);
        edits.push(...this.#inParts(bytes, parts, { stream, isEnded: true }));
      }
    }
    for (const [stream, parts] of open) edits.push(...this.#inParts(bytes, parts, { stream, isEnded: isLogEnd }));
    return { edits: merged(edits), open: { parts: isLogEnd ? new Map() : open, ended } };
  }

  /** The pod log API does not tell the stream: one line at a time may be begun. */
  #inPart(bytes: Buffer, { index, isLast }: LinePart): readonly Edit[] {
    if (index === 0) this.#carried.clear();
    const parts = [...linesOf(bytes, 'timestamped')].map(({ content, end }) => ({ start: content, end }));
    return this.#inParts(bytes, parts, { stream: 'stdout', isEnded: isLast });
  }

  #inParts(
    bytes: Buffer,
    parts: readonly Span[],
    { stream, isEnded }: { readonly stream: Output; readonly isEnded: boolean },
  ): readonly Edit[] {
    const carried = this.#carried.get(stream) ?? Buffer.alloc(0);
    const line = Buffer.concat([carried, ...parts.map(({ start, end }) => bytes.subarray(start, end))]);
    if (isEnded) this.#carried.delete(stream);
    else this.#carried.set(stream, Buffer.from(line.subarray(Math.max(0, line.length - CARRIED_BYTES))));
    const found = credentialsInLines(isEnded ? line : Buffer.concat([line, FILLER])).map(editOf);
    return merged([...found, ...this.#ownIn(line)]).flatMap((edit) => inParts(edit, parts, carried.length));
  }

  /** The lines of a private key that was begun on one before. */
  #withKeys(bytes: Buffer, format: LineFormat, found: readonly Edit[]): readonly Edit[] {
    const begun = found.filter((edit) => isBegunKey(bytes, edit));
    if (this.#key === undefined && begun.length === 0) return found;
    const edits: Edit[] = [];
    const inKeys: Span[] = [];
    for (const { start, content, end } of linesOf(bytes, format)) {
      const span = this.#keySpan(bytes, content, end);
      if (span !== undefined) inKeys.push(span);
      if (begun.some((edit) => edit.start >= start && edit.end <= end))
        this.#key = { lines: KEY_LINES, foreign: FOREIGN_LINES };
    }
    edits.push(...inKeys.map((span) => ({ ...span, name: 'private-key' })));
    return merged([...edits, ...found]);
  }

  /** What of a line belongs to the key that is open. */
  #keySpan(bytes: Buffer, content: number, end: number): Span | undefined {
    const key = this.#key;
    if (key === undefined) return undefined;
    const text = bytes.toString('latin1', content, Math.min(end, content + 1024));
    const footer = KEY_END.exec(text);
    const isOver = footer !== null || key.lines <= 0;
    if (isOver) this.#key = undefined;
    if (footer !== null) return { start: content, end: content + footer.index + footer[0].length };
    if (isOver) return undefined;
    if (KEY_LINE.test(text)) {
      key.lines -= 1;
      return end > content ? { start: content, end } : undefined;
    }
    key.foreign -= 1;
    if (key.foreign < 0) this.#key = undefined;
    return undefined;
  }
}

/** A private key whose line ends before it does. */
function isBegunKey(bytes: Buffer, { name, start, end }: Edit): boolean {
  if (name !== 'private-key') return false;
  const isAtEnd = end >= bytes.length || bytes[end] === 10;
  return isAtEnd && !KEY_END.test(bytes.toString('latin1', Math.max(start, end - 100), end));
}

function editOf({ start, end, kind }: Credential): Edit {
  return { start, end, name: kind };
}

function moved({ start, end, name }: Edit, by: number): Edit {
  return { start: start + by, end: end + by, name };
}

/** In order, those that overlap as one. */
function merged(edits: readonly Edit[]): readonly Edit[] {
  const result: Edit[] = [];
  for (const edit of edits.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    const last = result.at(-1);
    if (last === undefined || edit.start >= last.end) result.push(edit);
    else if (edit.end > last.end) result[result.length - 1] = { ...last, end: edit.end };
  }
  return result;
}

/** An edit of a joined line, in the records that it was joined from; the marker stands in the first of them. */
function inParts({ start, end, name }: Edit, parts: readonly Span[], carried: number): Edit[] {
  const edits: Edit[] = [];
  let at = carried;
  for (const part of parts) {
    const length = part.end - part.start;
    const [from, to] = [Math.max(start, at), Math.min(end, at + length)];
    if (from < to)
      edits.push({
        start: part.start + from - at,
        end: part.start + to - at,
        name: edits.length === 0 ? name : undefined,
      });
    at += length;
  }
  return edits;
}

function piecesOf(bytes: Buffer, edits: readonly Edit[]): readonly Buffer[] {
  const pieces: Buffer[] = [];
  let from = 0;
  for (const { start, end, name } of edits) {
    pieces.push(bytes.subarray(from, start));
    if (name !== undefined) pieces.push(Buffer.from(markerOf(name), 'latin1'));
    from = end;
  }
  pieces.push(bytes.subarray(from));
  return pieces;
}

/**
 * Whether a record goes on in the next one: its tag, which stands behind its stream, is `P`, or `P` with further ones
 * (`P:x`). Rare pairs of bytes are sought.
 */
function hasPartial(bytes: Buffer): boolean {
  return PARTIAL.some((pair) => {
    for (let at = bytes.indexOf(pair); at !== -1; at = bytes.indexOf(pair, at + 1))
      if (bytes[at - 1] === 32 && /^ std(?:out|err) $/.test(bytes.toString('latin1', Math.max(0, at - 8), at)))
        return true;
    return false;
  });
}

const PARTIAL = ['P ', 'P:'].map((pair) => Buffer.from(pair));

/** Where each line (or record) begins, its content begins behind time, stream and tag, and ends. */
function* linesOf(bytes: Buffer, format: LineFormat): Generator<{ start: number; content: number; end: number }> {
  const words = format === 'cri' ? 3 : 1;
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(10, start);
    const end = newline === -1 ? bytes.length : newline;
    let content = start;
    for (let word = 0; word < words && content < end; word += 1) {
      const space = bytes.indexOf(32, content);
      content = space === -1 || space >= end ? end : space + 1;
    }
    yield { start, content, end };
    start = end + 1;
  }
}
