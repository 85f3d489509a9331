import { isUtf8 } from 'node:buffer';
import { linesOf, timeOf } from '../logs/position.ts';
import type { Timestamp } from '../model/time.ts';
import { keyAt, keyNotBefore, type OrderKey } from './order.ts';
import type { InstanceLog, JournalSource } from './survey.ts';

/** One log line in its place. */
export interface LineEntry {
  readonly key: OrderKey;
  readonly order: number;
  readonly json: string;
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
  let key = at.from;
  let time: Timestamp | undefined = log.first;
  const tail = `","type":"log","container":${at.container},"stream":"unknown",`;
  for (const block of log.blocks) {
    const bytes = await journal.readLog(block.position);
    const entries: LineEntry[] = [];
    for (const line of linesOf(bytes.at(-1) === 10 ? bytes.subarray(0, -1) : bytes)) {
      const space = line.indexOf(32);
      time = paddedTime(line, space) ?? timeOf(line) ?? time ?? block.first;
      key = key === undefined ? keyAt(time) : keyNotBefore(key, time);
      const head = `"time":"${time}","timeSource":"log","observed":"${block.last}`;
      entries.push({ key, order: block.seq, json: `${head}${tail}${contentJson(line.subarray(space + 1))}}` });
    }
    yield entries;
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
