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
  const sidecars = sidecarsOf(pod);
  return [
    ...named(pod, 'initContainerStatuses', (name) => (sidecars.has(name) ? 'sidecar' : 'init')),
    ...named(pod, 'containerStatuses', () => 'regular'),
    ...named(pod, 'ephemeralContainerStatuses', () => 'ephemeral'),
  ];
}

function named(pod: KubeObject, list: string, kindOf: (name: string) => ContainerKind): NamedStatus[] {
  return listOf(path(pod, 'status', list)).flatMap((status) => {
    const name = textOf(field(status, 'name'));
    return name === undefined ? [] : [{ name, kind: kindOf(name), status }];
  });
}

/** An init container that is always restarted runs beside the others. */
function sidecarsOf(pod: KubeObject): ReadonlySet<unknown> {
  const always = listOf(path(pod, 'spec', 'initContainers')).filter(
    (container) => field(container, 'restartPolicy') === 'Always',
  );
  return new Set(always.map((container) => field(container, 'name')));
}
