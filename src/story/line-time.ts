import { parseTimestamp, type Timestamp } from '../model/time.ts';
import { nanosecondAt, secondOfDayAt } from '../model/time-bytes.ts';
import { nanosecondOf, secondOf } from './order.ts';

const TIME_LENGTH = 30;
const SECONDS_LENGTH = 19;
const KEY = '"time":"';
/** Of a time as an entry begins with it, without the quotation mark behind it. */
export const TIME_BYTES = KEY.length + TIME_LENGTH;
/** With the letter behind it. */
const DAY_LENGTH = 11;
const DAY_SECONDS = 86_400;
const FRACTION_DIGITS = 9;
const DOT = 46;
const LETTER_Z = 90;
const ZERO = 48;

/** The time of the line that a log is read at: as numbers to compare, and as the bytes of its entry's beginning. */
export class LineTime {
  /** `"time":"2026-11-23T16:07:00.120000000Z`. */
  readonly json = Buffer.from(KEY.padEnd(TIME_BYTES, '0'));
  second = 0;
  nanosecond = 0;
  /** `second` at the beginning of the day. */
  #day = 0;

  set(time: Timestamp): void {
    this.json.write(time, KEY.length, 'latin1');
    this.second = secondOf(time);
    this.#day = this.second - (this.second % DAY_SECONDS);
    this.nanosecond = nanosecondOf(time);
  }

  /** Takes the RFC 3339 time that stands there; false if none does, and nothing changes then. */
  take(bytes: Buffer, start: number, end: number): boolean {
    return this.#takeUsual(bytes, start, end) || this.#takeText(bytes.toString('latin1', start, end));
  }

  /** Most times lie within the second of the one before, or on its day, and stand for UTC. */
  #takeUsual(bytes: Buffer, start: number, end: number): boolean {
    if (bytes[end - 1] !== LETTER_Z || bytes[start + SECONDS_LENGTH] !== DOT) return false;
    if (this.#isAsBefore(bytes, start, SECONDS_LENGTH)) return this.#takeFraction(bytes, start, end);
    const second = secondOfDayAt(bytes, start + DAY_LENGTH);
    if (Number.isNaN(second) || !this.#isAsBefore(bytes, start, DAY_LENGTH)) return false;
    if (!this.#takeFraction(bytes, start, end)) return false;
    this.second = this.#day + second;
    bytes.copy(this.json, KEY.length + DAY_LENGTH, start + DAY_LENGTH, start + SECONDS_LENGTH);
    return true;
  }

  #isAsBefore(bytes: Buffer, start: number, length: number): boolean {
    for (let at = length - 1; at >= 0; at -= 1) if (bytes[start + at] !== this.json[KEY.length + at]) return false;
    return true;
  }

  /** containerd leaves trailing zeros out. */
  #takeFraction(bytes: Buffer, start: number, end: number): boolean {
    const from = start + SECONDS_LENGTH + 1;
    const digits = end - 1 - from;
    const nanosecond = nanosecondAt(bytes, from, digits);
    if (Number.isNaN(nanosecond)) return false;
    this.nanosecond = nanosecond;
    const to = KEY.length + SECONDS_LENGTH + 1;
    for (let at = 0; at < FRACTION_DIGITS; at += 1)
      this.json[to + at] = at < digits ? (bytes[from + at] ?? ZERO) : ZERO;
    return true;
  }

  #takeText(text: string): boolean {
    const time = parseTimestamp(text);
    if (time === undefined) return false;
    this.set(time);
    return true;
  }
}
