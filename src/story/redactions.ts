import { addTo } from '../model/counts.ts';
import type { EventRecord, ObjectRecord } from '../model/record.ts';
import type { StoryMetadata } from './document.ts';
import type { InstanceLog } from './log-survey.ts';

/** Adds what was taken out of a record, by what it was; a journal of an older version only says how much. */
export function countRedactions(counts: Map<string, number>, record: ObjectRecord | EventRecord): void {
  const { redactions, redacted = redactions > 0 ? { unnamed: redactions } : {} } = record;
  for (const [name, count] of Object.entries(redacted)) addTo(counts, name, count);
}

/** What a story says of all that was taken out of it. */
export function redactionsOf(
  { objects, events }: { readonly objects: ReadonlyMap<string, number>; readonly events: ReadonlyMap<string, number> },
  ofStory: readonly InstanceLog[],
): { readonly total: number; readonly redactions: NonNullable<StoryMetadata['redactions']> } {
  const logs = new Map<string, number>();
  for (const log of ofStory) for (const [name, count] of log.redactions) addTo(logs, name, count);
  const total = [objects, events, logs]
    .flatMap((counts) => [...counts.values()])
    .reduce((sum, count) => sum + count, 0);
  const redactions = {
    objects: Object.fromEntries(objects),
    events: Object.fromEntries(events),
    logs: Object.fromEntries(logs),
  };
  return { total, redactions };
}
