import { containerStatusesOf } from '../model/container-statuses.ts';
import { path } from '../model/fields.ts';
import type { KubeObject } from '../model/resource.ts';

/**
 * Whether a container of the pod ends, by this state of it, because it is told to: the pod is being deleted (a rollout, a
 * scale-down), or the work of the pod is done and this is a sidecar. Exit codes like 143 are no failures then.
 */
export function isToldToEnd(pod: KubeObject, containerKind: string | undefined): boolean {
  if (pod.metadata.deletionTimestamp !== undefined) return true;
  const work = containerStatusesOf(pod).filter(({ kind }) => kind === 'regular');
  const isDone = work.length > 0 && work.every(({ status }) => path(status, 'state', 'terminated') !== undefined);
  return containerKind === 'sidecar' && isDone;
}
