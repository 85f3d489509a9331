import { field, listOf, numberOf, path, textOf } from '../model/fields.ts';
import type { KubeObject } from '../model/resource.ts';

/** One entry of `status.conditions`. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string | undefined;
  /** When it was last written, by the few that say so (Deployments). */
  readonly lastUpdateTime: string | undefined;
  /** The `metadata.generation` that it speaks of, where it says so. */
  readonly observedGeneration: number | undefined;
}

export function conditionsOf(object: KubeObject): readonly Condition[] {
  return listOf(path(object, 'status', 'conditions')).flatMap((entry) => readingOf(entry) ?? []);
}

/** The first of that type. */
export function conditionOf(object: KubeObject, type: string): Condition | undefined {
  for (const entry of listOf(path(object, 'status', 'conditions'))) {
    const condition = field(entry, 'type') === type ? readingOf(entry) : undefined;
    if (condition !== undefined) return condition;
  }
  return undefined;
}

function readingOf(entry: unknown): Condition | undefined {
  const type = textOf(field(entry, 'type'));
  const status = field(entry, 'status');
  if (type === undefined || (status !== 'True' && status !== 'False' && status !== 'Unknown')) return undefined;
  return {
    type,
    status,
    reason: textOf(field(entry, 'reason')) ?? '',
    message: textOf(field(entry, 'message')) ?? '',
    lastTransitionTime: textOf(field(entry, 'lastTransitionTime')),
    lastUpdateTime: textOf(field(entry, 'lastUpdateTime')),
    observedGeneration: numberOf(field(entry, 'observedGeneration')),
  };
}

/** A condition as a sentence: its message, else its reason. */
export function explain({ type, status, reason, message }: Condition): string {
  return message || reason || `condition ${type} is ${status}`;
}
