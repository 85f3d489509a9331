import type {
  StoryContainer,
  StoryGap,
  StoryMetadata,
  StoryObject,
  StoryVerdict,
  TimelineEntry,
} from '../../../story/document.ts';

/** Everything of a story that is no log line, as JSON. */
export interface ReportFacts {
  readonly metadata: StoryMetadata;
  readonly verdict?: StoryVerdict;
  readonly objects: readonly StoryObject[];
  readonly containers: readonly StoryContainer[];
  readonly gaps: readonly StoryGap[];
  readonly entries: readonly FactEntry[];
  /** Lines that were left out of the report by its size limit, by container run. */
  readonly omitted: readonly { readonly container: number; readonly lines: number }[];
}

export type FactEntry = Exclude<TimelineEntry, { type: 'log' }>;

/** Log lines by column; line `i` is `text[ends[i - 1]..ends[i]]`. */
export interface LogColumns {
  readonly count: number;
  readonly seq: Uint32Array;
  readonly container: Uint32Array;
  /** Seconds since the whole second of the story's start, and the nanoseconds beyond them: exact. */
  readonly seconds: Int32Array;
  readonly nanos: Uint32Array;
  /** Index into STREAMS, plus RAW. */
  readonly flags: Uint8Array;
  readonly ends: Uint32Array;
  readonly text: Uint8Array;
}

export interface ReportData {
  readonly facts: ReportFacts;
  readonly logs: LogColumns;
}

export const STREAMS = ['stdout', 'stderr', 'unknown'] as const;
/** Set for a line that is not valid UTF-8. */
export const RAW = 4;

/** A moment by the story's start: whole seconds rounded down, and nanoseconds beyond them. */
export interface Moment {
  readonly seconds: number;
  readonly nanos: number;
}

/** About 17 years: what a story tells as further from its start is drawn there. */
const FURTHEST_SECONDS = 2 ** 29;

export function momentOf(time: string, startTime: string): Moment {
  const seconds = secondOf(time) - secondOf(startTime);
  return { seconds: Math.max(-FURTHEST_SECONDS, Math.min(seconds, FURTHEST_SECONDS)) || 0, nanos: nanosOf(time) };
}

/** Milliseconds since the story's start. */
export function millisecondsSince(time: string, startTime: string): number {
  const { seconds, nanos } = momentOf(time, startTime);
  return seconds * 1000 + (nanos - nanosOf(startTime)) / 1e6;
}

function secondOf(time: string): number {
  return Math.floor(Date.parse(`${time.slice(0, 19)}Z`) / 1000);
}

function nanosOf(time: string): number {
  return Number(time.slice(20, 29));
}
