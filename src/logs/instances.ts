import { field, listOf, numberOf, textOf } from '../model/fields.ts';
import type { ContainerKind, InstanceState } from '../model/instance.ts';
import type { KubeObject } from '../model/resource.ts';
import { parseTimestamp, type Timestamp } from '../model/time.ts';

/**
 * Every container instance of a pod state, the older first. `restartCount` counts the restarts that were done: while a
 * container runs it is the running instance's index, and `lastState` is the one before; while it waits to be restarted
 * it is still the dead instance's index, and `lastState` is that instance.
 */
export function instancesOf(pod: KubeObject): readonly InstanceState[] {
  const { spec, status } = pod;
  return [
    ...fromStatuses(pod, field(status, 'initContainerStatuses'), (name) =>
      isSidecar(spec, name) ? 'sidecar' : 'init',
    ),
    ...fromStatuses(pod, field(status, 'containerStatuses'), () => 'regular'),
    ...fromStatuses(pod, field(status, 'ephemeralContainerStatuses'), () => 'ephemeral'),
  ];
}

function fromStatuses(pod: KubeObject, statuses: unknown, kindOf: (name: string) => ContainerKind): InstanceState[] {
  return listOf(statuses).flatMap((status) => {
    const name = textOf(field(status, 'name'));
    return name === undefined ? [] : fromStatus(pod, status, { name, kind: kindOf(name) });
  });
}

function fromStatus(
  pod: KubeObject,
  status: unknown,
  container: { name: string; kind: ContainerKind },
): InstanceState[] {
  const restarts = field(status, 'restartCount');
  const restart = typeof restarts === 'number' ? restarts : 0;
  const state = field(status, 'state');
  const last = field(field(status, 'lastState'), 'terminated');
  const make = (index: number, phase: InstanceState['state'], details: unknown): InstanceState => ({
    instance: {
      podUid: pod.metadata.uid,
      namespace: pod.metadata.namespace ?? '',
      pod: pod.metadata.name,
      container: container.name,
      restart: index,
    },
    kind: container.kind,
    containerID:
      textOf(field(details, 'containerID')) ?? (phase === 'running' ? textOf(field(status, 'containerID')) : undefined),
    state: phase,
    startedAt: time(field(details, 'startedAt')),
    finishedAt: time(field(details, 'finishedAt')),
    exitCode: numberOf(field(details, 'exitCode')),
    signal: numberOf(field(details, 'signal')),
    reason: textOf(field(details, 'reason')),
  });
  const running = field(state, 'running');
  const terminated = field(state, 'terminated');
  const current = running ?? terminated;
  if (current === undefined) return last === undefined ? [] : [make(restart, 'terminated', last)];
  const now = make(restart, running === undefined ? 'terminated' : 'running', current);
  const lastID = textOf(field(last, 'containerID'));
  // The kubelet may show a dead instance as the current and the last one at once.
  const hasOther = last !== undefined && restart > 0 && (lastID === undefined || lastID !== now.containerID);
  return hasOther ? [make(restart - 1, 'terminated', last), now] : [now];
}

/** An init container that is restarted always runs beside the others. */
function isSidecar(spec: unknown, name: string): boolean {
  const container = listOf(field(spec, 'initContainers')).find((candidate) => field(candidate, 'name') === name);
  return field(container, 'restartPolicy') === 'Always';
}

function time(value: unknown): Timestamp | undefined {
  return typeof value === 'string' ? parseTimestamp(value) : undefined;
}
