import { Scope } from '../graph/scope.ts';
import type { AccessQuestion } from '../kube/access.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Discovery } from '../kube/discovery.ts';
import { ApiError } from '../kube/error.ts';
import type { Root } from '../model/record.ts';
import { groupResourceOf, type ResourceType } from '../model/resource.ts';
import { Slots } from '../model/slots.ts';
import { namespacesOf, watchableTypes } from './types.ts';

/** A permission that a story takes, and what it lacks without it. */
export interface Need {
  readonly question: AccessQuestion;
  /** All verbs that go with it in a Role. */
  readonly verbs: readonly string[];
  readonly without: string;
  /** `essential`: without it there is no story worth the name. `cluster`: takes a ClusterRole. */
  readonly tier: 'essential' | 'namespace' | 'cluster';
}

/** What well-known kinds come to own, also where they own nothing yet. */
const FAMILIES: Readonly<Record<string, readonly string[]>> = {
  'deployments.apps': ['replicasets.apps', 'pods'],
  'replicasets.apps': ['pods'],
  'statefulsets.apps': ['controllerrevisions.apps', 'pods', 'persistentvolumeclaims'],
  'daemonsets.apps': ['controllerrevisions.apps', 'pods'],
  'jobs.batch': ['pods'],
  'cronjobs.batch': ['jobs.batch', 'pods'],
};
const READ = ['get', 'list', 'watch'];

/** What a story of the roots takes: the types of what they own now, those that their kinds come to own, logs and Events. */
export async function needsOf(
  world: { readonly client: KubeClient; readonly discovery: Discovery; readonly roots: readonly Root[] },
  signal: AbortSignal,
): Promise<readonly Need[]> {
  const { roots, discovery } = world;
  const needs: Need[] = [];
  for (const namespace of namespacesOf(roots)) {
    const own = roots.filter((root) => root.namespace === namespace || namespace === null);
    const storages = new Set([...own.map(groupResourceOf), ...(await ownedTypes(world, namespace, signal)), 'pods']);
    for (const root of own) for (const child of FAMILIES[groupResourceOf(root)] ?? []) storages.add(child);
    const types = watchableTypes(discovery, roots, namespace).filter((type) => storages.has(groupResourceOf(type)));
    needs.push(...types.map((type) => typeNeed(type, namespace, own)), ...podNeeds(namespace));
  }
  return [...needs, ...CLUSTER_NEEDS];
}

function typeNeed({ group, resource }: ResourceType, namespace: string | null, roots: readonly Root[]): Need {
  const isRoot = roots.some((root) => root.group === group && root.resource === resource);
  const question = { verb: 'list', group, resource, namespace };
  return {
    question,
    verbs: READ,
    without: isRoot ? 'other objects of this type that the target owns' : `the ${resource} that belong to the target`,
    tier: isRoot || resource === 'pods' ? 'essential' : 'namespace',
  };
}

function podNeeds(namespace: string | null): Need[] {
  return [
    {
      question: { verb: 'get', group: '', resource: 'pods', subresource: 'log', namespace },
      verbs: ['get'],
      without: 'all log lines',
      tier: 'namespace',
    },
    {
      question: { verb: 'list', group: '', resource: 'events', namespace },
      verbs: READ,
      without: 'all Events',
      tier: 'namespace',
    },
  ];
}

const CLUSTER_NEEDS: readonly Need[] = [
  {
    question: { verb: 'list', group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions', namespace: null },
    verbs: READ,
    without: 'hearing at once of types that appear during the capture (they are asked for every 30 s)',
    tier: 'cluster',
  },
  {
    question: { verb: 'list', group: '', resource: 'events', namespace: 'default' },
    verbs: READ,
    without: 'Events about Nodes',
    tier: 'cluster',
  },
];

/** The types of what the roots own now, found through every type that the user may list. */
async function ownedTypes(
  { client, discovery, roots }: { client: KubeClient; discovery: Discovery; roots: readonly Root[] },
  namespace: string | null,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const scope = new Scope(roots);
  const slots = new Slots(8);
  const types = watchableTypes(discovery, roots, namespace);
  const uids = await Promise.all(
    types.map(async (type) => {
      using _slot = await slots.acquire(signal);
      const objects = await metadataOf(client, type, { namespace, signal });
      for (const object of objects) scope.observe({ resource: type.resource, object });
      return { type, uids: objects.map(({ metadata }) => metadata.uid) };
    }),
  );
  return uids
    .filter(({ uids: own }) => own.some((uid) => scope.placementOf(uid) === 'member'))
    .map(({ type }) => groupResourceOf(type));
}

async function metadataOf(
  client: KubeClient,
  type: ResourceType,
  at: { namespace: string | null; signal: AbortSignal },
) {
  try {
    return (await client.list(type, { namespace: at.namespace, metadataOnly: true, limit: 1000 }, at.signal)).items;
  } catch (error) {
    if (error instanceof ApiError) return []; // refused, or gone meanwhile: what is not seen is not counted
    throw error;
  }
}
