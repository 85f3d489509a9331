import { apiVersionOf, type ResourceType } from '../model/resource.ts';

/** The answer to a discovery request, aggregated where the client accepts that; undefined for other paths. */
export function discovery(types: readonly ResourceType[], path: string, accept: string): object | undefined {
  const isAggregated = accept.includes('as=APIGroupDiscoveryList');
  const isCore = path === '/api';
  if (isCore || path === '/apis') {
    const own = types.filter((type) => (type.group === '') === isCore);
    if (isAggregated) return aggregated(own);
    return isCore
      ? { kind: 'APIVersions', versions: ['v1'] }
      : { kind: 'APIGroupList', apiVersion: 'v1', groups: groupsOf(own).map(group) };
  }
  const [, version] = /^\/(?:api\/(v[^/]+)|apis\/[^/]+\/v[^/]+)$/.exec(path) ?? [undefined, undefined];
  const groupVersion = version ?? (path.startsWith('/apis/') ? path.slice('/apis/'.length) : undefined);
  const served = types.filter((type) => apiVersionOf(type) === groupVersion);
  if (groupVersion === undefined || served.length === 0) return undefined;
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: served.map(legacyResource) };
}

function groupsOf(types: readonly ResourceType[]): readonly (readonly [string, readonly ResourceType[]])[] {
  return [...Map.groupBy(types, (type) => type.group)];
}

function aggregated(types: readonly ResourceType[]): object {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groupsOf(types).map(([name, ofGroup]) => ({
      metadata: { name, creationTimestamp: null },
      versions: [...Map.groupBy(ofGroup, (type) => type.version)].map(([version, ofVersion]) => ({
        version,
        freshness: 'Current',
        resources: ofVersion.map(aggregatedResource),
      })),
    })),
  };
}

function aggregatedResource({
  group,
  version,
  resource,
  kind,
  singular,
  shortNames,
  namespaced,
  verbs,
}: ResourceType): object {
  return {
    resource,
    responseKind: { group, version, kind },
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs,
    shortNames,
  };
}

function group([name, types]: readonly [string, readonly ResourceType[]]): object {
  const versions = [...new Set(types.map((type) => type.version))].map((version) => ({
    groupVersion: `${name}/${version}`,
    version,
  }));
  return { name, versions, preferredVersion: versions[0] };
}

function legacyResource({ resource, kind, singular, shortNames, namespaced, verbs }: ResourceType): object {
  return { name: resource, singularName: singular, namespaced, kind, verbs, shortNames };
}
