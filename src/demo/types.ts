import type { ResourceType } from '../model/resource.ts';

const VERBS = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'];

function type(
  apiVersion: string,
  resource: string,
  kind: string,
  options: { short?: string[]; cluster?: boolean } = {},
): ResourceType {
  const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  const { short: shortNames = [], cluster = false } = options;
  return {
    group,
    version,
    resource,
    kind,
    singular: kind.toLowerCase(),
    shortNames,
    namespaced: !cluster,
    verbs: VERBS,
  };
}

/** What the simulated cluster serves from its start. */
export const SERVED_TYPES: readonly ResourceType[] = [
  type('v1', 'namespaces', 'Namespace', { short: ['ns'], cluster: true }),
  type('v1', 'nodes', 'Node', { short: ['no'], cluster: true }),
  type('v1', 'pods', 'Pod', { short: ['po'] }),
  type('v1', 'services', 'Service', { short: ['svc'] }),
  type('v1', 'configmaps', 'ConfigMap', { short: ['cm'] }),
  type('v1', 'secrets', 'Secret'),
  type('v1', 'events', 'Event', { short: ['ev'] }),
  type('apps/v1', 'deployments', 'Deployment', { short: ['deploy'] }),
  type('apps/v1', 'replicasets', 'ReplicaSet', { short: ['rs'] }),
  type('apps/v1', 'statefulsets', 'StatefulSet', { short: ['sts'] }),
  type('batch/v1', 'jobs', 'Job'),
  type('apiextensions.k8s.io/v1', 'customresourcedefinitions', 'CustomResourceDefinition', {
    short: ['crd', 'crds'],
    cluster: true,
  }),
];

/** Whether a server that serves `types` serves this one, in this version. */
export function isServed(types: readonly ResourceType[], wanted: ResourceType | undefined): boolean {
  return types.some(
    ({ group, version, resource }) =>
      group === wanted?.group && version === wanted.version && resource === wanted.resource,
  );
}

/** How often a watch hears that it is still alive: of Events never, for the server has no watch cache of them. */
export function bookmarkMs({ resource }: ResourceType): number {
  return resource === 'events' ? Number.POSITIVE_INFINITY : 60_000;
}
