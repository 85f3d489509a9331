import type { Timestamp } from '../model/time.ts';
import { conditionsOf } from './conditions.ts';
import { groupKindOf, type Transition, timeOf } from './transition.ts';

/** A condition of any kind of object began to hold, or ceased to. */
export interface ConditionChange {
  readonly what: 'condition';
  readonly time: Timestamp | undefined;
  readonly condition: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

/** Conditions that another change tells better. */
const TOLD: Readonly<Record<string, ReadonlySet<string>>> = {
  Pod: new Set(['PodScheduled', 'Ready', 'DisruptionTarget']),
  'Deployment.apps': new Set(['Progressing']),
  'Job.batch': new Set(['Complete', 'Failed', 'Suspended']),
};

/** Transitions of `status.conditions`. */
export function conditionChanges({ previous, current }: Transition): ConditionChange[] {
  const told = TOLD[groupKindOf(current)];
  const before = new Map(
    (previous === undefined ? [] : conditionsOf(previous)).map(({ type, status }) => [type, status]),
  );
  return conditionsOf(current).flatMap(({ type, status, reason, message, lastTransitionTime }) => {
    const known = before.get(type);
    // A condition that begins as not true tells only that the object is new.
    const isNews = known === undefined ? status === 'True' : known !== status;
    if (!isNews || told?.has(type) === true) return [];
    return { what: 'condition', condition: type, status, reason, message, time: timeOf(lastTransitionTime) };
  });
}
