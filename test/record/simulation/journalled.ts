import { linesOf } from '../../../src/logs/position.ts';
import type { Gap } from '../../../src/model/gap.ts';
import { instanceKey } from '../../../src/model/instance.ts';
import type { JournalRecord, LogRecord } from '../../../src/model/record.ts';
import { millisecondsOf, parseTimestamp } from '../../../src/model/time.ts';
import type { Interval } from './intervals.ts';

/** What a recording holds of one container instance. */
export interface RecordedLog {
  /** `TIME CONTENT`, TIME with nine digits. */
  readonly lines: string[];
  readonly gaps: Interval[];
  isProven: boolean;
}

/** What the records of a journal hold, read with a decoder of its own. */
export interface Recorded {
  readonly logs: ReadonlyMap<string, RecordedLog>;
  /** resourceVersions by UID, in order. */
  readonly versions: ReadonlyMap<string, readonly string[]>;
  /** By type, e.g. `pods`. */
  readonly gaps: ReadonlyMap<string, readonly Interval[]>;
}

export function readRecords(records: readonly JournalRecord[]): Recorded {
  const logs = new Map<string, RecordedLog>();
  const versions = new Map<string, string[]>();
  const gaps = new Map<string, Interval[]>();
  const owners = ownersOf(records);
  const logOf = (key: string) => {
    const log = logs.get(key) ?? { lines: [], gaps: [], isProven: false };
    logs.set(key, log);
    return log;
  };
  const partial = new Map<string, string>();
  for (const record of records) {
    // A deletion that nobody saw is told with the last known state once more.
    if (record.kind === 'object' && record.action !== 'deletedUnseen') {
      const { uid, resourceVersion } = record.object.metadata;
      versions.set(uid, [...(versions.get(uid) ?? []), resourceVersion]);
    } else if (record.kind === 'logEnd') logOf(instanceKey(record.instance)).isProven = record.end === 'proven';
    else if (record.kind === 'log') {
      const owner = owners.get(record.stream);
      if (owner !== undefined && owner !== null) addLines(logOf(owner).lines, record, { owner, partial });
    } else if (record.kind === 'gap') {
      const { gap } = record;
      if ('container' in gap.of) logOf(instanceKey(gap.of.container)).gaps.push(intervalOf(gap));
      else gaps.set(gap.of.resource, [...(gaps.get(gap.of.resource) ?? []), intervalOf(gap)]);
    }
  }
  return { logs, versions, gaps };
}

/** Whose lines each stream holds; null where another one holds the same. */
function ownersOf(records: readonly JournalRecord[]): ReadonlyMap<number, string | null> {
  const owners = new Map<number, string | null>();
  for (const record of records) {
    if (record.kind === 'streamOpened') owners.set(record.stream, instanceKey(record.instance));
    if (record.kind === 'streamClosed')
      owners.set(record.stream, record.boundTo === null ? null : instanceKey(record.boundTo));
  }
  return owners;
}

/** Adds the lines of a block; the parts of a line in a node's file are joined, for each of the two streams apart. */
function addLines(
  lines: string[],
  { format, bytes }: LogRecord,
  { owner, partial }: { readonly owner: string; readonly partial: Map<string, string> },
): void {
  for (const raw of linesOf(bytes)) {
    const line = raw.toString('latin1');
    if (format === 'timestamped') {
      lines.push(line);
      continue;
    }
    const [time = '', stream = '', tag = ''] = line.split(' ', 3);
    const content = line.slice(time.length + stream.length + tag.length + 3);
    const key = `${owner}/${stream}`;
    const whole = (partial.get(key) ?? `${parseTimestamp(time)} `) + content;
    if (tag === 'P') partial.set(key, whole);
    else {
      partial.delete(key);
      lines.push(whole);
    }
  }
}

function intervalOf({ from, to }: Gap): Interval {
  return { from: millisecondsOf(from), to: millisecondsOf(to) };
}
