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
    const conditions = listOf(path(pod, 'status', 'conditions'));
    const known = conditions.filter((condition) => field(condition, 'type') !== 'Ready');
    const was = conditions.find((condition) => field(condition, 'type') === 'Ready');
    const status = isReady ? 'True' : 'False';
    const ready = field(was, 'status') === status ? was : { type: 'Ready', status, lastTransitionTime: now };
    return {
      phase: phaseOf(pod, regular),
      conditions: [...known, ...more, ready],
      initContainerStatuses: this.init.map(({ status }) => ({ ...status })),
      containerStatuses: regular.map((container) => ({ ...container })),
    };
  }
}

/**
 * As the kubelet's own getPhase: a pod whose container waits to be started again has started, and runs. Init containers
 * that have not ended leave the others waiting. Nothing is started again in a pod that is being deleted.
 */
function phaseOf(pod: KubeObject, statuses: readonly ContainerStatus[]): string {
  const hasEnded = ({ state, lastState }: ContainerStatus) =>
    'terminated' in state || ('waiting' in state && 'terminated' in lastState);
  const isLeaving = pod.metadata.deletionTimestamp !== undefined;
  if (statuses.some((status) => 'waiting' in status.state && !hasEnded(status)))
    return isLeaving ? 'Failed' : 'Pending';
  if (!statuses.every(hasEnded)) return 'Running';
  const restartPolicy = isLeaving ? 'Never' : (textOf(path(pod, 'spec', 'restartPolicy')) ?? 'Always');
  if (restartPolicy === 'Always') return 'Running';
  if (statuses.every(({ state }) => path(state, 'terminated', 'exitCode') === 0)) return 'Succeeded';
  return restartPolicy === 'Never' ? 'Failed' : 'Running';
}

function containersOf(pod: KubeObject, list: string): readonly RunningContainer[] {
  return listOf(path(pod, 'spec', list)).map((container) => {
    const spec = { name: textOf(field(container, 'name')) ?? '', image: textOf(field(container, 'image')) ?? '' };
    const state = { waiting: { reason: 'ContainerCreating' } };
    return { spec, status: { ...spec, restartCount: 0, ready: false, started: false, state, lastState: {} } };
  });
}
