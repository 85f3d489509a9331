import { nameEndAt, READ } from './assignment';
import { findCandidates, OVERLAP, STRETCH } from './candidates';
import { CANDIDATES, RESULT, RESULT_BYTES } from './memory';
import { newlineAt } from './newline';
import { BEARER, BEFORE_SIG, isOf, MAY_END_URL, NAME, placesOf, runEnd, SIGNS, SPACE, TOKEN } from './tables';
import { saysOfWordAt, wordEnd } from './words';

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
  let found = RESULT + 8;
  const most = RESULT + RESULT_BYTES - 4;
  /** Before this no sign begins that was not passed over. */
  let passed = from;
  for (let at = from; at < to; at = max(passed, at + STRETCH - OVERLAP)) {
    const end = findCandidates(at, to);
    for (let candidate = CANDIDATES; candidate < end; candidate += 4) {
      const place: usize = load<u32>(candidate);
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

function stop(at: usize, found: usize): void {
  store<u32>(RESULT, <u32>at);
  store<u32>(RESULT, <u32>((found - RESULT - 8) >> 2), 4);
}

/** What the longest sign is that begins here; 0: none does. */
function kindAt(start: usize): u32 {
  return saysOfWordAt(start, load<u32>(SIGNS + ((<usize>bucketOf(load<u32>(start))) << 2)));
}

/** By the first three of four bytes, of which signs have as many: those have one that differ in case. */
export function bucketOf(bytes: u32): u32 {
  return (((bytes | 0x202020) << 8) * 0x9e3779b1) >> 24;
}

/** Where the next sign may begin; READ where the line may hold a credential here. */
function glanceAt(start: usize, kind: u32, from: usize): usize {
  const next = wordEnd;
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
  for (let at = start; at < start + MAX_AUTHORITY; at += 16) {
    const places = placesOf(at, MAY_END_URL);
    if (places !== 0) return load<u8>(at + ctz(places)) === AT;
  }
  return false;
}

/** Whether what follows the word Bearer is long enough; where a name goes on, there may be tokens in it. */
function mayBeBearer(wordEnd: usize): bool {
  const start = runEnd(wordEnd, SPACE);
  if (start === wordEnd) return isOf(load<u8>(wordEnd), NAME);
  return runEnd(start, BEARER) - start >= MIN_BEARER;
}
