import { parseTimestamp, type Timestamp } from '../model/time.ts';

/** The lines of a block, without their newlines. */
export function* linesOf(bytes: Buffer): Generator<Buffer> {
  let start = 0;
  for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
    yield bytes.subarray(start, end);
    start = end + 1;
  }
  if (start < bytes.length) yield bytes.subarray(start);
}

/** The longest RFC 3339 time with nanoseconds and offset. */
const MAX_TIME_LENGTH = 35;

/** The time at the beginning of a line of the pod log API or of a node's log file; undefined where there is none. */
export function timeOf(line: Buffer): Timestamp | undefined {
  const space = line.subarray(0, MAX_TIME_LENGTH + 1).indexOf(32);
  if (space < 20) return undefined;
  return parseTimestamp(line.toString('latin1', 0, space));
}
