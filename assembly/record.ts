import { SECOND } from './memory';

/** How lines come that are no records of a node's file, which are 0. */
const TIMESTAMPED: i32 = 1;

const SPACE: u8 = 32;
const ZERO: u8 = 48;
const LETTER_Z: u8 = 90;
/** Eight bytes each, the first of them lowest. */
const STDOUT: u64 = 0x2074756f64747320; // ` stdout `
const STDERR: u64 = 0x2072726564747320; // ` stderr `
const FULL: u16 = 0x2046; // `F `
const ZEROS: u64 = 0x3030303030303030;
const HIGH_BITS: u64 = 0x8080808080808080;
/** What makes of every value above nine one with its highest bit. */
const BEYOND_NINE: u64 = 0x7676767676767676;

/** Of the record that `headAt` looked at: where its time ends and its content begins. */
export let timeEnd: usize = 0;
export let content: usize = 0;
/** False of lines that do not tell their stream. */
export let isStderr: bool = false;

/**
 * Looks at the record at `at`. Gives the nanosecond of its time; -1 where it is not of the second at SECOND, is part of a line, or is
 * anything else that wants a closer look.
 */
export function headAt(at: usize, format: i32): i32 {
  const sameDate = v128.any_true(v128.xor(v128.load(at), v128.load(SECOND))) === 0;
  if (!sameDate || load<u32>(at, 16) !== load<u32>(SECOND, 16)) return -1;
  let nanosecond = nineDigitsAt(at + 20);
  timeEnd = at + 30;
  if (nanosecond < 0 || load<u8>(at, 29) !== LETTER_Z) {
    // containerd leaves trailing zeros out.
    nanosecond = 0;
    timeEnd = at + 20;
    for (; timeEnd < at + 29; timeEnd += 1) {
      const digit = load<u8>(timeEnd) - ZERO;
      if (digit > 9) break;
      nanosecond = nanosecond * 10 + digit;
    }
    if (timeEnd === at + 20 || load<u8>(timeEnd) !== LETTER_Z) return -1;
    for (let missing = at + 29 - timeEnd; missing > 0; missing -= 1) nanosecond *= 10;
    timeEnd += 1;
  }
  if (format === TIMESTAMPED) {
    content = timeEnd + 1;
    isStderr = false;
    return load<u8>(timeEnd) === SPACE ? nanosecond : -1;
  }
  const stream = load<u64>(timeEnd);
  if ((stream !== STDOUT && stream !== STDERR) || load<u16>(timeEnd, 8) !== FULL) return -1;
  isStderr = stream === STDERR;
  content = timeEnd + 10;
  return nanosecond;
}

/** Eight digits are read at once: each pair becomes a number, then each four, then all. */
function nineDigitsAt(at: usize): i32 {
  let digits = load<u64>(at) ^ ZEROS;
  const last = load<u8>(at, 8) - ZERO;
  if ((((digits + BEYOND_NINE) | digits) & HIGH_BITS) !== 0 || last > 9) return -1;
  digits = digits * 10 + (digits >> 8);
  const low = (digits & 0x000000ff000000ff) * 0x000f424000000064;
  const high = ((digits >> 16) & 0x000000ff000000ff) * 0x0000271000000001;
  return <i32>((low + high) >> 32) * 10 + last;
}
