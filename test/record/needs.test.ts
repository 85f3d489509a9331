import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/cli/context.ts';
import { DemoCluster } from '../../src/demo/cluster.ts';
import { createClient } from '../../src/kube/client.ts';
import { discover } from '../../src/kube/discovery.ts';
import type { OwnerReference } from '../../src/model/resource.ts';
import { needsOf } from '../../src/record/needs.ts';

test('what a target owns is found behind a thousand others of its type', async () => {
  await using cluster = await DemoCluster.start({ clock: systemClock, seed: 1 });
  await using client = createClient(cluster.connection(), { clock: systemClock });
  const { signal } = new AbortController();
  const create = (storage: string, metadata: { readonly name: string; readonly ownerReferences?: OwnerReference[] }) =>
    cluster.create(storage, 'shop', { metadata });
  // Of Deployments it is known what they own; of any other kind the cluster tells.
  const root = { group: '', version: 'v1', resource: 'services', kind: 'Service', namespace: 'shop', name: 'web' };
  const { apiVersion, kind, metadata } = create('services', { name: 'web' });
  for (let index = 0; index < 1100; index += 1) create('configmaps', { name: `other-${index}` });
  create('configmaps', { name: 'zz-own', ownerReferences: [{ apiVersion, kind, name: 'web', uid: metadata.uid }] });
  const needs = await needsOf({ client, discovery: await discover(client, signal), roots: [root] }, signal);
  const tiers = needs.filter(({ resource }) => resource === 'configmaps').map(({ tier }) => tier);
  assert.deepEqual(tiers, ['owned']);
});
