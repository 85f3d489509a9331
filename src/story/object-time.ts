import { isDeletion } from '../model/action.ts';
import { numberOf, path } from '../model/fields.ts';
import type { ObjectRecord } from '../model/record.ts';
import type { KubeObject, ManagedFields } from '../model/resource.ts';
import { millisecondsOf, parseTimestamp, type Timestamp } from '../model/time.ts';
import type { TimeSource } from './document.ts';

export interface EntryTime {
  readonly time: Timestamp;
  readonly timeSource: TimeSource;
  readonly precision?: '1s';
}

/** A watch brings a change within this; the server's whole second has passed by then, too. */
const FRESH_MS = 2000;

/**
 * When a state came to be. A watch carries no time, and the server's own times have whole seconds: where the moment of
 * its arrival fits them, that is the finer one; else (found at the start, missed by a relist, another clock) theirs is.
 */
export function timeOfState(
  record: ObjectRecord,
  previous: KubeObject | undefined,
): EntryTime & { readonly manager?: string } {
  const { observed, object, action } = record;
  if (action === 'found' || isDeletion(action)) return { time: observed, timeSource: 'observed' };
  const writer = newestWriter(object, previous);
  const stated = writer?.time ?? (previous === undefined ? object.metadata.creationTimestamp : undefined);
  const manager = writer?.manager === undefined ? {} : { manager: writer.manager };
  const time = stated === undefined ? undefined : parseTimestamp(stated);
  if (time === undefined) return { time: observed, timeSource: 'observed', ...manager };
  return { ...finerOf(time, writer === undefined ? 'status' : 'managedFields', observed), ...manager };
}

/** A time that the server states, or the moment of arrival where that fits it and is the finer one. */
export function finerOf(stated: Timestamp, timeSource: TimeSource, observed: Timestamp): EntryTime {
  if (!stated.endsWith('.000000000Z')) return { time: stated, timeSource };
  const lag = millisecondsOf(observed) - millisecondsOf(stated);
  if (lag >= 0 && lag < FRESH_MS) return { time: observed, timeSource: 'observed' };
  return { time: stated, timeSource, precision: '1s' };
}

/** The writer whose entry is new or newer than in the state before. */
function newestWriter(object: KubeObject, previous: KubeObject | undefined): ManagedFields | undefined {
  const before = new Set(previous?.metadata.managedFields?.map(fingerprint));
  return object.metadata.managedFields
    ?.filter((entry) => entry.time !== undefined && !before.has(fingerprint(entry)))
    .toSorted((a, b) => ((a.time ?? '') < (b.time ?? '') ? 1 : -1))[0];
}

function fingerprint({ manager = '', operation = '', subresource = '', time = '' }: ManagedFields): string {
  return [manager, operation, subresource, time].join('\n');
}

/** When an Event says that what it tells happened, the last time that it did. */
export function timeOfEvent(event: KubeObject, observed: Timestamp): EntryTime {
  const series = event.series;
  const seriesTime =
    typeof series === 'object' && series !== null && 'lastObservedTime' in series ? series.lastObservedTime : undefined;
  for (const text of [
    seriesTime,
    event.lastTimestamp,
    event.eventTime,
    event.deprecatedLastTimestamp,
    event.firstTimestamp,
  ]) {
    const time = typeof text === 'string' ? parseTimestamp(text) : undefined;
    if (time !== undefined) return finerOf(time, 'event', observed);
  }
  return { time: observed, timeSource: 'observed' };
}

/** How many times that happened so far, by the Event's own word. */
export function timesOfEvent(event: KubeObject): number {
  return numberOf(path(event, 'series', 'count')) ?? numberOf(event.count) ?? numberOf(event.deprecatedCount) ?? 1;
}
