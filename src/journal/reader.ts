import { join } from 'node:path';
import { FaroError, messageOf } from '../model/errors.ts';
import type { JournalRecord, LogRecord } from '../model/record.ts';
import { checksumOf, decodeBody, decodeLines, FRAME_HEADER_BYTES, type LogHeader, readFrameHeader } from './frame.ts';
import { type JournalFile, type JournalFs, nodeFs } from './fs.ts';
import { SEGMENT_MAGIC, segmentName, segmentNumbers } from './segment.ts';

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
}

/** What is read from a segment at once. */
const READ_BYTES = 1024 * 1024;

/** Reads a journal, of a capture that ended or was killed: every whole record in order, and nothing else. */
export class JournalReader implements AsyncDisposable {
  readonly #dir: string;
  readonly #files: ReadonlyMap<number, JournalFile>;
  readonly #damage: JournalDamage[] = [];

  private constructor(dir: string, files: ReadonlyMap<number, JournalFile>) {
    this.#dir = dir;
    this.#files = files;
  }

  static async open(dir: string, options: { readonly fs?: JournalFs } = {}): Promise<JournalReader> {
    const { fs = nodeFs } = options;
    const files = new Map<number, JournalFile>();
    try {
      for (const number of segmentNumbers(await fs.list(dir)))
        files.set(number, await fs.openFile(join(dir, segmentName(number))));
    } catch (cause) {
      throw new FaroError('journal', `the journal ${dir} cannot be read: ${messageOf(cause)}`, { cause });
    }
    if (files.size > 0) return new JournalReader(dir, files);
    throw new FaroError('journal', `${dir} is no journal`, {
      hint: 'a journal is the folder beside a story, named like story.json.journal',
    });
  }

  /** What could not be read; complete after `records` was read through. */
  get damage(): readonly JournalDamage[] {
    return this.#damage;
  }

  /** Every whole record, in order; of log blocks only the header. */
  async *records(): AsyncGenerator<JournalEntry> {
    this.#damage.length = 0;
    let seq = 0;
    for (const [segment, file] of this.#files)
      for await (const { position, body } of this.#frames(segment, file))
        yield { seq: seq++, position, record: decodeBody(body) };
  }

  /** A log block, whole. Throws FaroError `journal` where something else stands there. */
  async readLog(position: JournalPosition): Promise<LogRecord> {
    const body = await this.#body(position);
    const record = decodeBody(body);
    if (record.kind === 'log') return { ...record, bytes: decodeLines(body, record) };
    throw this.#changed(position);
  }

  async readRecord(position: JournalPosition): Promise<JournalEntry['record']> {
    return decodeBody(await this.#body(position));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const file of this.#files.values()) await file.close();
  }

  async #body({ segment, offset, length }: JournalPosition): Promise<Buffer> {
    const file = this.#files.get(segment);
    const body = await file?.read(offset, length);
    if (body?.length === length) return body;
    throw this.#changed({ segment, offset });
  }

  #changed({ segment, offset }: Omit<JournalPosition, 'length'>): FaroError {
    const place = `segment ${segment}, offset ${offset}`;
    return new FaroError('journal', `the journal ${this.#dir} changed while it was read (${place})`);
  }

  async *#frames(segment: number, file: JournalFile): AsyncGenerator<{ position: JournalPosition; body: Buffer }> {
    const window = new ReadWindow(file);
    let offset = SEGMENT_MAGIC.length;
    if (!(await window.at(0, offset)).equals(SEGMENT_MAGIC)) {
      this.#damage.push({
        segment,
        offset: 0,
        bytes: offset,
        meaning: 'not the beginning of a segment of this version',
      });
      return;
    }
    for (;;) {
      const header = readFrameHeader(await window.at(offset, FRAME_HEADER_BYTES));
      const start = offset + FRAME_HEADER_BYTES;
      const body = header === undefined ? undefined : await window.at(start, header.length);
      const isWhole = header !== undefined && body?.length === header.length && checksumOf(body) === header.checksum;
      if (!isWhole || body === undefined) break;
      yield { position: { segment, offset: start, length: body.length }, body };
      offset = start + body.length;
    }
    await this.#stateRest(segment, offset, window);
  }

  /**
   * The frames end at a record that is not whole. At the end of the last segment that is what a kill in the middle of
   * a write leaves. Anywhere else it is damage: where the next record begins cannot be known for certain, so nothing of
   * what follows in this segment is taken.
   */
  async #stateRest(segment: number, offset: number, window: ReadWindow): Promise<void> {
    const bytes = (await window.size()) - offset;
    if (bytes === 0) return;
    const isLast = segment === Math.max(...this.#files.keys());
    const meaning = isLast ? 'the last write was cut off' : 'damaged; the rest of this segment is lost';
    this.#damage.push({ segment, offset, bytes, meaning });
  }
}

/** A moving window over a file, so that small frames do not cost a read each. */
class ReadWindow {
  readonly #file: JournalFile;
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;

  constructor(file: JournalFile) {
    this.#file = file;
  }

  /** `length` bytes at `offset`; fewer at the end of the file. */
  async at(offset: number, length: number): Promise<Buffer> {
    const end = this.#start + this.#bytes.length;
    if (offset < this.#start || offset + length > end) {
      this.#bytes = await readFully(this.#file, offset, Math.max(length, READ_BYTES));
      this.#start = offset;
    }
    return this.#bytes.subarray(offset - this.#start, offset - this.#start + length);
  }

  async size(): Promise<number> {
    let size = this.#start + this.#bytes.length;
    for (let more = -1; more !== 0; size += more) more = (await this.#file.read(size, READ_BYTES)).length;
    return size;
  }
}

async function readFully(file: JournalFile, offset: number, length: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let got = 0;
  while (got < length) {
    const part = await file.read(offset + got, length - got);
    if (part.length === 0) break;
    parts.push(part);
    got += part.length;
  }
  return parts.length === 1 ? (parts[0] ?? Buffer.alloc(0)) : Buffer.concat(parts);
}
