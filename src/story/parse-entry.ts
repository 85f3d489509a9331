import type { z } from 'zod';
import { parseJson } from '../model/json.ts';
import { entrySchema, type TimelineEntry } from './document.ts';
import { JsonFault, type RawValue } from './json-walker.ts';

/** Text in a string has its quotes escaped, so this can only be the entry's own field. */
const LOG = '"type":"log","container":';

/** An entry of the timeline, parsed and proven to be one. Throws JsonFault. */
export function parseEntry({ bytes, offset }: RawValue): TimelineEntry {
  let value: unknown;
  try {
    const text = bytes.toString();
    // No number of a line's entry is large; only looking for such numbers would cost as much as parsing it.
    value = text.includes(LOG) ? JSON.parse(text) : parseJson(text);
  } catch (cause) {
    throw new JsonFault(`an entry is no JSON`, { offset, cause });
  }
  // Lines are most of a story: what the schema demands of them is asked by hand.
  if (isLogEntry(value)) return value;
  const parsed = entrySchema.safeParse(value);
  if (parsed.success) return value as TimelineEntry; // as it was written: the schema makes copies
  throw new JsonFault(`an entry is not as the format demands: ${firstIssue(parsed.error)}`, { offset });
}

type LogEntry = Extract<TimelineEntry, { type: 'log' }>;

function isLogEntry(value: unknown): value is LogEntry {
  if (typeof value !== 'object' || value === null) return false;
  const entry = value as { readonly [name in keyof LogEntry]?: unknown };
  return (
    entry.type === 'log' &&
    isIndex(entry.seq) &&
    isIndex(entry.container) &&
    isTimestamp(entry.time) &&
    isTimestamp(entry.observed) &&
    entry.timeSource === 'log' &&
    entry.precision === undefined &&
    (entry.stream === 'unknown' || entry.stream === 'stdout' || entry.stream === 'stderr') &&
    (typeof entry.line === 'string' ? entry.bytes === undefined : typeof entry.bytes === 'string')
  );
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/;

function isTimestamp(value: unknown): value is string {
  return typeof value === 'string' && value.length === 30 && TIMESTAMP.test(value);
}

/** `metadata.counts.events: Invalid input…`, for a message. */
export function firstIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  return issue === undefined ? error.message : `${issue.path.join('.')}: ${issue.message}`;
}
