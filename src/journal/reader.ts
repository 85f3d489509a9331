import { join } from 'node:path';
import { FaroError, messageOf } from '../model/errors.ts';
import type { JournalRecord, LogRecord } from '../model/record.ts';
import { beginsBatch, decodeBody, decodeLines, type LogHeader, type ParseRecord } from './frame.ts';
import { type JournalFile, type JournalFs, nodeFs } from './fs.ts';
import {
  decodeSegmentHeader,
  formatOf,
  SEGMENT_HEADER_BYTES,
  type SegmentEnd,
  type SegmentHeader,
  segmentName,
  segmentNumbers,
} from './segment.ts';
import { type StretchesOptions, stretchesOf } from './stretches.ts';
import { ReadAhead, ReadWindow } from './window.ts';

/** Where a frame's body stands. */
export interface JournalPosition {
  readonly segment: number;
  readonly offset: number;
  readonly length: number;
}

export interface JournalEntry {
  /** Order in the journal, from 0. */
  readonly seq: number;
  readonly position: JournalPosition;
  readonly record: Exclude<JournalRecord, LogRecord> | LogHeader;
}

/** Bytes of a journal that hold no whole record, and what that means. */
export interface JournalDamage {
  readonly segment: number;
  readonly offset: number;
  readonly bytes: number;
  readonly meaning: string;
  /** How many whole records stand before it. */
  readonly seq: number;
}

/** A segment that counts, with how much of it; `until` is undefined for the last one, which counts as far as it goes. */
interface Segment {
  readonly number: number;
  readonly file: JournalFile | undefined;
  readonly header: SegmentHeader | undefined;
  readonly until: number | undefined;
}

function checkFormat(dir: string, beginning: Buffer): void {
  const format = formatOf(beginning);
  // One flipped bit does not make an older form of this one: anything else is damage, and told where it stands.
  if (format !== 1 && format !== 2) return;
  throw new FaroError('journal', `the journal ${dir} has the form of an older faro`, {
    hint: 'use the version of faro that has written it',
  });
}

const CUT_OFF = 'the last write was cut off';

/** Reads a journal, of a capture that ended or was killed: every whole record in order, and nothing else. */
export class JournalReader implements AsyncDisposable {
  readonly #dir: string;
  readonly #files: ReadonlyMap<number, JournalFile>;
  readonly #segments: readonly Segment[];
  readonly #damage: JournalDamage[] = [];
  #ahead: { readonly segment: number; readonly window: ReadAhead } | undefined;
  #end: SegmentEnd | undefined;

  private constructor(dir: string, files: ReadonlyMap<number, JournalFile>, segments: readonly Segment[]) {
    this.#dir = dir;
    this.#files = files;
    this.#segments = segments;
  }

  static async open(dir: string, options: { readonly fs?: JournalFs } = {}): Promise<JournalReader> {
    const { fs = nodeFs } = options;
    const files = new Map<number, JournalFile>();
    const headers = new Map<number, SegmentHeader | undefined>();
    try {
      for (const number of segmentNumbers(await fs.list(dir))) {
        const file = await fs.openFile(join(dir, segmentName(number)));
        files.set(number, file);
        const beginning = await new ReadWindow(file).at(0, SEGMENT_HEADER_BYTES);
        checkFormat(dir, beginning);
        headers.set(number, decodeSegmentHeader(beginning));
      }
    } catch (cause) {
      for (const file of files.values()) await file.close().catch(() => undefined); // the first failure is told
      if (cause instanceof FaroError) throw cause;
      throw new FaroError('journal', `the journal ${dir} cannot be read: ${messageOf(cause)}`, { cause });
    }
    if (files.size > 0) return new JournalReader(dir, files, segmentsOf(files, headers));
    throw new FaroError('journal', `${dir} is no journal`, {
      hint: 'a journal is the folder beside a story, named like story.json.journal',
    });
  }

  /** What could not be read; complete after `records` was read through. */
  get damage(): readonly JournalDamage[] {
    return this.#damage;
  }

  /** The damage that no kill leaves: at the very end of a journal is what was never on the disk. */
  get holes(): readonly JournalDamage[] {
    const end = this.#end;
    return this.#damage.filter(({ segment, offset }) => segment !== end?.segment || offset < end.bytes);
  }

  /** Where a writer may go on, with the journal's salt; complete after `records` was read through. */
  get end(): (SegmentEnd & { readonly salt: number }) | undefined {
    const salt = this.#segments.findLast(({ header }) => header !== undefined)?.header?.salt;
    return this.#end === undefined || salt === undefined ? undefined : { ...this.#end, salt };
  }

