import { isUtf8 } from 'node:buffer';
import { CriJoiner } from '../logs/cri-lines.ts';
import { linesOf, timeOf } from '../logs/position.ts';
import type { LogRecord } from '../model/record.ts';
import type { Timestamp } from '../model/time.ts';
import type { BlockRef } from './block-list.ts';
import type { Cursor, EntrySink, Source } from './merge.ts';
import { isBefore, keyAt, keyNotBefore, nanosecondOf, type OrderKey, type Place, placeAt, secondOf } from './order.ts';
import type { InstanceLog, JournalSource } from './survey.ts';

export interface LogPlace {
  /** Index of the container instance in the story. */
  readonly container: number;
  /** Where its lines begin at the earliest. */
  readonly from: OrderKey | undefined;
}

/** The lines of one container instance, in the order of its log. */
export function logSource(journal: JournalSource, log: InstanceLog, at: LogPlace): Source {
  const first = keyAt(log.first ?? ('' as Timestamp));
  const from = at.from === undefined || first > at.from ? first : at.from;
  return {
    from: placeAt(from, 0),
    until: placeAt(keyNotBefore(from, log.last ?? ('' as Timestamp)), Number.POSITIVE_INFINITY),
    open: () => new LogCursor(journal, log, at),
  };
}

/** One line of a block. */
interface Line {
  readonly time: Timestamp;
  readonly stream: 'stdout' | 'stderr' | 'unknown';
  readonly content: Buffer;
}

/** Reads a log block by block and takes it apart line by line, as they are asked for: one block is in memory, and no more. */
class LogCursor implements Cursor {
  second = 0;
  nanosecond = 0;
  steps = 0;
  order = 0;
  readonly #journal: JournalSource;
  readonly #container: number;
  readonly #decoder: BlockDecoder;
  readonly #blocks: Iterator<BlockRef>;
  #lines: Iterator<Line> = [][Symbol.iterator]();
  #line: Line | undefined;
  #isUtf8 = true;
  #observed = '';

  constructor(journal: JournalSource, log: InstanceLog, { container, from }: LogPlace) {
    this.#journal = journal;
    this.#container = container;
    this.#decoder = new BlockDecoder(log.first);
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
      this.#observed = `","timeSource":"log","observed":"${block.observed}","type":"log","container":${this.#container},"stream":"`;
      this.#lines = this.#decoder.lines(block);
      if (this.#advance()) return true;
    }
  }

  drain(sink: EntrySink, limit: Place | undefined): boolean {
    do {
      if (this.#line !== undefined) sink.line(this.#container, this.#jsonOf(this.#line), this);
      if (!this.#advance()) return true;
    } while (!sink.isFull && (limit === undefined || isBefore(this, limit)));
    return false;
  }

  #advance(): boolean {
    const next = this.#lines.next();
    this.#line = next.done === true ? undefined : next.value;
    if (this.#line === undefined) return false;
    this.#moveTo(this.#line.time);
    return true;
  }

  /** Lines keep the order of the log, even where its clock steps back. */
  #moveTo(time: Timestamp): void {
    const [second, nanosecond] = [secondOf(time), nanosecondOf(time)];
    if (second < this.second || (second === this.second && nanosecond <= this.nanosecond)) return;
    this.second = second;
    this.nanosecond = nanosecond;
    this.steps = 0;
  }

  #jsonOf({ time, stream, content }: Line): string {
    const isText = this.#isUtf8 || isUtf8(content);
    // A byte a character: JSON escapes the same ones in UTF-8 as in text.
    const told = isText
      ? `"line":${JSON.stringify(content.toString('latin1'))}`
      : `"bytes":"${content.toString('base64')}"`;
    return `"time":"${time}${this.#observed}${stream}",${told}}`;
  }
}

/** Takes the blocks of one log apart, in order; a line may begin in one block and end in a later one. */
class BlockDecoder {
  readonly #joiner = new CriJoiner();
  #time: Timestamp | undefined;

  constructor(first: Timestamp | undefined) {
    this.#time = first;
  }

  lines(block: LogRecord): Iterator<Line> {
    return block.format === 'cri' ? this.#records(block) : this.#timestamped(block);
  }

  *#records({ bytes, unterminated }: LogRecord): Generator<Line> {
    yield* this.#joiner.lines(bytes);
    if (unterminated) yield* this.#joiner.rest();
  }

  *#timestamped({ bytes, first }: LogRecord): Generator<Line> {
    for (const line of linesOf(bytes.at(-1) === 10 ? bytes.subarray(0, -1) : bytes)) {
      const space = line.indexOf(32);
      this.#time = paddedTime(line, space) ?? timeOf(line) ?? this.#time ?? first;
      yield { time: this.#time, stream: 'unknown', content: line.subarray(space + 1) };
    }
  }
}

/** `2026-11-23T16:07:00.120000000Z `, the usual form, taken as it stands. */
function paddedTime(line: Buffer, space: number): Timestamp | undefined {
  const isPadded = space === 30 && line[29] === 90 && line[19] === 46;
  return isPadded ? (line.toString('latin1', 0, 30) as Timestamp) : undefined;
}
