import { parseTimestamp, type Timestamp } from '../model/time.ts';
import { isSameSecond, nanosecondAt, nineDigitsAt, secondOfDayAt } from '../model/time-bytes.ts';
import { viewOf } from './json-bytes.ts';
import { nanosecondOf, secondOf } from './order.ts';

const TIME_LENGTH = 30;
const SECONDS_LENGTH = 19;
/** A second, a dot, a digit and the letter. */
const LEAST_LENGTH = 22;
const FRACTION_AT = 20;
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
  /** The time in `json`. */
  readonly #own = viewOf(this.json.subarray(KEY.length));
  #bytes: Buffer = this.json;
  #view = this.#own;

  /** What `take` reads from then on. */
  enter(bytes: Buffer, view: DataView): void {
    this.#bytes = bytes;
    this.#view = view;
  }

  set(time: Timestamp): void {
    this.json.write(time, KEY.length, 'latin1');
    this.second = secondOf(time);
    this.#day = this.second - (this.second % DAY_SECONDS);
    this.nanosecond = nanosecondOf(time);
  }

  /** Takes the RFC 3339 time that stands there; false if none does, and nothing changes then. */
  take(start: number, end: number): boolean {
    const bytes = this.#bytes;
    if (bytes[end - 1] === LETTER_Z && bytes[start + SECONDS_LENGTH] === DOT) {
      const isNear = end - start >= LEAST_LENGTH && isSameSecond(this.#view, start, this.#own, 0);
      if (isNear ? this.#takeFraction(start, end) : this.#takeSecond(start, end)) return true;
    }
    const time = parseTimestamp(bytes.toString('latin1', start, end));
    if (time === undefined) return false;
    this.set(time);
    return true;
  }

  /** Another second, of the same day. */
  #takeSecond(start: number, end: number): boolean {
    const second = secondOfDayAt(this.#bytes, start + DAY_LENGTH);
    if (Number.isNaN(second) || !this.#isSameDay(start) || !this.#takeFraction(start, end)) return false;
    this.second = this.#day + second;
    this.#bytes.copy(this.json, KEY.length + DAY_LENGTH, start + DAY_LENGTH, start + SECONDS_LENGTH);
    return true;
  }

  #isSameDay(start: number): boolean {
    for (let at = DAY_LENGTH - 1; at >= 0; at -= 1)
      if (this.#bytes[start + at] !== this.json[KEY.length + at]) return false;
    return true;
  }

  #takeFraction(start: number, end: number): boolean {
    const from = start + SECONDS_LENGTH + 1;
    const digits = end - 1 - from;
    if (digits !== FRACTION_DIGITS) return this.#takeShortFraction(from, digits);
    const view = this.#view;
    const nanosecond = nineDigitsAt(view, from);
    if (Number.isNaN(nanosecond)) return false;
    this.nanosecond = nanosecond;
    const own = this.#own;
    own.setInt32(FRACTION_AT, view.getInt32(from));
    own.setInt32(FRACTION_AT + 4, view.getInt32(from + 4));
    own.setUint8(FRACTION_AT + 8, view.getUint8(from + 8));
    return true;
  }

  /** containerd leaves trailing zeros out. */
  #takeShortFraction(from: number, digits: number): boolean {
    const bytes = this.#bytes;
    const nanosecond = nanosecondAt(bytes, from, digits);
    if (Number.isNaN(nanosecond)) return false;
    this.nanosecond = nanosecond;
    for (let at = 0; at < FRACTION_DIGITS; at += 1)
      this.#own.setUint8(FRACTION_AT + at, at < digits ? (bytes[from + at] ?? ZERO) : ZERO);
    return true;
  }
}
