import { type LifecycleChange, lifecycleOf } from '../graph/lifecycle.ts';
import type { Transition } from '../graph/transition.ts';
import { instancesOf } from '../logs/instances.ts';
import type { ContainerInstance, InstanceState } from '../model/instance.ts';
import type { KubeObject } from '../model/resource.ts';
import type { Timestamp } from '../model/time.ts';
import { given } from './containers.ts';

/** What a change of an object means, as a lifecycle entry tells it. */
export interface ToldChange {
  readonly what: LifecycleChange['what'];
  /** The moment that the object's status itself states. */
  readonly time: Timestamp | undefined;
  /** The run that it is about. */
  readonly run: ContainerInstance | undefined;
  /** What the entry says beside its time, its object and the index of its run. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** The lifecycle entries that a state of an object brings, after the state before; `instances` tells those of a pod state. */
export function changesOf(
  transition: Transition,
  instances: (pod: KubeObject) => readonly InstanceState[] = instancesOf,
): readonly ToldChange[] {
  return lifecycleOf(transition, instances).map((change) => {
    const { time, ...rest } = change;
    const { container, ...details } = { container: undefined, ...rest };
    const run = 'restart' in change ? instanceOf(transition, change.container, change.restart) : undefined;
    return { what: change.what, time, run, details: { ...details, ...given('containerName', container) } };
  });
}

function instanceOf({ current }: Transition, container: string, restart: number): ContainerInstance {
  const { uid, name, namespace = '' } = current.metadata;
  return { podUid: uid, namespace, pod: name, container, restart };
}
