import { ABOUT_BYTES, ABOUTS, BEGINNING, OUTPUT, OUTPUT_BYTES, RESULT } from './memory';
import { NEWLINE } from './newline';
import { content, headAt, isStderr, timeEnd } from './record';

const TIME: u64 = 0x223a22656d697422; // `"time":"`
const END: u16 = 0x7d22; // `"}`
const NINE: u8 = 57;
const ZERO: u8 = 48;
const QUOTE: u8 = 34;
const BACKSLASH: u8 = 92;
const LETTER_U: u8 = 117;
const LETTER_Z: u8 = 90;
/** What a vector may write beyond what it has. */
const BEYOND: usize = 64;

/**
 * Writes the records from `from` to `to` to OUTPUT as entries of a story, as long as they are of the second at SECOND, stand before the
 * nanosecond `limit`, are no more than `most`, and find room. BEGINNING, so many bytes, is how the first of them begins
 * (`,\n{"seq":12,`), and then how the next one would; `most` leaves its number of digits as it is. ABOUTS holds, of stdout and of
 * stderr, what stands between time and content. Records are UTF-8. To RESULT go: where it stopped, how many lines those are, how many
 * bytes they became, and the greatest nanosecond of them.
 */
export function entries(
  from: usize,
  to: usize,
  format: i32,
  limit: i32,
  most: i32,
  beginning: usize,
  stdout: usize,
  stderr: usize,
): void {
  let at = from;
  let out = OUTPUT;
  let lines = 0;
  let greatest = -1;
  while (at < to && lines < most) {
    const nanosecond = headAt(at, format);
    if (nanosecond < 0 || nanosecond >= limit) break;
    const about = isStderr ? stderr : stdout;
    const aboutAt = isStderr ? ABOUTS + ABOUT_BYTES : ABOUTS;
    if (out + beginning + 40 + about + BEYOND > OUTPUT + OUTPUT_BYTES) break;
    let end = copy(out, BEGINNING, beginning);
    end = addTime(end, at);
    end = copy(end, aboutAt, about);
    end = addContent(end, content);
    if (end === 0) break;
    store<u16>(end, END);
    out = end + 2;
    at = contentEnd + 1;
    lines += 1;
    greatest = max(greatest, nanosecond);
    count(beginning);
  }
  store<u32>(RESULT, <u32>at);
  store<u32>(RESULT, lines, 4);
  store<u32>(RESULT, <u32>(out - OUTPUT), 8);
  store<i32>(RESULT, greatest, 12);
}

/** Copies a vector at a time, and what follows up to the end of one. */
function copy(to: usize, from: usize, length: usize): usize {
  for (let done: usize = 0; done < length; done += 16) v128.store(to + done, v128.load(from + done));
  return to + length;
}

/** A time of 30 bytes, as entries have it, behind its key. */
function addTime(to: usize, at: usize): usize {
  store<u64>(to, TIME);
  const time = to + 8;
  v128.store(time, v128.load(at));
  v128.store(time + 14, v128.load(at + 14));
  // containerd leaves trailing zeros out.
  for (let digit = time + timeEnd - at - 1; digit < time + 29; digit += 1) store<u8>(digit, ZERO);
  store<u8>(time, LETTER_Z, 29);
  return time + 30;
}

let contentEnd: usize = 0;

/** Content as the inside of a JSON string; 0 where it finds no room. */
function addContent(to: usize, from: usize): usize {
  const quote = i8x16.splat(QUOTE);
  const backslash = i8x16.splat(BACKSLASH);
  const control = i8x16.splat(32);
  let at = from;
  let out = to;
  while (out + BEYOND <= OUTPUT + OUTPUT_BYTES) {
    const bytes = v128.load(at);
    v128.store(out, bytes);
    const isQuoted = v128.or(i8x16.eq(bytes, quote), i8x16.eq(bytes, backslash));
    const found = i8x16.bitmask(v128.or(isQuoted, i8x16.lt_u(bytes, control)));
    const plain: usize = found === 0 ? 16 : ctz(found);
    at += plain;
    out += plain;
    if (found === 0) continue;
    const byte = load<u8>(at);
    if (byte === NEWLINE) {
      contentEnd = at;
      return out;
    }
    at += 1;
    out = addEscape(out, byte);
  }
  return 0;
}

/** As JSON.stringify escapes it. */
function addEscape(to: usize, byte: u8): usize {
  const letter =
    byte === 9 ? 116 : byte === 13 ? 114 : byte === 8 ? 98 : byte === 12 ? 102 : byte >= 32 ? byte : LETTER_U;
  store<u8>(to, BACKSLASH);
  store<u8>(to, letter, 1);
  if (letter !== LETTER_U) return to + 2;
  store<u16>(to, 0x3030, 2);
  store<u8>(to, hex(byte >> 4), 4);
  store<u8>(to, hex(byte & 15), 5);
  return to + 6;
}

function hex(value: u8): u8 {
  return value < 10 ? ZERO + value : 87 + value;
}

/** Counts in decimal where the number stands, before a comma. */
function count(beginning: usize): void {
  let digit = BEGINNING + beginning - 2;
  for (; load<u8>(digit) === NINE; digit -= 1) store<u8>(digit, ZERO);
  store<u8>(digit, load<u8>(digit) + 1);
}
