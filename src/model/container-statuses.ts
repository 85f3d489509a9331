import { field, listOf, path, textOf } from './fields.ts';
import type { ContainerKind } from './instance.ts';
import type { KubeObject } from './resource.ts';

/** What a pod's status says about one of its containers. */
export interface NamedStatus {
  readonly name: string;
  readonly kind: ContainerKind;
  readonly status: unknown;
}

/** The statuses of all containers of a pod: init containers and sidecars first, ephemeral ones last. */
export function containerStatusesOf(pod: KubeObject): readonly NamedStatus[] {
  const statuses: NamedStatus[] = [];
  const add = (list: string, kindOf: (name: string) => ContainerKind) => {
    for (const status of listOf(path(pod, 'status', list))) {
      const name = textOf(field(status, 'name'));
      if (name !== undefined) statuses.push({ name, kind: kindOf(name), status });
    }
  };
  add('initContainerStatuses', (name) => (isSidecar(pod, name) ? 'sidecar' : 'init'));
  add('containerStatuses', () => 'regular');
  add('ephemeralContainerStatuses', () => 'ephemeral');
  return statuses;
}

/** An init container that is always restarted runs beside the others. */
function isSidecar(pod: KubeObject, name: string): boolean {
  return listOf(path(pod, 'spec', 'initContainers')).some(
    (container) => field(container, 'name') === name && field(container, 'restartPolicy') === 'Always',
  );
}
