import { laterOf, millisecondsOf, type Timestamp, timestampOf } from './time.ts';
import type { WatchedRecord } from './watch-records.ts';

/** A watch that is silent for so long is dead: one that lives gets a bookmark about every minute. */
export const IDLE_MS = 150_000;

/** Since when a watch may have been silent that is not known to be dead at a moment. */
export function silentSince(moment: Timestamp): Timestamp {
  return timestampOf(millisecondsOf(moment) - IDLE_MS);
}

/**
 * Until when a watch had missed nothing, by what it said of itself last, and by when it told or was heard of since. Where it
 * may have missed something, or what it tells is of earlier, that does not count.
 */
export function heardUntil({ heard, resourceVersion, observed }: WatchedRecord, since: Timestamp): Timestamp {
  if (heard !== undefined) return heard;
  return resourceVersion === undefined ? observed : laterOf(observed, since);
}

/**
 * The same of a watch of metadata, which writes down no changes: that it fails is written down, but a dead one is silent before
 * it is known to fail. `last` is the last moment that was told of.
 */
export function metadataHeard(word: WatchedRecord, last: Timestamp): Timestamp {
  return heardUntil(word, silentSince(last));
}
