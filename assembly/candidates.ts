import { CANDIDATES } from './memory';
import { GROUPS, LOWER_HALF } from './tables';

/** So many bytes are looked through at once. */
export const STRETCH: usize = 4096;
/** Of a sign so many bytes are compared but its first: one that begins in the last ones of a stretch is found in the next. */
export const OVERLAP: usize = 2;
const STEP: usize = 64;
/** Of each step so many are told at least, true or not. */
const LEAST: u64 = 4;

/**
 * Looks through the STRETCH from `from` on for places where a sign may begin: where its first bytes may be those of one, by both
 * halves of each. They go to CANDIDATES, whose end is given; some of them lie behind `to`. All are looked for before one is looked at:
 * what a machine foretells wrongly, as whether a few bytes hold any, takes longer than to look at them.
 */
export function findCandidates(from: usize, to: usize): usize {
  const firstLow = v128.load(GROUPS);
  const firstHigh = v128.load(GROUPS + 16);
  const secondLow = v128.load(GROUPS + 32);
  const secondHigh = v128.load(GROUPS + 48);
  const thirdLow = v128.load(GROUPS + 64);
  const thirdHigh = v128.load(GROUPS + 80);
  // V8 makes a constant anew wherever it is used.
  const half = v128.load(LOWER_HALF);
  const none = i8x16.splat(0);
  let first = none;
  let second = none;
  let out = CANDIDATES;
  const end = min(to + OVERLAP, from + STRETCH);
  for (let step = from; step < end; step += STEP) {
    let others: u64 = 0;
    for (let done: usize = 0; done < STEP; done += 16) {
      const bytes = v128.load(step + done);
      const low = v128.and(bytes, half);
      // A shift of bytes alone takes machines as long as the rest of it.
      const high = v128.and(i16x8.shr_u(bytes, 4), half);
      const firsts = v128.and(i8x16.relaxed_swizzle(firstLow, low), i8x16.relaxed_swizzle(firstHigh, high));
      const seconds = v128.and(i8x16.relaxed_swizzle(secondLow, low), i8x16.relaxed_swizzle(secondHigh, high));
      const thirds = v128.and(i8x16.relaxed_swizzle(thirdLow, low), i8x16.relaxed_swizzle(thirdHigh, high));
      // At the third byte of each: what is known of it, and of the two before it.
      const begun = v128.and(
        v128.shuffle<i8>(first, firsts, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29),
        v128.shuffle<i8>(second, seconds, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30),
      );
      others |= (<u64>(<u32>i8x16.bitmask(i8x16.eq(v128.and(begun, thirds), none)))) << (<u64>done);
      first = firsts;
      second = seconds;
    }
    out = put(out, step - OVERLAP, ~others);
  }
  return out;
}

/** Puts the places that are told by bits. */
function put(out: usize, base: usize, bits: u64): usize {
  const end = out + ((<usize>popcnt(bits)) << 2);
  for (let told: u64 = 0; told < LEAST; told += 1) {
    store<u32>(out + ((<usize>told) << 2), <u32>(base + <usize>ctz(bits)));
    bits &= bits - 1;
  }
  for (let at = out + ((<usize>LEAST) << 2); at < end; at += 4) {
    store<u32>(at, <u32>(base + <usize>ctz(bits)));
    bits &= bits - 1;
  }
  return end;
}
