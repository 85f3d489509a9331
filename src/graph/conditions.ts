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
  return listOf(path(object, 'status', 'conditions')).flatMap((condition) => {
    const type = textOf(field(condition, 'type'));
    const status = field(condition, 'status');
    if (type === undefined || (status !== 'True' && status !== 'False' && status !== 'Unknown')) return [];
    return {
      type,
      status,
      reason: textOf(field(condition, 'reason')) ?? '',
      message: textOf(field(condition, 'message')) ?? '',
      lastTransitionTime: textOf(field(condition, 'lastTransitionTime')),
      lastUpdateTime: textOf(field(condition, 'lastUpdateTime')),
      observedGeneration: numberOf(field(condition, 'observedGeneration')),
    };
  });
}

export function conditionOf(object: KubeObject, type: string): Condition | undefined {
  return conditionsOf(object).find((condition) => condition.type === type);
}

/** A condition as a sentence: its message, else its reason. */
export function explain({ type, status, reason, message }: Condition): string {
  return message || reason || `condition ${type} is ${status}`;
}
