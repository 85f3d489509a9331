import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/cli/context.ts';
import { DemoCluster } from '../../src/demo/cluster.ts';
import { prepareShop } from '../../src/demo/scenario.ts';
import { createClient, type KubeClient, type LogOptions, type WatchOptions } from '../../src/kube/client.ts';
import { loadConnection } from '../../src/kube/config/load.ts';
import { discover, resolveType } from '../../src/kube/discovery.ts';
import { ApiError } from '../../src/kube/error.ts';
import { nodeOf } from '../../src/kube/node-settings.ts';
import { skipped, testNamespace, workload } from '../e2e/cluster.ts';
import { until } from '../record/harness.ts';

const signal = new AbortController().signal;

/** What the same calls are answered with; values that differ from cluster to cluster are left out. */
async function answers(client: KubeClient, namespace: string): Promise<Record<string, unknown>> {
  const discovery = await discover(client, signal);
  const [pods, deployments, events] = ['pods', 'deploy', 'events'].map((name) => resolveType(discovery, name));
  assert.ok(pods && deployments && events);
  const listed = await client.list(pods, { namespace, limit: 2 }, signal);
  const rest = await client.list(
    pods,
    { namespace, limit: 2, ...(listed.continue === undefined ? {} : { continue: listed.continue }) },
    signal,
  );
  const [pod] = listed.items;
  assert.ok(pod);
  const { name } = pod.metadata;
  const node = nodeOf(pod) ?? '';
  const metadata = await client.list(pods, { namespace, metadataOnly: true }, signal);
  // The kubelet's Events are of the older form, the scheduler's of the newer: one kind is compared.
  const event = (await client.list(events, { namespace }, signal)).items.find(({ reason }) => reason === 'Started');
  return {
    deploymentType: deployments,
    pages: [listed.items.length, listed.continue !== undefined, rest.items.length, rest.continue !== undefined],
    pod: shapeOf(pod, ['apiVersion', 'kind', 'metadata', 'spec', 'status']),
    podMetadata: Object.keys(metadata.items[0] ?? {}).sort(),
    owner: shapeOf(pod.metadata.ownerReferences?.[0], [
      'apiVersion',
      'kind',
      'name',
      'uid',
      'controller',
      'blockOwnerDeletion',
    ]),
    event: shapeOf(event, [
      'involvedObject',
      'reason',
      'message',
      'type',
      'count',
      'firstTimestamp',
      'lastTimestamp',
      'source',
    ]),
    missing: await refusal(client.get(pods, { namespace, name: 'nobody' }, signal)),
    missingLog: await refusal(client.logs({ namespace, pod: 'nobody', container: 'x' }, signal)),
    wrongContainer: await refusal(client.logs({ namespace, pod: name, container: 'nobody' }, signal)),
    missingProxiedLog: await refusal(client.logs({ namespace, pod: 'nobody', container: 'x', node }, signal)),
    wrongProxiedContainer: await refusal(client.logs({ namespace, pod: name, container: 'nobody', node }, signal)),
    noPrevious: await refusal(client.logs({ namespace, pod: name, container: 'web', previous: true }, signal)),
    expired: await watchEnd(client, pods, namespace),
    initial: await initialFrames(client, pods, { namespace }),
    initialOfNobody: await initialFrames(client, pods, { namespace, labelSelector: 'app=nobody' }),
    listedOfNobody: (await client.list(pods, { namespace, labelSelector: 'app=nobody' }, signal)).items,
    line: (await firstLine(client, { namespace, pod: name, container: 'web' })).replace(/\d/g, '9').slice(0, 31),
    proxiedLine: (await firstLine(client, { namespace, pod: name, container: 'web', node }))
      .replace(/\d/g, '9')
      .slice(0, 31),
  };
}

function shapeOf(value: unknown, names: readonly string[]): unknown {
  return names.map((name) => `${name}: ${typeof (value as Record<string, unknown> | undefined)?.[name]}`);
}

async function refusal(call: Promise<unknown>): Promise<unknown> {
  const error = await call.then(
    () => assert.fail('it was answered'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ApiError, String(error));
  return { status: error.status, reason: error.reason, code: error.code };
}

/** How a watch from before all history ends. */
async function watchEnd(
  client: KubeClient,
  pods: Parameters<KubeClient['watch']>[0],
  namespace: string,
): Promise<unknown> {
  try {
    for await (const frame of client.watch(pods, { namespace, resourceVersion: '1', timeoutSeconds: 2 }, signal))
      if (frame.type === 'ERROR') return frame.error.code;
  } catch (error) {
    return error instanceof ApiError ? error.code : String(error);
  }
  return 'ended';
}

async function initialFrames(
  client: KubeClient,
  pods: Parameters<KubeClient['watch']>[0],
  selection: Pick<WatchOptions, 'namespace' | 'labelSelector'>,
): Promise<unknown> {
  const types: string[] = [];
  for await (const frame of client.watch(pods, { ...selection, sendInitialEvents: true, metadataOnly: true }, signal)) {
    types.push(frame.type === 'BOOKMARK' ? `BOOKMARK ${frame.initialEventsEnd}` : frame.type);
    if (frame.type === 'BOOKMARK') break;
  }
  return types;
}

async function firstLine(client: KubeClient, of: LogOptions): Promise<string> {
  await using stream = await client.logs(of, signal);
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text.split('\n')[0] ?? '';
}

test('the simulated cluster answers the same calls in the same shapes as a real one', {
  skip: skipped,
}, async () => {
  await using cluster = await DemoCluster.start({ clock: systemClock, seed: 1 });
  prepareShop(cluster);
  cluster.run();
  await until(
    'its pods are ready',
    () => JSON.stringify(cluster.store.list(cluster.type('pods'), 'shop')).split('"ready":true').length > 3,
  );
  await using simulated = createClient(cluster.connection(), { clock: systemClock });
  const whole = await watchEnd(simulated, cluster.type('pods'), 'shop');
  cluster.store.compact();

  await using ns = await testNamespace('shapes');
  const labels = { app: 'web' };
  const spec = { containers: [workload('web', '-n 3 -wait -1s')] };
  await ns.apply({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: { replicas: 3, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  });
  await ns.until('its pods are ready', ['deploy/web'], ({ status }) => status.readyReplicas === 3);
  const connection = await loadConnection({
    kubeconfig: ns.cluster.kubeconfig,
    env: {},
    clock: systemClock,
    interactive: false,
  });
  await using real = createClient(connection, { clock: systemClock });

  const found = await answers(simulated, 'shop');
  const expected = await answers(real, ns.name);
  // The real server serves categories and verbs of its own; what Faro reads of a type is compared.
  const type = (value: unknown) => ({ ...(value as object), verbs: undefined });
  // A server that was started minutes ago still has its whole history.
  const expired = expected.expired === 'ended' ? whole : found.expired;
  assert.deepEqual(
    { ...found, expired, deploymentType: type(found.deploymentType) },
    { ...expected, deploymentType: type(expected.deploymentType) },
  );
});
