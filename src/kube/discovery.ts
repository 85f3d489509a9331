import { field, listOf, path, textOf } from '../model/fields.ts';
import type { ResourceType } from '../model/resource.ts';
import type { KubeClient } from './client.ts';
import { discoverOneByOne } from './discovery-one-by-one.ts';

export { clusterIdentity } from './identity.ts';
export { resolveType } from './resolve-type.ts';
export { parseTargets, type Target } from './targets.ts';

/** What the server serves. */
export interface Discovery {
  /** Every version of every type, without subresources; of one resource the preferred version comes first. */
  readonly types: readonly ResourceType[];
  /** Groups that could not be asked, e.g. of an aggregated API server that is down; their types are missing. */
  readonly failures: readonly DiscoveryFailure[];
}

export interface DiscoveryFailure {
  /** `apps/v1`, or `v1` of the core group. */
  readonly groupVersion: string;
  readonly message: string;
}

/** One request for all groups, understood since Kubernetes 1.26; older servers answer with their plain list of groups. */
const AGGREGATED = ['v2', 'v2beta1']
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .concat('application/json')
  .join(',');

/**
 * Asks the server for its types: in two requests where it aggregates them, else one for each group version, a few at a
 * time. Cheap enough to be asked again when types come and go. A group that fails is reported and left out.
 */
export async function discover(client: Pick<KubeClient, 'getJson'>, signal: AbortSignal): Promise<Discovery> {
  const roots = ['/api', '/apis'].map((root) => client.getJson(root, signal, AGGREGATED));
  const [core, groups] = await Promise.all(roots);
  const parts = [readCore(core), readGroups(groups)].map(async (part) =>
    'groupVersions' in part ? discoverOneByOne(client, part.groupVersions, signal) : part,
  );
  const found = await Promise.all(parts);
  return { types: found.flatMap(({ types }) => types), failures: found.flatMap(({ failures }) => failures) };
}

/** The version of a resource that the server prefers; undefined where it has no such resource. */
export function preferredType({ types }: Discovery, group: string, resource: string): ResourceType | undefined {
  return types.find((type) => type.group === group && type.resource === resource);
}

/** What a root path answered: the types themselves, or only which group versions there are. */
type Part = Discovery | { readonly groupVersions: readonly string[] };

function readCore(answer: unknown): Part {
  if (isAggregated(answer)) return readAggregated(answer);
  return { groupVersions: listOf(field(answer, 'versions')).map(text) };
}

function readGroups(answer: unknown): Part {
  if (isAggregated(answer)) return readAggregated(answer);
  return { groupVersions: listOf(field(answer, 'groups')).flatMap(versionsOf) };
}

/** `apps/v1` and its likes, the preferred version first. */
function versionsOf(group: unknown): readonly string[] {
  const preferred = textOf(path(group, 'preferredVersion', 'groupVersion'));
  const all = listOf(field(group, 'versions')).map((version) => text(field(version, 'groupVersion')));
  return [...new Set([preferred ?? [], all].flat())];
}

function isAggregated(answer: unknown): boolean {
  return field(answer, 'kind') === 'APIGroupDiscoveryList';
}

function readAggregated(answer: unknown): Discovery {
  const types: ResourceType[] = [];
  const failures: DiscoveryFailure[] = [];
  for (const item of listOf(field(answer, 'items'))) {
    const group = text(path(item, 'metadata', 'name'));
    for (const entry of listOf(field(item, 'versions'))) {
      const version = text(field(entry, 'version'));
      // What is known of it is old, and asking for its objects fails: it is left out, as client-go does.
      if (field(entry, 'freshness') === 'Stale')
        failures.push({
          groupVersion: group === '' ? version : `${group}/${version}`,
          message: 'the API server behind it does not answer',
        });
      else types.push(...listOf(field(entry, 'resources')).flatMap((resource) => typeIn(resource, group, version)));
    }
  }
  return { types, failures };
}

/** None where only subresources of it are served. */
function typeIn(resource: unknown, group: string, version: string): readonly ResourceType[] {
  const kind = textOf(path(resource, 'responseKind', 'kind'));
  const name = textOf(field(resource, 'resource'));
  if (kind === undefined || name === undefined) return [];
  return [
    {
      group,
      version,
      resource: name,
      kind,
      singular: text(field(resource, 'singularResource')),
      shortNames: listOf(field(resource, 'shortNames')).map(text),
      namespaced: field(resource, 'scope') === 'Namespaced',
      verbs: listOf(field(resource, 'verbs')).map(text),
    },
  ];
}

function text(value: unknown): string {
  return textOf(value) ?? '';
}
