import { readinessOf } from '../../graph/readiness.ts';
import { isToldToEnd } from '../../graph/told-to-end.ts';
import { groupKindOf } from '../../graph/transition.ts';
import { containerStatusesOf } from '../../model/container-statuses.ts';
import { field, listOf, numberOf, path, textOf } from '../../model/fields.ts';
import type { KubeObject } from '../../model/resource.ts';
import type { Tone } from './line.ts';

/** What an object or a container is at in a few words, and how good that is. */
export interface State {
  readonly text: string;
  readonly tone: Extract<Tone, 'good' | 'busy' | 'bad' | 'dim'>;
}

/** One container of a pod as the tree shows it. */
export interface ContainerView {
  readonly name: string;
  readonly kind: string;
  readonly restarts: number;
  readonly state: State;
}

export function stateOf(object: KubeObject, isDeleted: boolean): State {
  if (isDeleted) return { text: 'deleted', tone: 'dim' };
  if (groupKindOf(object) === 'Pod') return podState(object);
  const { state, reason } = readinessOf(object);
  switch (state) {
    case 'ready':
      return { text: reason, tone: 'good' };
    case 'failed':
      return { text: reason, tone: 'bad' };
    case 'progressing':
    case 'deleted':
      return { text: reason, tone: 'busy' };
  }
}

/** As `kubectl get pods` says it: the worst of its containers, else its phase, and how many are ready. */
function podState(pod: KubeObject): State {
  const containers = containersOf(pod).filter(({ kind }) => kind !== 'ephemeral');
  const wanted = listOf(path(pod, 'spec', 'containers')).length;
  const readyCount = listOf(path(pod, 'status', 'containerStatuses')).filter(
    (status) => field(status, 'ready') === true,
  ).length;
  const count = `${readyCount}/${wanted}`;
  const phase = textOf(path(pod, 'status', 'phase')) ?? 'Pending';
  if (pod.metadata.deletionTimestamp !== undefined) return { text: `Terminating ${count}`, tone: 'busy' };
  if (phase === 'Succeeded') return { text: 'Succeeded', tone: 'good' };
  if (phase === 'Failed') return { text: textOf(path(pod, 'status', 'reason')) ?? 'Failed', tone: 'bad' };
  const bad = containers.find(({ state }) => state.tone === 'bad');
  if (bad !== undefined) return { text: `${bad.state.text} ${count}`, tone: 'bad' };
  const busy = containers.find(({ state }) => state.tone === 'busy');
  if (phase === 'Pending' && busy !== undefined) return { text: `${busy.state.text} ${count}`, tone: 'busy' };
  return { text: `${phase} ${count}`, tone: phase === 'Running' && readyCount === wanted ? 'good' : 'busy' };
}

/** The containers of a pod, in the order of their statuses. */
export function containersOf(pod: KubeObject): readonly ContainerView[] {
  return containerStatusesOf(pod).map(({ name, kind, status }) => ({
    name,
    kind,
    restarts: numberOf(field(status, 'restartCount')) ?? 0,
    state: containerState(status, isToldToEnd(pod, kind)),
  }));
}

/** Reasons to wait that pass by themselves. */
const PASSING = new Set(['ContainerCreating', 'PodInitializing']);

function containerState(status: unknown, isTold: boolean): State {
  const waiting = path(status, 'state', 'waiting');
  if (waiting !== undefined) {
    const reason = textOf(field(waiting, 'reason')) ?? 'waiting';
    return { text: reason, tone: PASSING.has(reason) ? 'busy' : 'bad' };
  }
  const terminated = path(status, 'state', 'terminated');
  if (terminated !== undefined) {
    const code = numberOf(field(terminated, 'exitCode')) ?? 0;
    const reason = textOf(field(terminated, 'reason')) ?? 'terminated';
    if (code === 0) return { text: reason, tone: 'good' };
    return { text: `${reason} (exit ${code})`, tone: isTold ? 'dim' : 'bad' };
  }
  if (path(status, 'state', 'running') === undefined) return { text: 'waiting', tone: 'busy' };
  return field(status, 'ready') === true
    ? { text: 'running', tone: 'good' }
    : { text: 'running, not ready', tone: 'busy' };
}
