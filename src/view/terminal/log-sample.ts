import type { ContainerInstance } from '../../model/instance.ts';
import type { LogRecord } from '../../model/record.ts';
import type { EntryText } from './entry-line.ts';

/** Blocks that wait for the next frame; older ones are not shown. */
const MOST_BLOCKS = 64;
/** A line is shown only so far: a screen is no wider. */
const MOST_BYTES = 2048;

interface Waiting {
  readonly instance: ContainerInstance;
  readonly format: LogRecord['format'];
  readonly bytes: Buffer;
}

/** Takes every block of log lines in, and makes text of only as many of the newest lines as a screen can show. */
export class LogSample {
  #blocks: Waiting[] = [];

  /** What is kept is a copy: blocks are lent. */
  take(instance: ContainerInstance, { format, bytes }: LogRecord): void {
    this.#blocks.push({ instance, format, bytes: Buffer.from(bytes) });
    if (this.#blocks.length > MOST_BLOCKS) this.#blocks.shift();
  }

  /** The newest lines since the last call, at most so many of each block; with a needle only those that hold it. */
  drain(limit: number, needle = ''): EntryText[] {
    const wanted = Buffer.from(needle);
    const lines = this.#blocks.flatMap((block) => newestLines(block, limit, wanted));
    this.#blocks = [];
    return lines.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0)).slice(-limit);
  }
}

function newestLines({ instance, format, bytes }: Waiting, limit: number, needle: Buffer): EntryText[] {
  const lines: EntryText[] = [];
  const who = `${instance.pod}/${instance.container}`;
  let end = bytes.length; // after the newline of the last line that was not looked at
  while (lines.length < limit && end > 0) {
    if (needle.length > 0) {
      const at = bytes.subarray(0, end).lastIndexOf(needle);
      if (at === -1) break;
      const newline = bytes.indexOf(10, at);
      end = newline === -1 ? end : newline + 1;
    }
    const start = end < 2 ? 0 : bytes.lastIndexOf(10, end - 2) + 1;
    const line = partsOf(bytes.subarray(start, end - 1), format);
    // A needle may have been found in the time or the tags.
    if (needle.length === 0 || line.content.includes(needle)) lines.push(textOf(who, line));
    end = start;
  }
  return lines.reverse();
}

function partsOf(line: Buffer, format: LogRecord['format']): { readonly time: string; readonly content: Buffer } {
  const space = line.indexOf(32);
  const time = line.toString('latin1', 0, space);
  if (format === 'timestamped') return { time, content: line.subarray(space + 1) };
  const stream = line.indexOf(32, space + 1);
  return { time, content: line.subarray(line.indexOf(32, stream + 1) + 1) };
}

function textOf(who: string, { time, content }: { readonly time: string; readonly content: Buffer }): EntryText {
  return { type: 'log', time, who, text: content.toString('utf8', 0, MOST_BYTES), isBad: false };
}
