import { field, listOf, path, textOf } from '../model/fields.ts';
import type { ContainerKind, InstanceState } from '../model/instance.ts';
import type { KubeObject } from '../model/resource.ts';
import type { Timestamp } from '../model/time.ts';
import type { Transition } from './lifecycle.ts';

/** What happened to a container of a pod. */
export type ContainerChange = {
  readonly container: string;
  readonly containerKind: ContainerKind;
  readonly time: Timestamp | undefined;
} & (
  | { readonly what: 'started'; readonly restart: number }
  | { readonly what: 'restarted'; readonly restart: number }
  | { readonly what: 'ready' | 'unready' }
  | { readonly what: 'waiting'; readonly reason: string; readonly message: string }
  | {
      readonly what: 'terminated';
      readonly restart: number;
      readonly exitCode: number | undefined;
      readonly signal: number | undefined;
      readonly reason: string;
      readonly isOutOfMemory: boolean;
    }
);

/** Waiting states through which every container goes. */
const ORDINARY_WAITS = new Set(['ContainerCreating', 'PodInitializing']);

/** Compares two states of a pod container by container, instance by instance. */
export function containerChanges(
  { previous, current }: Transition,
  instancesOf: (pod: KubeObject) => readonly InstanceState[],
): ContainerChange[] {
  const before = new Map((previous === undefined ? [] : instancesOf(previous)).map((state) => [keyOf(state), state]));
  const runs = instancesOf(current).flatMap((state) => instanceChanges(before.get(keyOf(state)), state));
  return [...runs, ...statusChanges(previous, current)];
}

function keyOf({ instance }: InstanceState): string {
  return `${instance.container}/${instance.restart}`;
}

function instanceChanges(before: InstanceState | undefined, state: InstanceState): ContainerChange[] {
  const changes: ContainerChange[] = [];
  const { instance, kind, startedAt } = state;
  const container = { container: instance.container, containerKind: kind };
  const { restart } = instance;
  if (before === undefined && startedAt !== undefined)
    changes.push({ what: restart === 0 ? 'started' : 'restarted', restart, time: startedAt, ...container });
  if (state.state === 'terminated' && before?.state !== 'terminated') {
    const { exitCode, signal, reason = '', finishedAt } = state;
    const isOutOfMemory = reason === 'OOMKilled';
    changes.push({
      what: 'terminated',
      restart,
      exitCode,
      signal,
      reason,
      isOutOfMemory,
      time: finishedAt,
      ...container,
    });
  }
  return changes;
}

/** Readiness and waiting belong to the container, not to one of its runs. */
function statusChanges(previous: KubeObject | undefined, current: KubeObject): ContainerChange[] {
  const kinds = {
    initContainerStatuses: 'init',
    containerStatuses: 'regular',
    ephemeralContainerStatuses: 'ephemeral',
  } as const;
  return Object.entries(kinds).flatMap(([name, containerKind]) => {
    const before = statusesByName(previous, name);
    return [...statusesByName(current, name)].flatMap(([container, status]) =>
      oneStatus(before.get(container), status, { container, containerKind, time: undefined }),
    );
  });
}

function oneStatus(
  before: unknown,
  status: unknown,
  base: { readonly container: string; readonly containerKind: ContainerKind; readonly time: undefined },
): ContainerChange[] {
  const changes: ContainerChange[] = [];
  const isReady = field(status, 'ready') === true;
  if (base.containerKind === 'regular' && isReady !== (field(before, 'ready') === true))
    changes.push({ what: isReady ? 'ready' : 'unready', ...base });
  const reason = textOf(path(status, 'state', 'waiting', 'reason'));
  if (
    reason === undefined ||
    ORDINARY_WAITS.has(reason) ||
    reason === textOf(path(before, 'state', 'waiting', 'reason'))
  )
    return changes;
  const message = textOf(path(status, 'state', 'waiting', 'message')) ?? '';
  return [...changes, { what: 'waiting', reason, message, ...base }];
}

function statusesByName(pod: KubeObject | undefined, name: string): ReadonlyMap<string, unknown> {
  return new Map(listOf(path(pod, 'status', name)).map((status) => [textOf(field(status, 'name')) ?? '', status]));
}
