import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/cli/context.ts';
import { DemoCluster } from '../../src/demo/cluster.ts';
import { createClient, type WatchFrame } from '../../src/kube/client.ts';
import { pull } from '../kube/wire/client.ts';

const signal = new AbortController().signal;
const placements = { namespace: 'shop', metadataOnly: true, placementOnly: true };

test('the simulated cluster tells placements in protobuf as in JSON, where it has protobuf', async () => {
  await using cluster = await DemoCluster.start({ clock: systemClock, seed: 1 });
  await using client = createClient(cluster.connection(), { clock: systemClock });
  const labels = { app: 'wéb' };
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'fleet', uid: 'u', controller: true };
  for (const name of ['a', 'b', 'c'])
    cluster.create('configmaps', 'shop', { metadata: { name, labels, ownerReferences: [owner] } });
  const configMaps = cluster.type('configmaps');

  /** What a list in two pages and a watch tell, and how the watch ends. */
  async function told(): Promise<{ readonly isWhole: boolean; readonly said: unknown }> {
    const first = await client.list(configMaps, { ...placements, limit: 2 }, signal);
    const second = await client.list(configMaps, { ...placements, limit: 2, continue: first.continue ?? '' }, signal);
    await using watch = client
      .watch(configMaps, { ...placements, sendInitialEvents: true }, signal)
      [Symbol.asyncIterator]() as AsyncGenerator<WatchFrame>;
    const frames = [await pull(watch), await pull(watch), await pull(watch), await pull(watch)];
    const [expired] = await Array.fromAsync(client.watch(configMaps, { ...placements, resourceVersion: '1' }, signal));
    assert.ok(expired?.type === 'ERROR');
    const objects = [
      ...first.items,
      ...second.items,
      ...frames.flatMap((frame) => ('object' in frame ? [frame.object] : [])),
    ];
    return {
      isWhole: objects.every(({ metadata }) => metadata.labels !== undefined),
      said: [
        objects.map(({ apiVersion, kind, metadata: { name, namespace, uid, resourceVersion, ownerReferences } }) => [
          apiVersion,
          kind,
          name,
          namespace,
          uid,
          resourceVersion,
          ownerReferences,
        ]),
        [first.resourceVersion, second.resourceVersion, second.continue],
        [frames.map(({ type }) => type), frames.at(-1)],
        [expired.error.code, expired.error.message],
      ],
    };
  }

  cluster.store.compact();
  const protobuf = await told();
  cluster.api.features.protobuf = false;
  const json = await told();
  assert.deepEqual([protobuf.isWhole, json.isWhole], [false, true]);
  assert.deepEqual(protobuf.said, json.said);
});