  /** Every whole record, in order, each made by `parse`; of log blocks only the header. */
  async *records(parse?: ParseRecord): AsyncGenerator<JournalEntry> {
    this.#damage.length = 0;
    let seq = 0;
    for (const segment of this.#segments)
      for await (const found of this.#frames(segment)) {
        if ('meaning' in found) this.#damage.push({ ...found, seq });
        else yield { seq: seq++, position: found.position, record: decodeBody(found.body, parse) };
      }
  }

  /** A log block, whole. Throws FaroError `journal` where something else stands there. */
  async readLog(position: JournalPosition): Promise<LogRecord> {
    const body = await this.#body(position);
    const record = decodeBody(body);
    if (record.kind === 'log') return { ...record, bytes: decodeLines(body, record) };
    throw this.#changed(position);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const file of this.#files.values()) await file.close();
  }

  async #body({ segment, offset, length }: JournalPosition): Promise<Buffer> {
    const file = this.#files.get(segment);
    if (file !== undefined && this.#ahead?.segment !== segment) this.#ahead = { segment, window: new ReadAhead(file) };
    const body = await this.#ahead?.window.at(offset, length);
    if (file !== undefined && body?.length === length) return body;
    throw this.#changed({ segment, offset });
  }

  #changed({ segment, offset }: Omit<JournalPosition, 'length'>): FaroError {
    const place = `segment ${segment}, offset ${offset}`;
    return new FaroError('journal', `the journal ${this.#dir} changed while it was read (${place})`);
  }

  async *#frames({
    number: segment,
    file,
    header,
    until,
  }: Segment): AsyncGenerator<{ position: JournalPosition; body: Buffer } | Omit<JournalDamage, 'seq'>> {
    if (file === undefined) {
      yield { segment, offset: 0, bytes: until ?? 0, meaning: 'the segment is missing' };
      return;
    }
    const window = new ReadWindow(file);
    if (header === undefined) {
      const bytes = until ?? (await window.size());
      // Killed while it was made, at the end of the journal: nothing can have been in it.
      const isBare = until === undefined && bytes <= SEGMENT_HEADER_BYTES;
      if (bytes > 0 && !isBare)
        yield { segment, offset: 0, bytes, meaning: 'no beginning of a segment of this version of faro' };
      return;
    }
    const place = { salt: header.salt, segment };
    let end = SEGMENT_HEADER_BYTES;
    let whole = end;
    /** Up to here the segment is known to have been synced. */
    let synced = until ?? 0;
    for await (const { start, end: next, body, isOne } of stretchesOf(window, { ...place, from: end, until })) {
      if (body !== undefined) {
        whole = next;
        yield { position: { segment, offset: start, length: body.length }, body };
      } else {
        if (next > synced) synced = (await nextBatch(file, { ...place, from: next })) ?? 0;
        if (next > synced) break;
        const meaning = isOne ? 'a damaged record' : 'a damaged record or more';
        yield { segment, offset: start, bytes: next - start, meaning };
      }
      end = next;
    }
    // Of a write that was never synced, a power cut may leave a frame's header and not its body.
    this.#end = { segment, bytes: until === undefined ? whole : end };
    const bytes = (until ?? (await window.size())) - end;
    const meaning = until === undefined ? CUT_OFF : 'damaged; no whole record follows in this segment';
    if (bytes > 0) yield { segment, offset: end, bytes, meaning };
  }
}

/**
 * Where the next batch begins in a last segment: damage in front of it is to something that had been on the disk. A batch is
 * written once the one before is synced: its whole beginning vouches for all before it. Where none follows, a power cut
 * left some sectors of the last batch and not others. Nobody was promised any of it, so that it is read up to the damage,
 * as if it had been cut off there: what is read is always the beginning of what was written, whoever reads it, and another
 * recorder goes on from there.
 */
async function nextBatch(file: JournalFile, options: StretchesOptions): Promise<number | undefined> {
  for await (const { start, body } of stretchesOf(new ReadWindow(file), options))
    if (body !== undefined && beginsBatch(body)) return start;
  return undefined;
}

/**
 * The segments that count, in order: the last one, the one that it says it follows, and so on. What is not among them was
 * begun in vain. Where a segment's own word is damaged, the one with the next lower number is taken to stand before it.
 */
function segmentsOf(
  files: ReadonlyMap<number, JournalFile>,
  headers: ReadonlyMap<number, SegmentHeader | undefined>,
): readonly Segment[] {
  const numbers = [...files.keys()].sort((a, b) => a - b);
  const segments: Segment[] = [];
  const before = (number: number) => numbers.findLast((other) => other < number);
  let next: { readonly number: number | undefined; readonly until: number | undefined };
  for (next = { number: numbers.at(-1), until: undefined }; next.number !== undefined; ) {
    const { number, until } = next;
    const header = headers.get(number);
    segments.unshift({ number, file: files.get(number), header, until });
    const { previous } = header ?? {};
    const isFirst = header !== undefined && (previous === undefined || previous.segment >= number);
    next = isFirst
      ? { number: undefined, until: undefined }
      : { number: previous?.segment ?? before(number), until: previous?.bytes };
  }
  return segments;
}
