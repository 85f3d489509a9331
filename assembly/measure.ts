import { RESULT } from './memory';
import { newlineAt } from './newline';
import { content, headAt } from './record';

/**
 * Measures whole records from `from` to `to`, as long as they are of the second at SECOND. To RESULT go: where it stopped, how many
 * lines those are, the bytes of their content, where the least and the greatest of their times stand, and 1 where each time is later
 * than the one before.
 * @param nanosecond of the record before them; -1: there is none
 */
export function measure(from: usize, to: usize, format: i32, nanosecond: i32): void {
  let at = from;
  let lines = 0;
  let bytes: usize = 0;
  let least = i32.MAX_VALUE;
  let leastAt = from;
  let greatest = -1;
  let greatestAt = from;
  let isRising = 1;
  let before = nanosecond;
  while (at < to) {
    const own = headAt(at, format);
    // Content may be empty, but its space is there.
    if (own < 0) break;
    const end = newlineAt(content);
    if (own < least) {
      least = own;
      leastAt = at;
    }
    if (own > greatest) {
      greatest = own;
      greatestAt = at;
    }
    if (own <= before) isRising = 0;
    before = own;
    bytes += end - content;
    lines += 1;
    at = end + 1;
  }
  store<u32>(RESULT, <u32>at);
  store<u32>(RESULT, lines, 4);
  store<u32>(RESULT, <u32>bytes, 8);
  store<u32>(RESULT, <u32>leastAt, 12);
  store<u32>(RESULT, <u32>greatestAt, 16);
  store<u32>(RESULT, isRising, 20);
}
