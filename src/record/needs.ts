import { familyOf, mayBelong } from '../graph/families.ts';
import { Scope } from '../graph/scope.ts';
import type { KubeClient } from '../kube/client.ts';
import { type Discovery, preferredType } from '../kube/discovery.ts';
import { ApiError } from '../kube/error.ts';
import type { Root } from '../model/record.ts';
import { groupResourceOf, type ResourceType } from '../model/resource.ts';
import { Slots } from '../model/slots.ts';
import { listedObjects } from './existing.ts';
import { namespacesOf, watchableTypes } from './types.ts';

/** A permission that a story takes, and what it lacks without it. */
export interface Need {
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  /** Only the objects of these names. */
  readonly names?: readonly string[];
  /** null: cluster-scoped, or in all namespaces. */
  readonly namespace: string | null;
  readonly verbs: readonly string[];
  readonly without: string;
  readonly tier: Tier;
}

/**
 * `essential`: without it there is no story worth the name. `owned`: without it the story is incomplete. `related`: it
 * explains the story, which is complete without. `cluster`: the same, but takes a ClusterRole. `never`: of use where
 * the user has it, but too powerful to be asked for. `proof`: the same, but without it not every log can be proven, so
 * that the story may not be called complete.
 */
export type Tier = 'essential' | 'owned' | 'related' | 'cluster' | 'never' | 'proof';

/** Whether it is too powerful to be asked for. */
export function isNeverAskedFor({ tier }: Need): boolean {
  return tier === 'never' || tier === 'proof';
}

const READ = ['get', 'list', 'watch'];

/** What a story of the roots takes: the types of what they own now and come to own, logs, Events, and what explains them. */
export async function needsOf(
  world: { readonly client: KubeClient; readonly discovery: Discovery; readonly roots: readonly Root[] },
  signal: AbortSignal,
): Promise<readonly Need[]> {
  const { roots, discovery } = world;
  const needs: Need[] = [];
  for (const namespace of namespacesOf(roots)) {
    const own = roots.filter((root) => root.namespace === namespace || namespace === null);
    const storages = new Set([...(await ownedTypes(world, namespace, signal)), ...familyOf(own)]);
    const types = watchableTypes(discovery, roots, namespace).filter((type) => storages.has(groupResourceOf(type)));
    const owned = types.filter((type) => mayBelong(groupResourceOf(type), own));
    const known = [
      ...rootNeeds(own, owned),
      ...owned.map((type) => ownedNeed(type, namespace)),
      ...podNeeds(namespace),
    ];
    const related = relatedNeeds(namespace).filter(
      (need) => !known.some((one) => groupResourceOf(one) === groupResourceOf(need)),
    );
    needs.push(...known, ...related);
  }
  const hasNodeEvents = namespacesOf(roots).some((namespace) => namespace === null || namespace === 'default');
  needs.push(...CLUSTER_NEEDS, ...(hasNodeEvents ? [] : [NODE_EVENTS]));
  return needs.filter((need) => isServed(discovery, need));
}

function isServed(discovery: Discovery, { group, resource }: Need): boolean {
  return preferredType(discovery, group, resource) !== undefined;
}

/** The roots themselves are watched by name; where their whole type is needed anyway, that covers them. */
function rootNeeds(roots: readonly Root[], owned: readonly ResourceType[]): Need[] {
  const covered = new Set(owned.map(groupResourceOf));
  return roots.flatMap(({ group, resource, namespace, name }) =>
    covered.has(groupResourceOf({ group, resource }))
      ? []
      : { group, resource, names: [name], namespace, verbs: READ, without: 'the target itself', tier: 'essential' },
  );
}

function ownedNeed({ group, resource }: ResourceType, namespace: string | null): Need {
  const without = `the ${resource} that belong to the target`;
  const tier = groupResourceOf({ group, resource }) === 'pods' ? 'essential' : 'owned';
  return { group, resource, namespace, verbs: READ, without, tier };
}

function podNeeds(namespace: string | null): Need[] {
  const core = { group: '', namespace, tier: 'owned' } as const;
  return [
    { ...core, resource: 'pods', subresource: 'log', verbs: ['get'], without: 'all log lines' },
    { ...core, resource: 'events', verbs: READ, without: 'all Events' },
  ];
}

/** Secrets are not among them: metadata of Secrets takes the same permission as their data. */
function relatedNeeds(namespace: string | null): Need[] {
  const need = (group: string, resource: string, without: string): Need => {
    return { group, resource, namespace, verbs: READ, without, tier: 'related' };
  };
  return [
    need('', 'services', 'the Services that select its pods'),
    need('discovery.k8s.io', 'endpointslices', "these Services' endpoints"),
    need('autoscaling', 'horizontalpodautoscalers', 'the autoscaler of the target'),
    need('policy', 'poddisruptionbudgets', 'the disruption budgets of its pods'),
    need('', 'persistentvolumeclaims', 'the claims that its pods mount'),
    need('', 'configmaps', 'when the ConfigMaps of its pods changed (their data is never read)'),
    need('', 'serviceaccounts', 'the service account of its pods'),
    need('', 'resourcequotas', 'the quotas of the namespace'),
    need('', 'limitranges', 'the limit ranges of the namespace'),
    {
      ...need('', 'secrets', 'when the Secrets of its pods changed; with it their data could be read, too'),
      tier: 'never',
    },
  ];
}

const NODE_EVENTS: Need = {
  group: '',
  resource: 'events',
  namespace: 'default',
  verbs: READ,
  without: 'Events about Nodes',
  tier: 'related',
};
const CLUSTER: Pick<Need, 'namespace' | 'verbs' | 'tier'> = { namespace: null, verbs: READ, tier: 'cluster' };
const CLUSTER_NEEDS: readonly Need[] = [
  { ...CLUSTER, group: '', resource: 'nodes', without: 'the conditions and taints of the Nodes of its pods' },
  { ...CLUSTER, group: '', resource: 'namespaces', without: 'the Namespace itself' },
  { ...CLUSTER, group: '', resource: 'persistentvolumes', without: 'the volumes behind the claims' },
  { ...CLUSTER, group: 'storage.k8s.io', resource: 'volumeattachments', without: 'where these volumes are attached' },
  {
    ...CLUSTER,
    group: 'apiextensions.k8s.io',
    resource: 'customresourcedefinitions',
    without: 'hearing at once of types that appear during the capture (they are asked for every 30 s)',
  },
  {
    ...CLUSTER,
    group: '',
    resource: 'nodes',
    subresource: 'proxy',
    verbs: ['get'],
    without:
      "the nodes' own log files, which hold lines that were rotated away, and prove that none is missing; with it commands could be run in pods, too",
    tier: 'proof',
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
      const own: string[] = [];
      try {
        for await (const object of listedObjects(client, { type, namespace }, signal)) {
          scope.observe({ resource: type.resource, object });
          own.push(object.metadata.uid);
        }
      } catch (error) {
        if (!(error instanceof ApiError)) throw error; // else refused, or gone meanwhile: what is not seen is not counted
      }
      return { type, uids: own };
    }),
  );
  return uids
    .filter(({ uids: own }) => own.some((uid) => scope.placementOf(uid) === 'member'))
    .map(({ type }) => groupResourceOf(type));
}
