import { containerStatusesOf, type NamedStatus } from '../model/container-statuses.ts';
import { field, path, textOf } from '../model/fields.ts';
import type { ContainerKind, InstanceState } from '../model/instance.ts';
import type { KubeObject } from '../model/resource.ts';
import type { Timestamp } from '../model/time.ts';
import type { Transition } from './transition.ts';

/** What happened to a container of a pod; with `restart`, to one run of it. */
export type ContainerChange = {
  readonly container: string;
  readonly containerKind: ContainerKind;
  readonly time: Timestamp | undefined;
} & (
  | { readonly what: 'started'; readonly restart: number; readonly containerID: string | undefined }
  | {
      readonly what: 'restarted';
      readonly restart: number;
      /** The newest run that was known before; runs between the two were never seen. */
      readonly from: number | undefined;
      readonly containerID: string | undefined;
    }
  | { readonly what: 'ready' | 'unready' }
  | { readonly what: 'waiting'; readonly reason: string; readonly message: string }
  | {
      readonly what: 'terminated';
      readonly restart: number;
      readonly containerID: string | undefined;
      /** undefined where the container could not be started. */
      readonly startedAt: Timestamp | undefined;
      readonly exitCode: number | undefined;
      readonly signal: number | undefined;
      readonly reason: string;
      readonly isOutOfMemory: boolean;
    }
);

/** Compares two states of a pod container by container, instance by instance. */
export function containerChanges(
  { previous, current }: Transition,
  instancesOf: (pod: KubeObject) => readonly InstanceState[],
): ContainerChange[] {
  const before = previous === undefined ? [] : instancesOf(previous);
  return [...runChanges(before, recognised(before, instancesOf(current))), ...statusChanges(previous, current)];
}

/**
 * A container ID belongs to one run for good: where a status alone leaves open which run its `lastState` tells of, the
 * state before may have told.
 */
function recognised(before: readonly InstanceState[], states: readonly InstanceState[]): readonly InstanceState[] {
  const known = new Map(before.flatMap((state) => (state.containerID === undefined ? [] : [[idKey(state), state]])));
  return states.map((state) => {
    const instance = known.get(idKey(state))?.instance;
    return instance === undefined || instance.restart === state.instance.restart ? state : { ...state, instance };
  });
}

function runChanges(before: readonly InstanceState[], states: readonly InstanceState[]): ContainerChange[] {
  const known = new Map(before.map((state) => [runKey(state), state]));
  const newest = new Map<string, number>();
  const see = ({ instance: { container, restart } }: InstanceState) =>
    newest.set(container, Math.max(restart, newest.get(container) ?? 0));
  before.forEach(see);
  return states.flatMap((state) => {
    const changes = changesOfRun(known.get(runKey(state)), state, newest.get(state.instance.container));
    see(state);
    return changes;
  });
}

function changesOfRun(before: InstanceState | undefined, state: InstanceState, from: number | undefined) {
  const changes: ContainerChange[] = [];
  const { instance, kind, containerID, startedAt } = state;
  const { restart } = instance;
  const run = { container: instance.container, containerKind: kind, containerID, restart };
  if (before?.startedAt === undefined && startedAt !== undefined) {
    if (restart === 0) changes.push({ what: 'started', ...run, time: startedAt });
    else changes.push({ what: 'restarted', ...run, from, time: startedAt });
  }
  if (state.state === 'terminated' && before?.state !== 'terminated') {
    const { exitCode, signal, reason = '', finishedAt: time } = state;
    const isOutOfMemory = reason === 'OOMKilled';
    changes.push({ what: 'terminated', ...run, startedAt, exitCode, signal, reason, isOutOfMemory, time });
  }
  return changes;
}

function runKey({ instance: { container, restart } }: InstanceState): string {
  return `${container}/${restart}`;
}

function idKey({ instance: { container }, containerID = '' }: InstanceState): string {
  return `${container}/${containerID}`;
}

/** Readiness and waiting belong to the container, not to one of its runs. */
function statusChanges(previous: KubeObject | undefined, current: KubeObject): ContainerChange[] {
  const before = new Map(
    (previous === undefined ? [] : containerStatusesOf(previous)).map(({ name, status }) => [name, status]),
  );
  return containerStatusesOf(current).flatMap((named) => [
    ...readyChange(before.get(named.name), named),
    ...waitingChange(before.get(named.name), named),
  ]);
}

/** `ready` of an init or an ephemeral container does not tell whether it serves. */
function readyChange(before: unknown, { name, kind, status }: NamedStatus): ContainerChange[] {
  const isReady = field(status, 'ready') === true;
  if ((kind !== 'regular' && kind !== 'sidecar') || isReady === (field(before, 'ready') === true)) return [];
  return [{ what: isReady ? 'ready' : 'unready', container: name, containerKind: kind, time: undefined }];
}

/** Waiting states through which every container goes. */
const ORDINARY_WAITS = new Set(['ContainerCreating', 'PodInitializing']);

function waitingChange(before: unknown, { name, kind, status }: NamedStatus): ContainerChange[] {
  const waiting = path(status, 'state', 'waiting');
  const reason = textOf(field(waiting, 'reason'));
  if (reason === undefined || ORDINARY_WAITS.has(reason)) return [];
  if (reason === textOf(path(before, 'state', 'waiting', 'reason'))) return [];
  const message = textOf(field(waiting, 'message')) ?? '';
  return [{ what: 'waiting', reason, message, container: name, containerKind: kind, time: undefined }];
}
