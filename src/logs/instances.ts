import { containerStatusesOf, type NamedStatus } from '../model/container-statuses.ts';
import { field, numberOf, path, textOf } from '../model/fields.ts';
import type { InstanceState } from '../model/instance.ts';
import type { KubeObject } from '../model/resource.ts';
import { parseTimestamp, type Timestamp } from '../model/time.ts';

/**
 * Every container instance that a pod state proves to exist, the older of a container first; by the kubelet's
 * `convertToAPIContainerStatuses` and `TerminatePod`. `restartCount` is the number N of the newest container's log file
 * `N.log`: while it runs, and after it ended until the next one is created. `lastState` is the one before it, or, while
 * it waits to be replaced, itself: the container ID tells. A container that was never created is no instance.
 */
export function instancesOf(pod: KubeObject): readonly InstanceState[] {
  return containerStatusesOf(pod).flatMap((named) => new StatusReading(pod, named).instances());
}

/** What the kubelet writes where it lost a container: an end without times and ID. */
const LOST_REASONS = new Set(['ContainerStatusUnknown', 'RestartingAllContainers']);
/** The kubelet's own words for a container that it does not find in the runtime. */
const NOT_FOUND_WAITS = new Set(['ContainerCreating', 'PodInitializing']);

/** One container's status on its way to instances. */
class StatusReading {
  readonly #pod: KubeObject;
  readonly #named: NamedStatus;
  readonly #restart: number;
  readonly #id: string | undefined;
  readonly #last: unknown;

  constructor(pod: KubeObject, named: NamedStatus) {
    this.#pod = pod;
    this.#named = named;
    this.#restart = numberOf(field(named.status, 'restartCount')) ?? 0;
    this.#id = textOf(field(named.status, 'containerID'));
    this.#last = path(named.status, 'lastState', 'terminated');
  }

  instances(): InstanceState[] {
    const running = path(this.#named.status, 'state', 'running');
    if (running !== undefined) return [...this.#before(), this.#make('running', running)];
    const terminated = path(this.#named.status, 'state', 'terminated');
    if (terminated !== undefined && !isLost(terminated)) return [...this.#before(), this.#make('terminated', terminated)];
    if (this.#isNewestLast()) return this.#newestInLast();
    // Created but not started yet; or lost by the kubelet, so that how it ended is unknown.
    if (this.#id === undefined) return this.#before();
    return [...this.#before(), this.#make(terminated === undefined ? 'waiting' : 'terminated', terminated)];
  }

  /** The instance before the newest one; none where `lastState` repeats the newest, or restarts were counted anew. */
  #before(): InstanceState[] {
    if (this.#last === undefined || this.#restart === 0) return [];
    const id = idOf(this.#last);
    if (id !== undefined && id === this.#id) return [];
    return [this.#make('terminated', this.#last, this.#restart - 1)];
  }

  /** While nothing runs, `lastState` is the newest container, unless another one was created after it. */
  #isNewestLast(): boolean {
    return this.#last !== undefined && (this.#id === undefined || this.#id === idOf(this.#last));
  }

  #newestInLast(): InstanceState[] {
    return [this.#make('terminated', this.#last, this.#restart - (this.#isCountedAlready() ? 1 : 0))];
  }

  /** Without a container in the runtime the count may be ahead of the instance that `lastState` tells of. */
  #isCountedAlready(): boolean {
    if (this.#id !== undefined || this.#restart === 0) return false;
    // A lost container is counted as restarted at once, unless its pod is being deleted.
    if (isLost(this.#last)) return !this.#isLeaving();
    // One that ran when it was lost has no end of its own: then `lastState` still tells of the one before.
    return NOT_FOUND_WAITS.has(textOf(path(this.#named.status, 'state', 'waiting', 'reason')) ?? '');
  }

  #isLeaving(): boolean {
    const isRestart = field(this.#last, 'reason') === 'RestartingAllContainers';
    return !isRestart && this.#pod.metadata.deletionTimestamp !== undefined;
  }

  #make(state: InstanceState['state'], details: unknown, restart = this.#restart): InstanceState {
    const { uid, name, namespace = '' } = this.#pod.metadata;
    return {
      instance: { podUid: uid, namespace, pod: name, container: this.#named.name, restart },
      kind: this.#named.kind,
      containerID: idOf(details) ?? (details === this.#last ? undefined : this.#id),
      state,
      startedAt: timeOf(field(details, 'startedAt')),
      finishedAt: timeOf(field(details, 'finishedAt')),
      exitCode: numberOf(field(details, 'exitCode')),
      signal: numberOf(field(details, 'signal')),
      reason: textOf(field(details, 'reason')),
    };
  }
}

function isLost(terminated: unknown): boolean {
  return idOf(terminated) === undefined && LOST_REASONS.has(textOf(field(terminated, 'reason')) ?? '');
}

function idOf(details: unknown): string | undefined {
  return textOf(field(details, 'containerID'));
}

/** The runtime's zero time stands for a container that could not be started. */
function timeOf(value: unknown): Timestamp | undefined {
  const time = typeof value === 'string' ? parseTimestamp(value) : undefined;
  return time?.startsWith('1970-01-01T') === true ? undefined : time;
}
