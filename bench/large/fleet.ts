import { systemClock } from '../../src/cli/context.ts';
import { createClient, type KubeClient } from '../../src/kube/client.ts';
import type { Connection } from '../../src/kube/connection.ts';
import { discover } from '../../src/kube/discovery.ts';
import { field, listOf, path, textOf } from '../../src/model/fields.ts';

/** A namespace with many pods that no node runs, all owned by ConfigMap `fleet`, beside one small Deployment, `web`. */
export interface FleetOptions {
  readonly namespace: string;
  readonly pods: number;
  /** CustomResourceDefinitions in the cluster, without objects. */
  readonly types: number;
}

const NEVER = new AbortController().signal;
/** Requests at once; more only queue up in the API server. */
const AT_ONCE = 24;
const WEB_PODS = 3;
/** As an everyday pod has them: two containers and twenty variables each. */
const CONTAINERS = ['app', 'proxy'];
const VARIABLES = Array.from({ length: 20 }, (_, index) => ({ name: `SETTING_${index}`, value: `value ${index}` }));

export function fleetPod(index: number): string {
  return `fleet-${String(index).padStart(5, '0')}`;
}

/** Makes what is not there yet: half a minute for 10,000 pods, a minute for 300 types. Returns the names of web's pods. */
export async function makeFleet(connection: Connection, options: FleetOptions): Promise<readonly string[]> {
  const { namespace, pods, types } = options;
  await using client = createClient(connection, { clock: systemClock });
  await makeTypes(client, types);
  await makeNamespace(client, namespace);
  const inside = `/api/v1/namespaces/${namespace}`;
  await create(client, `${inside}/configmaps`, { metadata: { name: 'fleet' } });
  const uid = path(await client.getJson(`${inside}/configmaps/fleet`, NEVER), 'metadata', 'uid');
  const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'fleet', uid }];
  const present = new Set(await namesOf(client, inside, 'app=fleet'));
  const missing = Array.from({ length: pods }, (_, index) => fleetPod(index)).filter((name) => !present.has(name));
  await each(missing, (name) =>
    create(client, `${inside}/pods`, {
      metadata: { name, labels: { app: 'fleet' }, ownerReferences },
      spec: podSpec(),
    }),
  );
  return await makeWeb(client, namespace);
}

async function makeNamespace(client: KubeClient, name: string): Promise<void> {
  await create(client, '/api/v1/namespaces', { metadata: { name } });
  await appears(async () => client.getJson(`/api/v1/namespaces/${name}/serviceaccounts/default`, NEVER));
}

async function makeWeb(client: KubeClient, namespace: string): Promise<readonly string[]> {
  const labels = { app: 'web' };
  await create(client, `/apis/apps/v1/namespaces/${namespace}/deployments`, {
    metadata: { name: 'web' },
    spec: {
      replicas: WEB_PODS,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: podSpec() },
    },
  });
  return appears(async () => {
    const names = await namesOf(client, `/api/v1/namespaces/${namespace}`, 'app=web');
    return names.length === WEB_PODS ? names : undefined;
  });
}

async function namesOf(client: KubeClient, inside: string, labelSelector: string): Promise<readonly string[]> {
  const list = await client.getJson(`${inside}/pods?${new URLSearchParams({ labelSelector })}`, NEVER);
  return listOf(field(list, 'items')).map((pod) => textOf(path(pod, 'metadata', 'name')) ?? '');
}

async function makeTypes(client: KubeClient, count: number): Promise<void> {
  const definitions = Array.from({ length: count }, (_, index) =>
    definitionOf(`Kind${index}`, `group${index % 10}.faro.test`),
  );
  await each(definitions, (definition) =>
    create(client, '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition),
  );
  await appears(async () => {
    const { types } = await discover(client, NEVER);
    return types.filter(({ group }) => group.endsWith('.faro.test')).length >= count ? true : undefined;
  });
}

function podSpec(): object {
  return {
    schedulingGates: [{ name: 'faro.test/hold' }],
    containers: CONTAINERS.map((name) => ({ name, image: 'registry.example/app:1', env: VARIABLES })),
  };
}

function definitionOf(kind: string, group: string): object {
  const singular = kind.toLowerCase();
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${singular}s.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, singular, plural: `${singular}s` },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  };
}

async function create(client: KubeClient, collection: string, object: object): Promise<void> {
  try {
    await client.postJson(collection, object, NEVER);
  } catch (error) {
    if (field(error, 'status') !== 409) throw error; // there already
  }
}

async function appears<T>(ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const found = await ask().catch((error: unknown) => {
      if (Date.now() > deadline) throw error;
      return undefined;
    });
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error('waited in vain for what was created');
    await systemClock.sleep(200);
  }
}

async function each<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const item of queue) await work(item);
    }),
  );
}
