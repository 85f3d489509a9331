import { nameEndAt, READ } from './assignment';
import { RESULT, RESULT_BYTES } from './memory';
import { newlineAt } from './newline';
import {
  BEARER,
  BEFORE_SIG,
  ENDS_URL,
  GROUPS,
  isOf,
  NAME,
  nextOfSign,
  runEnd,
  SIGNS,
  SPACE,
  says,
  TOKEN,
} from './tables';

/** What a sign is. */
const IS_TOKEN: u32 = 2;
const IS_URL: u32 = 3;
const IS_KEY: u32 = 4;
const IS_SIG: u32 = 5;
const IS_BEARER: u32 = 6;
const IS_SOURCE: u32 = 7;

const AT: u8 = 64;
/** Beyond the authority a password with an unescaped slash is looked for this far. */
const MAX_AUTHORITY: usize = 1024;
const MIN_BEARER: usize = 8;

/**
 * Looks for lines from `from` to `to`, behind which a newline stands, that may hold a credential: nearly every sign of one is passed
 * over by a look at a few bytes where it lies. To RESULT go: where it stopped, how many places were found, and these, each where a
 * line has to be read, one of a line.
 */
export function glance(from: usize, to: usize): void {
  const firstLow = v128.load(GROUPS);
  const firstHigh = v128.load(GROUPS + 16);
  const secondLow = v128.load(GROUPS + 32);
  const secondHigh = v128.load(GROUPS + 48);
  const thirdLow = v128.load(GROUPS + 64);
  const thirdHigh = v128.load(GROUPS + 80);
  const none = i8x16.splat(0);
  let found = RESULT + 8;
  const most = RESULT + RESULT_BYTES - 4;
  /** Before this no sign begins that was not passed over. */
  let passed = from;
  for (let at = from; at < to; at += 16) {
    if (at + 16 <= passed) {
      at = passed - 16;
      continue;
    }
    const first = v128.load(at);
    const second = v128.load(at + 1);
    const third = v128.load(at + 2);
    const groups = v128.and(
      v128.and(groupsOf(first, firstLow, firstHigh), groupsOf(second, secondLow, secondHigh)),
      groupsOf(third, thirdLow, thirdHigh),
    );
    let places = i8x16.bitmask(i8x16.ne(groups, none));
    for (; places !== 0; places &= places - 1) {
      const place = at + ctz(places);
      if (place < passed) continue;
      if (place >= to) break;
      const kind = kindAt(place);
      if (kind === 0) continue;
      const next = glanceAt(place, kind, passed);
      if (next !== READ) {
        passed = next;
        continue;
      }
      store<u32>(found, <u32>place);
      found += 4;
      passed = newlineAt(place);
      if (found < most) continue;
      stop(passed, found);
      return;
    }
  }
  stop(to, found);
}

/** By both halves of each byte; a shift of bytes alone takes machines as long as the rest of it. */
function groupsOf(bytes: v128, low: v128, high: v128): v128 {
  const half = i8x16.splat(15);
  return v128.and(
    i8x16.relaxed_swizzle(low, v128.and(bytes, half)),
    i8x16.relaxed_swizzle(high, v128.and(i16x8.shr_u(bytes, 4), half)),
  );
}

function stop(at: usize, found: usize): void {
  store<u32>(RESULT, <u32>at);
  store<u32>(RESULT, <u32>((found - RESULT - 8) >> 2), 4);
}

/** Where the sign that was found ends. */
let signEnd: usize = 0;

/** What the longest sign is that begins here; 0: none does. */
function kindAt(start: usize): u32 {
  let kind: u32 = 0;
  let node = nextOfSign(0, load<u8>(start));
  for (let at = start + 1; node !== 0; at += 1) {
    const told = says(SIGNS, node);
    if (told !== 0) {
      kind = told;
      signEnd = at;
    }
    node = nextOfSign(node, load<u8>(at));
  }
  return kind;
}

/** Where the next sign may begin; READ where the line may hold a credential here. */
function glanceAt(start: usize, kind: u32, from: usize): usize {
  const next = signEnd;
  if (kind === IS_TOKEN) return isOf(load<u8>(start - 1), TOKEN) ? next : READ;
  if (kind === IS_URL) return hasPassword(next) ? READ : next;
  if (kind === IS_KEY || kind === IS_SOURCE) return READ;
  // Signals are told as sig=9.
  if (kind === IS_SIG && !isOf(load<u8>(start - 1), BEFORE_SIG)) return next;
  const nameEnd = nameEndAt(start, from);
  if (nameEnd === READ || (kind === IS_BEARER && mayBeBearer(next))) return READ;
  return max(next, nameEnd);
}

/** Whether a URL whose `://` ends here has a user before its host. */
function hasPassword(start: usize): bool {
  for (let at = start; at < start + MAX_AUTHORITY; at += 1) {
    const byte = load<u8>(at);
    if (byte === AT) return true;
    if (isOf(byte, ENDS_URL)) return false;
  }
  return false;
}

/** Whether what follows the word Bearer is long enough; where a name goes on, there may be tokens in it. */
function mayBeBearer(wordEnd: usize): bool {
  const start = runEnd(wordEnd, SPACE);
  if (start === wordEnd) return isOf(load<u8>(wordEnd), NAME);
  return runEnd(start, BEARER) - start >= MIN_BEARER;
}
