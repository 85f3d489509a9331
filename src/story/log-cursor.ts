import { isUtf8 } from 'node:buffer';
import type { Timestamp } from '../model/time.ts';
import { BlockLines, STREAMS } from './block-lines.ts';
import type { BlockRef } from './block-list.ts';
import type { DocumentText } from './document-text.ts';
import { addEscaped } from './json-bytes.ts';
import { LongLine } from './long-line.ts';
import type { Cursor, EntrySink, Source } from './merge.ts';
import { isBefore, keyAt, keyNotBefore, type OrderKey, type Place, placeAt } from './order.ts';
import type { InstanceLog, JournalSource } from './survey.ts';

export interface LogPlace {
  /** Index of the container instance in the story. */
  readonly container: number;
  /** Where its lines begin at the earliest. */
  readonly from: OrderKey | undefined;
}

/** What an entry of a log line takes beside its content, about. */
const ENTRY_BYTES = 240;

/** The lines of one container instance, in the order of its log. */
export function logSource(journal: JournalSource, log: InstanceLog, at: LogPlace): Source {
  const first = keyAt(log.first ?? ('' as Timestamp));
  const from = at.from === undefined || first > at.from ? first : at.from;
  return {
    from: placeAt(from, 0),
    until: placeAt(keyNotBefore(from, log.last ?? ('' as Timestamp)), Number.POSITIVE_INFINITY),
    memory: log.largest,
    bytes: log.bytes + ENTRY_BYTES * log.lines,
    open: () => new LogCursor(journal, log, at),
  };
}

const TEXT = '"line":"';
const BYTES = '"bytes":"';

/** Reads a log block by block, and writes its lines as entries: one block is in memory, and no more. */
class LogCursor implements Cursor {
  second = 0;
  nanosecond = 0;
  steps = 0;
  order = 0;
  readonly #journal: JournalSource;
  readonly #container: number;
  readonly #lines: BlockLines;
  readonly #blocks: Iterator<BlockRef>;
  /** What is left of a line that is written piece by piece. */
  #long: LongLine | undefined;
  #isUtf8 = true;
  #observed = '';
  /** What stands between a line's time and its content, by stream; made when the block's first such line comes. */
  readonly #between: (Buffer | undefined)[] = [];

  constructor(journal: JournalSource, log: InstanceLog, { container, from }: LogPlace) {
    this.#journal = journal;
    this.#container = container;
    this.#lines = new BlockLines(log.first);
    this.#blocks = log.blocks[Symbol.iterator]();
    if (from !== undefined) Object.assign(this, placeAt(from, 0));
  }

  async load(): Promise<boolean> {
    for (;;) {
      const next = this.#blocks.next();
      if (next.done === true) return false;
      const block = await this.#journal.readLog(next.value.position);
      this.order = next.value.seq;
      this.#isUtf8 = isUtf8(block.bytes);
      this.#observed = block.observed;
      this.#between.length = 0;
      this.#lines.enter(block);
      if (this.#advance()) return true;
    }
  }

  drain(sink: EntrySink, limit: Place | undefined): boolean {
    do {
      if (this.#long === undefined) this.#beginLine(sink);
      while (this.#long?.writePiece(sink.text) === false) if (sink.isFull) return false;
      this.#long = undefined;
      this.#endLine(sink);
      if (!this.#advance()) return true;
    } while (!sink.isFull && (limit === undefined || isBefore(this, limit)));
    return false;
  }

  /** Lines keep the order of the log, even where its clock steps back. */
  #advance(): boolean {
    if (!this.#lines.next()) return false;
    const { second, nanosecond } = this.#lines.time;
    if (second < this.second || (second === this.second && nanosecond <= this.nanosecond)) return true;
    this.second = second;
    this.nanosecond = nanosecond;
    this.steps = 0;
    return true;
  }

  /** Writes a line but for its end; of one that is long what stands before its content. */
  #beginLine(sink: EntrySink): void {
    sink.beginLine(this.#container, this);
    const { text } = sink;
    const { bytes, parts, from, to, stream, time } = this.#lines;
    this.#between[stream] ??= this.#betweenOf(stream);
    const between = this.#between[stream];
    this.#long = parts === undefined ? undefined : new LongLine(parts);
    const isText = this.#long?.isText ?? (this.#isUtf8 || isUtf8(bytes.subarray(from, to)));
    text.room(time.json.length + between.length);
    text.bytes.set(time.json, text.length);
    text.length += time.json.length;
    text.bytes.set(between, text.length);
    text.length += between.length;
    if (isText) addEscaped(text, bytes, from, to);
    else this.#addBytes(text, bytes.toString('base64', from, to));
  }

  #endLine(sink: EntrySink): void {
    const { text } = sink;
    text.room(END.length);
    text.bytes.set(END, text.length);
    text.length += END.length;
    sink.endLine();
  }

  #addBytes(text: DocumentText, base64: string): void {
    text.length -= TEXT.length;
    text.addText(`${BYTES}${base64}`);
  }

  #betweenOf(stream: number): Buffer {
    const about = `"timeSource":"log","observed":"${this.#observed}","type":"log","container":${this.#container}`;
    return Buffer.from(`",${about},"stream":"${STREAMS[stream]}",${TEXT}`, 'latin1');
  }
}

const END = Buffer.from('"}');
