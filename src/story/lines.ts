import { isUtf8 } from 'node:buffer';
import { CriJoiner } from '../logs/cri-lines.ts';
import { linesOf, timeOf } from '../logs/position.ts';
import type { Timestamp } from '../model/time.ts';
import { keyAt, keyNotBefore, type OrderKey } from './order.ts';
import type { BlockRef, InstanceLog, JournalSource } from './survey.ts';

/** One log line in its place. */
export interface LineEntry {
  readonly key: OrderKey;
  readonly order: number;
  readonly container: number;
  readonly json: string;
}

/** One line of a block. */
interface Line {
  readonly time: Timestamp;
  readonly stream: 'stdout' | 'stderr' | 'unknown';
  readonly content: Buffer;
}

/**
 * The lines of one container instance, in the order of its log: read block by block when they are asked for, so that
 * one block of each log that is being merged is in memory, and no more.
 */
export async function* linesOfInstance(
  journal: JournalSource,
  log: InstanceLog,
  at: { readonly container: number; readonly from: OrderKey | undefined },
): AsyncGenerator<readonly LineEntry[]> {
  const decoder = new BlockDecoder(log.first);
  const { container } = at;
  let key = at.from;
  for (const block of log.blocks) {
    const bytes = await journal.readLog(block.position);
    const entries: LineEntry[] = [];
    const tail = `","timeSource":"log","observed":"${block.last}","type":"log","container":${container},"stream":"`;
    for (const { time, stream, content } of decoder.lines(block, bytes)) {
      key = key === undefined ? keyAt(time) : keyNotBefore(key, time);
      entries.push({
        key,
        order: block.seq,
        container,
        json: `"time":"${time}${tail}${stream}",${contentJson(content)}}`,
      });
    }
    yield entries;
  }
}

/** Takes the blocks of one log apart, in order; a line may begin in one block and end in a later one. */
class BlockDecoder {
  readonly #joiner = new CriJoiner();
  #time: Timestamp | undefined;

  constructor(first: Timestamp | undefined) {
    this.#time = first;
  }

  lines(block: BlockRef, bytes: Buffer): Iterable<Line> {
    return block.format === 'cri' ? this.#records(block, bytes) : this.#timestamped(block, bytes);
  }

  *#records(block: BlockRef, bytes: Buffer): Generator<Line> {
    yield* this.#joiner.lines(bytes);
    if (block.unterminated) yield* this.#joiner.rest();
  }

  *#timestamped(block: BlockRef, bytes: Buffer): Generator<Line> {
    for (const line of linesOf(bytes.at(-1) === 10 ? bytes.subarray(0, -1) : bytes)) {
      const space = line.indexOf(32);
      this.#time = paddedTime(line, space) ?? timeOf(line) ?? this.#time ?? block.first;
      yield { time: this.#time, stream: 'unknown', content: line.subarray(space + 1) };
    }
  }
}

/** `2026-11-23T16:07:00.120000000Z `, the usual form, taken as it stands. */
function paddedTime(line: Buffer, space: number): Timestamp | undefined {
  const isPadded = space === 30 && line[29] === 90 && line[19] === 46;
  return isPadded ? (line.toString('latin1', 0, 30) as Timestamp) : undefined;
}

function contentJson(content: Buffer): string {
  if (!isUtf8(content)) return `"bytes":"${content.toString('base64')}"`;
  return `"line":${JSON.stringify(content.toString('utf8'))}`;
}
