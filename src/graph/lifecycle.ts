import { isDeletion } from '../model/action.ts';
import { deletionRequestOf } from '../model/deletion.ts';
import type { InstanceState } from '../model/instance.ts';
import type { KubeObject, OwnerReference } from '../model/resource.ts';
import type { Timestamp } from '../model/time.ts';
import { type ConditionChange, conditionChanges } from './condition-changes.ts';
import { type ContainerChange, containerChanges } from './container-changes.ts';
import { type JobChange, jobChanges } from './job-changes.ts';
import { type PodChange, podChanges } from './pod-changes.ts';
import { type RolloutChange, rolloutChanges } from './rollout.ts';
import { groupKindOf, type Transition } from './transition.ts';

/**
 * What a change of an object means, in a word (`what`) with what belongs to it. `time` is the moment that the object's
 * status itself states, in whole seconds as Kubernetes does; undefined where it states none: then it is the state's.
 */
export type LifecycleChange = ObjectChange | PodChange | ContainerChange | RolloutChange | JobChange | ConditionChange;

/** What can happen to an object of any kind. */
export type ObjectChange = { readonly time: Timestamp | undefined } & (
  | { readonly what: 'deletionRequested'; readonly gracePeriodSeconds: number }
  | { readonly what: 'deleted' }
  /** `owner` is `Kind/name`. */
  | { readonly what: 'ownerAdopted' | 'ownerOrphaned'; readonly owner: string }
);

/**
 * Everything that a change means: Events tell some of it too, but they may be dropped at their source, and expire.
 * Of an object's first state, what it already went through is told as far as the state still says so; what needs two
 * states, as that it was scaled, is not. `instances` tells the container instances of a pod state. Pure.
 */
export function lifecycleOf(
  transition: Transition,
  instances: (pod: KubeObject) => readonly InstanceState[],
): readonly LifecycleChange[] {
  const isGone = isDeletion(transition.action);
  return [
    ...ownerChanges(transition),
    ...kindChanges(transition, instances),
    ...conditionChanges(transition),
    ...(isGone ? [{ what: 'deleted' as const, time: undefined }] : deletionRequest(transition)),
  ];
}

function kindChanges(
  transition: Transition,
  instances: (pod: KubeObject) => readonly InstanceState[],
): LifecycleChange[] {
  if (groupKindOf(transition.current) !== 'Pod') return [...rolloutChanges(transition), ...jobChanges(transition)];
  return [...podChanges(transition), ...containerChanges(transition, instances)];
}

function ownerChanges({ previous, current }: Transition): ObjectChange[] {
  if (previous === undefined) return [];
  const [before, after] = [previous, current].map(({ metadata }) => metadata.ownerReferences ?? []);
  const change = (what: 'ownerAdopted' | 'ownerOrphaned') => (owner: OwnerReference) =>
    ({ what, owner: `${owner.kind}/${owner.name}`, time: undefined }) as const;
  return [
    ...without(after, before).map(change('ownerAdopted')),
    ...without(before, after).map(change('ownerOrphaned')),
  ];
}

function without(owners: readonly OwnerReference[] = [], others: readonly OwnerReference[] = []): OwnerReference[] {
  return owners.filter(({ uid }) => !others.some((other) => other.uid === uid));
}

function deletionRequest({ previous, current }: Transition): ObjectChange[] {
  const request = deletionRequestOf(current.metadata);
  if (request === undefined || previous?.metadata.deletionTimestamp !== undefined) return [];
  return [{ what: 'deletionRequested', ...request }];
}
