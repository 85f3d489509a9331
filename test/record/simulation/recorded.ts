import { millisecondsOf, type Timestamp } from '../../../src/model/time.ts';
import type { StoryGap, StoryLedger } from '../../../src/story/document.ts';
import { applyPatch } from '../../../src/story/patch.ts';
import type { Interval } from './intervals.ts';
import type { ReadStory } from './story.ts';

/** What a story holds of one container instance. */
export interface RecordedLog {
  /** `TIME CONTENT`, TIME with nine digits. */
  readonly lines: string[];
  readonly gaps: Interval[];
  /** Some of its gaps say more than that its node had not told yet how many files it keeps, or that the journal was damaged. */
  readonly isMissing: boolean;
  readonly isProven: boolean;
  /** Nothing of it came from its node's files. */
  readonly isOfStream: boolean;
}

/** A state of an object, built out of its patches. */
export interface RecordedState {
  readonly resourceVersion: string;
  readonly state: unknown;
  readonly action: string;
}

/** What a story holds, as its judge reads it. */
export interface Recorded {
  /** By pod's UID, container and restart: `UID/NAME/0`. */
  readonly logs: ReadonlyMap<string, RecordedLog>;
  /** By UID, in order. */
  readonly states: ReadonlyMap<string, readonly RecordedState[]>;
  /** By type, e.g. `pods`. */
  readonly gaps: ReadonlyMap<string, readonly Interval[]>;
  readonly notes: readonly string[];
}

export function readStory({ head, timeline }: ReadStory): Recorded {
  const { objects, containers } = head;
  const logs = containers.map((container) => ({ container, log: logOf(head.gaps, container.ledger) }));
  const states = objects.map((): RecordedState[] => []);
  const notes: string[] = [];
  for (const entry of timeline) {
    if (entry.type === 'log') logs[entry.container]?.log.lines.push(`${entry.time} ${entry.line}`);
    if (entry.type === 'note') notes.push(entry.text);
    if (entry.type !== 'object') continue;
    const known = states[entry.object];
    const { resourceVersion, state, action, patch = [] } = entry;
    // A deletion that nobody saw is told with the last known state once more.
    if (action !== 'deletedUnseen')
      known?.push({ resourceVersion, action, state: state ?? applyPatch(known.at(-1)?.state, patch) });
  }
  return {
    logs: new Map(
      logs.map(({ container, log }) => [
        `${objects[container.object]?.uid}/${container.name}/${container.restart}`,
        log,
      ]),
    ),
    states: new Map(objects.map(({ uid }, at) => [uid, states[at] ?? []])),
    gaps: gapsOfTypes(head.gaps),
    notes,
  };
}

function logOf(gaps: readonly StoryGap[], ledger: StoryLedger) {
  const own = ledger.gaps.flatMap((index) => gaps[index] ?? []);
  const isMissing = own.some(({ cause, evidence }) => cause !== 'damaged' && !evidence.includes(UNTOLD));
  const isOfStream = !ledger.routes.includes('node-files');
  const isProven = ledger.end === 'proven';
  return { lines: [] as string[], gaps: own.map(intervalOf), isMissing, isProven, isOfStream };
}

const UNTOLD = 'how many the node keeps is not known';

function gapsOfTypes(gaps: readonly StoryGap[]): ReadonlyMap<string, readonly Interval[]> {
  const byType = new Map<string, Interval[]>();
  for (const gap of gaps) {
    if (!('resource' in gap.of) || typeof gap.of.resource !== 'string') continue;
    byType.set(gap.of.resource, [...(byType.get(gap.of.resource) ?? []), intervalOf(gap)]);
  }
  return byType;
}

function intervalOf({ from, to }: StoryGap): Interval {
  return { from: millisecondsOf(from as Timestamp), to: millisecondsOf(to as Timestamp) };
}
