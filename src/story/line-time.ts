import { parseTimestamp, type Timestamp } from '../model/time.ts';
import { nanosecondAt, secondOfDayAt } from '../model/time-bytes.ts';
import { nanosecondOf, secondOf } from './order.ts';

const TIME_LENGTH = 30;
const SECONDS_LENGTH = 19;
const KEY = '"time":"';
/** With the letter behind it. */
const DAY_LENGTH = 11;
const DAY_SECONDS = 86_400;
const DOT = 46;
const LETTER_Z = 90;
const ZERO = 48;

/** The time of the line that a log is read at: as numbers to compare, and as the bytes of its entry's beginning. */
export class LineTime {
  /** `"time":"2026-11-23T16:07:00.120000000Z`. */
  readonly json = Buffer.from(KEY.padEnd(KEY.length + TIME_LENGTH, '0'));
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

  /** Most times lie on the day of the one before, and stand for UTC. containerd leaves trailing zeros out. */
  #takeUsual(bytes: Buffer, start: number, end: number): boolean {
    const { json } = this;
    const fraction = end - start - SECONDS_LENGTH - 2;
    if (bytes[end - 1] !== LETTER_Z || bytes[start + SECONDS_LENGTH] !== DOT) return false;
    for (let at = 0; at < DAY_LENGTH; at += 1) if (bytes[start + at] !== json[KEY.length + at]) return false;
    const second = secondOfDayAt(bytes, start + DAY_LENGTH);
    const nanosecond = nanosecondAt(bytes, start + SECONDS_LENGTH + 1, fraction);
    if (Number.isNaN(second) || Number.isNaN(nanosecond)) return false;
    this.second = this.#day + second;
    this.nanosecond = nanosecond;
    for (let at = DAY_LENGTH; at < SECONDS_LENGTH; at += 1) json[KEY.length + at] = bytes[start + at] ?? ZERO;
    for (let at = SECONDS_LENGTH + 1; at < TIME_LENGTH - 1; at += 1)
      json[KEY.length + at] = at <= SECONDS_LENGTH + fraction ? (bytes[start + at] ?? ZERO) : ZERO;
    return true;
  }

  #takeText(text: string): boolean {
    const time = parseTimestamp(text);
    if (time === undefined) return false;
    this.set(time);
    return true;
  }
}
