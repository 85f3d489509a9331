import { isUtf8 } from 'node:buffer';
import type { Timestamp } from '../model/time.ts';
import { LineWindow } from '../simd/line-window.ts';
import { BlockLines, STREAMS, UNKNOWN } from './block-lines.ts';
import type { BlockRef } from './block-list.ts';
import type { Start } from './containers.ts';
import { addEscaped } from './json-bytes.ts';
import type { InstanceLog } from './log-survey.ts';
import { LongLine } from './long-line.ts';
import type { Cursor, EntrySink, LineHead, Source } from './merge.ts';
import { isBefore, keyAt, keyNotBefore, type Place, placeAt } from './order.ts';
import type { JournalSource } from './survey.ts';

export interface LogPlace {
  /** Index of the container instance in the story. */
  readonly container: number;
  /** What its lines stand behind, whichever came to the journal first. */
  readonly start: Start | undefined;
}

/** What an entry of a log line takes beside its content, about. */
const ENTRY_BYTES = 240;

/** The lines of one container instance, in the order of its log. */
export function logSource(journal: JournalSource, log: InstanceLog, at: LogPlace): Source {
  const first = keyAt(log.first ?? ('' as Timestamp));
  const { key } = at.start ?? {};
  const from = key === undefined || first > key ? first : key;
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

/** Of so many lines in a row each is taken by itself: where logs alternate, what a batch takes beforehand would be for nothing. */
const FEW = 4;

/** Reads a log block by block, and writes its lines as entries: one block is in memory, and no more. */
class LogCursor implements Cursor, LineHead {
  second = 0;
  nanosecond = 0;
  steps = 0;
  order = 0;
  readonly container: number;
  readonly time: Buffer;
  readonly timeAt = 0;
  about: Buffer = Buffer.alloc(0);
  readonly aboutAt = 0;
  readonly #journal: JournalSource;
  readonly #lines: BlockLines;
  readonly #blocks: Iterator<BlockRef>;
  /** Behind the record that told of its start, and before the next. */
  readonly #leastOrder: number;
  /** What is left of a line that is written piece by piece. */
  #long: LongLine | undefined;
  #isUtf8 = true;
  #block: Buffer = Buffer.alloc(0);
  #window = new LineWindow(this.#block, 'cri');
  #observed = '';
  /** What is said about the block's lines, by stream, of those that are text and then of others; made for the first of them. */
  readonly #abouts: (Buffer | undefined)[] = [];

  constructor(journal: JournalSource, log: InstanceLog, { container, start }: LogPlace) {
    this.#journal = journal;
    this.container = container;
    this.#lines = new BlockLines(log.first);
    this.time = this.#lines.time.json;
    this.#blocks = log.blocks[Symbol.iterator]();
    this.#leastOrder = start === undefined ? 0 : start.order + 0.5;
    if (start !== undefined) Object.assign(this, placeAt(start.key, 0));
  }

  get aboutEnd(): number {
    return this.about.length;
  }

  async load(): Promise<boolean> {
    for (;;) {
      const next = this.#blocks.next();
      giveBack(this.#block);
      if (next.done === true) return false;
      const block = await this.#journal.readLog(next.value.position);
      this.order = Math.max(next.value.seq, this.#leastOrder);
      this.#isUtf8 = isUtf8(block.bytes);
      this.#observed = block.observed;
      this.#abouts.length = 0;
      this.#block = block.bytes;
      this.#lines.enter(block);
      this.#window = new LineWindow(block.bytes, block.format);
      if (this.#advance()) return true;
    }
  }

  drain(sink: EntrySink, limit: Place | undefined): boolean {
    let byHand = 0;
    do {
      if (byHand >= FEW && this.#takeBatch(sink, limit)) {
        if (!this.#advance()) return true;
        continue;
      }
      byHand = byHand < FEW ? byHand + 1 : 0;
      if (this.#long === undefined) this.#beginLine(sink);
      while (this.#long?.writePiece(sink.text) === false) if (sink.isFull) return false;
      this.#long = undefined;
      sink.endLine();
      if (!this.#advance()) return true;
    } while (!sink.isFull && (limit === undefined || isBefore(this, limit)));
    return false;
  }

  /** Lines keep the order of the log, even where its clock steps back. */
  #advance(): boolean {
    if (!this.#lines.next()) return false;
    const { second, nanosecond } = this.#lines.time;
    this.#goTo(second, nanosecond);
    return true;
  }

  #goTo(second: number, nanosecond: number): void {
    if (second < this.second || (second === this.second && nanosecond <= this.nanosecond)) return;
    this.second = second;
    this.nanosecond = nanosecond;
    this.steps = 0;
  }

  /** Hands on the current line, and usual ones of its second behind it, at once. */
  #takeBatch(sink: EntrySink, limit: Place | undefined): boolean {
    const { start, time } = this.#lines;
    if (start === -1 || !this.#isUtf8) return false;
    const isUnknown = this.#lines.stream === UNKNOWN;
    const abouts = { stdout: this.#about(isUnknown ? UNKNOWN : 0), stderr: this.#about(1) };
    const nanosecond = limit?.second === time.second ? limit.nanosecond : Number.POSITIVE_INFINITY;
    const written = sink.takeLines(this.container, (beginning, lines) =>
      this.#window.entries(start, { beginning, ...abouts }, { nanosecond, lines }),
    );
    if (written === undefined) return false;
    this.#goTo(time.second, written.nanosecond);
    this.#lines.skipTo(written.next);
    return true;
  }

  /** Writes a line but for its end; of one that is long what stands before its content. */
  #beginLine(sink: EntrySink): void {
    const { bytes, view, parts, from, to, stream } = this.#lines;
    this.#long = parts === undefined ? undefined : new LongLine(parts);
    // A line may have begun in a block before.
    const isOfBlock = this.#isUtf8 && bytes === this.#block;
    const isText = this.#long?.isText ?? (isOfBlock || isUtf8(bytes.subarray(from, to)));
    this.about = this.#about(stream, isText);
    sink.beginLine(this);
    if (isText) addEscaped(sink.text, view, from, to);
    else sink.text.addText(bytes.toString('base64', from, to));
  }

  #about(stream: number, isText = true): Buffer {
    const kind = isText ? stream : stream + STREAMS.length;
    this.#abouts[kind] ??= this.#newAbout(stream, isText);
    return this.#abouts[kind];
  }

  #newAbout(stream: number, isText: boolean): Buffer {
    const about = `"timeSource":"log","observed":"${this.#observed}","type":"log","container":${this.container}`;
    return Buffer.from(`",${about},"stream":"${STREAMS[stream]}",${isText ? TEXT : BYTES}`, 'latin1');
  }
}

/**
 * Gives the memory of a block that was read back at once. V8 waits until some megabytes have come together, and looks
 * through all of its heap then. Node lets none but buffers of less than half of it share a piece of memory.
 */
function giveBack({ buffer, length }: Buffer): void {
  if (buffer instanceof ArrayBuffer && 2 * length > buffer.byteLength) buffer.transfer(0);
}
