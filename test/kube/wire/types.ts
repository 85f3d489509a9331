import type { ObjectMeta, ResourceType } from '../../../src/model/resource.ts';

/** A type as discovery would describe it: `typeOf('apps/v1', 'deployments', 'Deployment', ['deploy'])`. */
export function typeOf(
  apiVersion: string,
  resource: string,
  kind: string,
  changes: Partial<ResourceType> & { readonly shortNames?: readonly string[] } = {},
): ResourceType {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  return {
    group: group ?? '',
    version: version ?? '',
    resource,
    kind,
    singular: kind.toLowerCase(),
    shortNames: [],
    namespaced: true,
    verbs: ['get', 'list', 'watch'],
    ...changes,
  };
}

export const PODS = typeOf('v1', 'pods', 'Pod', { shortNames: ['po'] });
export const DEPLOYMENTS = typeOf('apps/v1', 'deployments', 'Deployment', { shortNames: ['deploy'] });
export const NODES = typeOf('v1', 'nodes', 'Node', { shortNames: ['no'], namespaced: false });

/** A pod as it stands in a list: without apiVersion and kind. */
export function item(name: string, fields: object = {}): { readonly metadata: ObjectMeta } {
  return { metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: '7' }, ...fields };
}
