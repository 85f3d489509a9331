import type { WatchedRecord } from './record.ts';
import { laterOf, millisecondsOf, type Timestamp, timestampOf } from './time.ts';

/** A watch that is silent for so long is dead: one that lives gets a bookmark about every minute. */
export const IDLE_MS = 150_000;

/** Since when a watch may have been silent that is not known to be dead at a moment. */
export function silentSince(moment: Timestamp): Timestamp {
  return timestampOf(millisecondsOf(moment) - IDLE_MS);
}

/** By what a watch said of itself: it may have missed something, or what it tells is of earlier. */
export function isBehind({ heard, resourceVersion }: Pick<WatchedRecord, 'heard' | 'resourceVersion'>): boolean {
  return heard !== undefined || resourceVersion === undefined;
}

/**
 * Until when a watch of metadata, which writes down no changes, had missed nothing, by what it said last: that it fails is written
 * down, but a dead one is silent before it is known to fail. `last` is the last moment that was told of.
 */
export function metadataHeard(word: WatchedRecord, last: Timestamp): Timestamp {
  return isBehind(word) ? (word.heard ?? word.observed) : laterOf(word.observed, silentSince(last));
}
