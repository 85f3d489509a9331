import { path, textOf } from '../model/fields.ts';
import type { InstanceState } from '../model/instance.ts';
import type { ObjectAction } from '../model/record.ts';
import { groupOf, type KubeObject } from '../model/resource.ts';
import { parseTimestamp, type Timestamp } from '../model/time.ts';
import { conditionsOf, explain } from './conditions.ts';
import { type ContainerChange, containerChanges } from './container-changes.ts';
import { type RolloutChange, rolloutChanges } from './rollout.ts';

/** What a change of an object means, in a word, with its own time where the state carries one. */
export type LifecycleChange =
  | ({ readonly time: Timestamp | undefined } & (
      | { readonly what: 'deletionRequested' | 'deleted' }
      | { readonly what: 'ownerAdopted' | 'ownerOrphaned'; readonly owner: string }
      | { readonly what: 'scheduled'; readonly node: string }
      | { readonly what: 'phase'; readonly from: string; readonly to: string; readonly reason?: string }
      | { readonly what: 'condition'; readonly condition: string; readonly status: string; readonly message: string }
    ))
  | ContainerChange
  | RolloutChange;

/** A state of an object with the one before it. */
export interface Transition {
  /** undefined for the first state in the story. */
  readonly previous: KubeObject | undefined;
  readonly current: KubeObject;
  readonly action: ObjectAction;
}

/**
 * Everything that a change means: Events tell some of it too, but they may be dropped at their source, and expire.
 * Of an object that is found at the start, what it already went through is told as far as its state still says so.
 * `instances` tells the container instances of a pod state. Pure.
 */
export function lifecycleOf(
  transition: Transition,
  instances: (pod: KubeObject) => readonly InstanceState[],
): readonly LifecycleChange[] {
  const { current } = transition;
  if (transition.action === 'deleted' || transition.action === 'deletedUnseen') {
    const last = isPod(current) ? containerChanges(transition, instances) : [];
    return [...last, { what: 'deleted', time: undefined }];
  }
  return [
    ...ownerChanges(transition),
    ...(isPod(current)
      ? [...podChanges(transition), ...containerChanges(transition, instances)]
      : rolloutChanges(transition)),
    ...conditionChanges(transition),
    ...deletionRequest(transition),
  ];
}

function isPod(object: KubeObject): boolean {
  return object.kind === 'Pod' && groupOf(object.apiVersion) === '';
}

function ownerChanges({ previous, current }: Transition): LifecycleChange[] {
  if (previous === undefined) return [];
  const before = previous.metadata.ownerReferences ?? [];
  const after = current.metadata.ownerReferences ?? [];
  const name = (owner: { kind: string; name: string }) => `${owner.kind}/${owner.name}`;
  return [
    ...after
      .filter(({ uid }) => !before.some((owner) => owner.uid === uid))
      .map((owner) => ({ what: 'ownerAdopted' as const, owner: name(owner), time: undefined })),
    ...before
      .filter(({ uid }) => !after.some((owner) => owner.uid === uid))
      .map((owner) => ({ what: 'ownerOrphaned' as const, owner: name(owner), time: undefined })),
  ];
}

function deletionRequest({ previous, current }: Transition): LifecycleChange[] {
  const { deletionTimestamp } = current.metadata;
  if (deletionTimestamp === undefined || previous?.metadata.deletionTimestamp !== undefined) return [];
  // deletionTimestamp lies in the future by the grace period, so it is no time of what happened.
  return [{ what: 'deletionRequested', time: undefined }];
}

function podChanges({ previous, current }: Transition): LifecycleChange[] {
  const changes: LifecycleChange[] = [];
  const node = textAt(current, 'spec', 'nodeName');
  if (node !== undefined && textAt(previous, 'spec', 'nodeName') === undefined)
    changes.push({ what: 'scheduled', node, time: conditionTime(current, 'PodScheduled') });
  const from = textAt(previous, 'status', 'phase') ?? '';
  const to = textAt(current, 'status', 'phase') ?? '';
  const reason = textAt(current, 'status', 'reason');
  if (from !== to && to !== '')
    changes.push({ what: 'phase', from, to, time: undefined, ...(reason === undefined ? {} : { reason }) });
  return changes;
}

/** Conditions that say nothing which another change does not say better. */
const SILENT_CONDITIONS = new Set(['PodScheduled', 'Progressing', 'Available']);

function conditionChanges({ previous, current }: Transition): LifecycleChange[] {
  const before = previous === undefined ? [] : conditionsOf(previous);
  return conditionsOf(current).flatMap((condition) => {
    const { type, status } = condition;
    const known = before.find((other) => other.type === type);
    // A condition that begins as not true tells only that the object is new.
    const isNews = known === undefined ? status === 'True' : known.status !== status;
    if (!isNews || SILENT_CONDITIONS.has(type)) return [];
    return {
      what: 'condition' as const,
      condition: type,
      status,
      message: explain(condition),
      time: timeOf(condition.lastTransitionTime),
    };
  });
}

function conditionTime(object: KubeObject, type: string): Timestamp | undefined {
  return timeOf(conditionsOf(object).find((condition) => condition.type === type)?.lastTransitionTime);
}

function timeOf(text: string | undefined): Timestamp | undefined {
  return text === undefined ? undefined : parseTimestamp(text);
}

function textAt(object: KubeObject | undefined, ...names: readonly string[]): string | undefined {
  return textOf(path(object, ...names));
}
