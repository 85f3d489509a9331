/**
 * Parts of an RFC 3339 time that stands in bytes, read in place: no string and no array is made, since this runs for each
 * log line. NaN where something else stands there.
 */

const COLON = 58;
const ZERO = 48;
/** Of a nanosecond. */
const MAX_DIGITS = 9;

/** Seconds since midnight of the `HH:MM:SS` at `start`. */
export function secondOfDayAt(bytes: Buffer, start: number): number {
  if (bytes[start + 2] !== COLON || bytes[start + 5] !== COLON) return Number.NaN;
  const hour = pairAt(bytes, start);
  const minute = pairAt(bytes, start + 3);
  const second = pairAt(bytes, start + 6);
  return hour < 24 && minute < 60 && second < 60 ? hour * 3600 + minute * 60 + second : Number.NaN;
}

/** Nanoseconds of a fraction of one to nine digits at `start`: containerd leaves trailing zeros out. */
export function nanosecondAt(bytes: Buffer, start: number, digits: number): number {
  if (digits < 1 || digits > MAX_DIGITS) return Number.NaN;
  let value = 0;
  for (let at = 0; at < MAX_DIGITS; at += 1) {
    const digit = at < digits ? (bytes[start + at] ?? 0) - ZERO : 0;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** The number that nine digits at `start` are; NaN where one is none. */
export function nineDigitsAt(view: DataView, start: number): number {
  const first = fourDigits(view.getInt32(start, true));
  const next = fourDigits(view.getInt32(start + 4, true));
  const last = view.getUint8(start + 8) - ZERO;
  return first < 0 || next < 0 || last < 0 || last > 9 ? Number.NaN : first * 100_000 + next * 10 + last;
}

/** Whether what stands at both places are the same 19 bytes, as `2026-11-23T16:07:00` has. Most often they are, but for their end. */
export function isSameSecond(a: DataView, at: number, b: DataView, bAt: number): boolean {
  return (
    a.getInt32(at + 15, true) === b.getInt32(bAt + 15, true) &&
    a.getInt32(at + 12, true) === b.getInt32(bAt + 12, true) &&
    a.getInt32(at + 8, true) === b.getInt32(bAt + 8, true) &&
    a.getInt32(at + 4, true) === b.getInt32(bAt + 4, true) &&
    a.getInt32(at, true) === b.getInt32(bAt, true)
  );
}

/** The number that four digits are which were read together, the first in the lowest byte; negative where one is none. */
function fourDigits(word: number): number {
  // The upper half of each byte is 3, and still is with 6 more.
  if ((word & 0xf0f0f0f0) !== 0x30303030 || ((word + 0x06060606) & 0xf0f0f0f0) !== 0x30303030) return -1;
  const digits = word & 0x0f0f0f0f;
  const pairs = (Math.imul(digits, 10) + (digits >>> 8)) & 0x00ff00ff;
  return (Math.imul(pairs, 100) + (pairs >>> 16)) & 0xffff;
}

function pairAt(bytes: Buffer, at: number): number {
  const tens = (bytes[at] ?? 0) - ZERO;
  const ones = (bytes[at + 1] ?? 0) - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? 10 * tens + ones : Number.NaN;
}
