import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/cli/context.ts';
import { DemoCluster } from '../../src/demo/cluster.ts';
import { DirectClient } from '../../src/demo/direct-client.ts';
import { prepareShop } from '../../src/demo/scenario.ts';
import type { SimulatedCluster } from '../../src/demo/simulated-cluster.ts';
import { createClient, type KubeClient, type LogOptions } from '../../src/kube/client.ts';
import { until } from '../record/harness.ts';

const signal = new AbortController().signal;

async function followed(client: KubeClient, options: LogOptions): Promise<{ readonly end: Promise<string> }> {
  const stream = await client.logs({ ...options, follow: true }, signal);
  const read = async () => {
    await using bytes = stream;
    for await (const _chunk of bytes);
    return 'ended';
  };
  return { end: read().catch((error: { code?: string }) => error.code ?? String(error)) };
}

type Trouble = (cluster: SimulatedCluster) => unknown;
const restart: Trouble = (cluster) => cluster.restartKubelet(cluster.nodes[0] ?? assert.fail(), 1);
const end: Trouble = ({ faults }) => faults.add(({ verb }) => verb === 'log', { type: 'end', afterBytes: 1 }, 2);

for (const { what, before, after } of [
  { what: 'whose kubelet stops', after: restart },
  { what: 'that ends early on its way', before: end },
])
  for (const way of ['over the wire', 'in the process'])
    test(`a log ${what} looks like one that has ended, and is broken off through its node's proxy, ${way}`, async () => {
      await using cluster = await DemoCluster.start({ clock: systemClock, seed: 1 });
      prepareShop(cluster);
      cluster.run();
      const pods = () => cluster.store.list(cluster.pods, 'shop');
      await until('a pod is ready', () => JSON.stringify(pods()).includes('"ready":true'));
      const pod = pods().find((candidate) => JSON.stringify(candidate).includes('"ready":true'))?.metadata.name ?? '';
      const options = { namespace: 'shop', pod, container: 'web' };
      await using client =
        way === 'in the process'
          ? new DirectClient(cluster.api)
          : createClient(cluster.connection(), { clock: systemClock });
      before?.(cluster);
      const [api, proxied] = [await followed(client, options), await followed(client, { ...options, node: 'node-1' })];
      await after?.(cluster);
      assert.deepEqual([await api.end, await proxied.end], ['ended', 'unreachable']);
    });
