import { parseTimestamp, type Timestamp } from '../model/time.ts';
import { nanosecondOf, secondOf } from './order.ts';

const TIME_LENGTH = 30;
const SECONDS_LENGTH = 19;
const KEY = '"time":"';
const DOT = 46;
const LETTER_Z = 90;
const ZERO = 48;

/** The time of the line that a log is read at: as numbers to compare, and as the bytes of its entry's beginning. */
export class LineTime {
  /** `"time":"2026-11-23T16:07:00.120000000Z`. */
  readonly json = Buffer.from(KEY.padEnd(KEY.length + TIME_LENGTH, '0'));
  second = 0;
  nanosecond = 0;

  set(time: Timestamp): void {
    this.json.write(time, KEY.length, 'latin1');
    this.second = secondOf(time);
    this.nanosecond = nanosecondOf(time);
  }

  /** Takes the RFC 3339 time that stands there; false if none does, and nothing changes then. */
  take(bytes: Buffer, start: number, end: number): boolean {
    return this.#takeUsual(bytes, start, end) || this.#takeText(bytes.toString('latin1', start, end));
  }

  /** Most times lie in the second of the one before. containerd leaves trailing zeros out. */
  #takeUsual(bytes: Buffer, start: number, end: number): boolean {
    const { json } = this;
    const fraction = end - start - SECONDS_LENGTH - 2;
    if (fraction < 1 || fraction > 9 || bytes[end - 1] !== LETTER_Z || bytes[start + SECONDS_LENGTH] !== DOT)
      return false;
    for (let at = SECONDS_LENGTH - 1; at >= 0; at -= 1) if (bytes[start + at] !== json[KEY.length + at]) return false;
    const digits = start + SECONDS_LENGTH + 1;
    let nanosecond = 0;
    for (let at = 0; at < 9; at += 1) {
      const digit = at < fraction ? (bytes[digits + at] ?? 0) - ZERO : 0;
      if (digit < 0 || digit > 9) return false;
      nanosecond = nanosecond * 10 + digit;
    }
    this.nanosecond = nanosecond;
    for (let at = 0; at < 9; at += 1)
      json[KEY.length + SECONDS_LENGTH + 1 + at] = at < fraction ? (bytes[digits + at] ?? ZERO) : ZERO;
    return true;
  }

  #takeText(text: string): boolean {
    const time = parseTimestamp(text);
    if (time === undefined) return false;
    this.set(time);
    return true;
  }
}
