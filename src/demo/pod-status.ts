import { field, listOf, path, textOf } from '../model/fields.ts';
import type { KubeObject } from '../model/resource.ts';

export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
}

/** A container's status as the pod shows it. */
export interface ContainerStatus {
  readonly name: string;
  readonly image: string;
  restartCount: number;
  ready: boolean;
  started: boolean;
  containerID?: string;
  state: Record<string, unknown>;
  lastState: Record<string, unknown>;
}

/** A container with what its kubelet knows of it. */
export interface RunningContainer {
  readonly spec: ContainerSpec;
  readonly status: ContainerStatus;
}

/** What the kubelet knows of one pod, whether or not it could tell the API server yet. */
export class PodStatus {
  readonly init: readonly RunningContainer[];
  readonly regular: readonly RunningContainer[];

  constructor(pod: KubeObject) {
    this.init = containersOf(pod, 'initContainers');
    this.regular = containersOf(pod, 'containers');
  }

  /** The pod's status as the API server shall show it; `more` are conditions to add. */
  in(pod: KubeObject, now: string, more: readonly object[]): object {
    const regular = this.regular.map(({ status }) => status);
    const isReady = regular.every(({ ready }) => ready);
    const isRunning = regular.some(({ started, restartCount }) => started || restartCount > 0);
    const conditions = listOf(path(pod, 'status', 'conditions'));
    const known = conditions.filter((condition) => field(condition, 'type') !== 'Ready');
    const was = conditions.find((condition) => field(condition, 'type') === 'Ready');
    const status = isReady ? 'True' : 'False';
    const ready = field(was, 'status') === status ? was : { type: 'Ready', status, lastTransitionTime: now };
    return {
      phase: isRunning ? 'Running' : 'Pending',
      conditions: [...known, ...more, ready],
      initContainerStatuses: structuredClone(this.init.map((container) => container.status)),
      containerStatuses: structuredClone(regular),
    };
  }
}

function containersOf(pod: KubeObject, list: string): readonly RunningContainer[] {
  return listOf(path(pod, 'spec', list)).map((container) => {
    const spec = { name: textOf(field(container, 'name')) ?? '', image: textOf(field(container, 'image')) ?? '' };
    const state = { waiting: { reason: 'ContainerCreating' } };
    return { spec, status: { ...spec, restartCount: 0, ready: false, started: false, state, lastState: {} } };
  });
}
