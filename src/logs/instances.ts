import { containerStatusesOf, type NamedStatus } from '../model/container-statuses.ts';
import { field, numberOf, path, textOf } from '../model/fields.ts';
import type { InstanceState } from '../model/instance.ts';
import type { KubeObject } from '../model/resource.ts';
import { parseTimestamp, type Timestamp } from '../model/time.ts';

/**
 * Every container instance that a pod state proves to exist, the older of a container first, read as the kubelet's
 * `convertToAPIContainerStatuses` and `TerminatePod` write it. `restartCount` is the number N of the newest container's
 * log file `N.log`: while it runs, and after it ended until the next one is created. `lastState` is the one before it,
 * or, while it waits to be replaced, itself: the container ID tells. What was never created is no instance.
 */
export function instancesOf(pod: KubeObject): readonly InstanceState[] {
  return containerStatusesOf(pod).flatMap((named) => instancesIn(readingOf(pod, named)));
}

/** One container's status, taken apart. */
interface Reading {
  readonly pod: KubeObject;
  readonly named: NamedStatus;
  readonly restart: number;
  /** ID of the newest container that was created. */
  readonly id: string | undefined;
  readonly running: unknown;
  readonly terminated: unknown;
  readonly waitReason: string | undefined;
  readonly last: unknown;
}

function readingOf(pod: KubeObject, named: NamedStatus): Reading {
  const { status } = named;
  return {
    pod,
    named,
    restart: numberOf(field(status, 'restartCount')) ?? 0,
    id: textOf(field(status, 'containerID')),
    running: path(status, 'state', 'running'),
    terminated: path(status, 'state', 'terminated'),
    waitReason: textOf(path(status, 'state', 'waiting', 'reason')),
    last: path(status, 'lastState', 'terminated'),
  };
}

function instancesIn(reading: Reading): InstanceState[] {
  const { restart, id, running, terminated, last } = reading;
  if (running !== undefined)
    return [...beforeNewest(reading), make(reading, 'running', { restart, id, from: running })];
  if (terminated !== undefined && !isLost(terminated))
    return [...beforeNewest(reading), make(reading, 'terminated', { restart, id, from: terminated })];
  // While nothing runs, lastState is the newest container, unless another one was created after it.
  if (last !== undefined && (id === undefined || id === idOf(last)))
    return [make(reading, 'terminated', { restart: restartOfLast(reading), id, from: last })];
  if (id === undefined) return [];
  // Created but not started yet; or lost by the kubelet, so that how it ended is unknown.
  const state = terminated === undefined ? 'waiting' : 'terminated';
  return [...beforeNewest(reading), make(reading, state, { restart, id, from: terminated })];
}

/** The instance before the newest one; none where `lastState` repeats the newest, or restarts were counted anew. */
function beforeNewest(reading: Reading): InstanceState[] {
  const { restart, id, last } = reading;
  if (last === undefined || restart === 0) return [];
  if (id !== undefined && id === idOf(last)) return [];
  return [make(reading, 'terminated', { restart: restart - 1, id: undefined, from: last })];
}

/** What the kubelet writes where it lost a container: an end without times and ID. */
const LOST_REASONS = new Set(['ContainerStatusUnknown', 'RestartingAllContainers']);
/** The kubelet's words for a container that it does not find in the runtime. */
const NOT_FOUND_WAITS = new Set(['ContainerCreating', 'PodInitializing']);

/** Which instance `lastState` tells of while none runs: without a container the count may be ahead of it by one. */
function restartOfLast({ pod, restart, id, last, waitReason = '' }: Reading): number {
  if (id !== undefined || restart === 0) return restart;
  // One that ran when it was lost has no end of its own: lastState still tells of the one before.
  if (!isLost(last)) return NOT_FOUND_WAITS.has(waitReason) ? restart - 1 : restart;
  // A lost container counts as restarted at once, unless its pod is being deleted.
  const isLeaving = pod.metadata.deletionTimestamp !== undefined;
  return isLeaving && field(last, 'reason') === 'ContainerStatusUnknown' ? restart : restart - 1;
}

function isLost(terminated: unknown): boolean {
  return idOf(terminated) === undefined && LOST_REASONS.has(textOf(field(terminated, 'reason')) ?? '');
}

function idOf(details: unknown): string | undefined {
  return textOf(field(details, 'containerID'));
}

function make(
  { pod, named }: Reading,
  state: InstanceState['state'],
  { restart, id, from }: { readonly restart: number; readonly id: string | undefined; readonly from: unknown },
): InstanceState {
  const { uid, name, namespace = '' } = pod.metadata;
  return {
    instance: { podUid: uid, namespace, pod: name, container: named.name, restart },
    kind: named.kind,
    containerID: idOf(from) ?? id,
    state,
    startedAt: timeOf(field(from, 'startedAt')),
    finishedAt: timeOf(field(from, 'finishedAt')),
    exitCode: numberOf(field(from, 'exitCode')),
    signal: numberOf(field(from, 'signal')),
    reason: textOf(field(from, 'reason')),
  };
}

/** The runtime's zero time stands for a container that could not be started. */
function timeOf(value: unknown): Timestamp | undefined {
  const time = typeof value === 'string' ? parseTimestamp(value) : undefined;
  return time?.startsWith('1970-01-01T') === true ? undefined : time;
}
