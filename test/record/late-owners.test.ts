import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimulatedCluster } from '../../src/demo/simulated-cluster.ts';
import type { KubeObject } from '../../src/model/resource.ts';
import { deployWeb, scaleWeb } from './root.ts';
import { SimulatedRecording } from './simulated-recording.ts';
import { judge } from './simulation/judge.ts';
import { storyOn } from './simulation/story.ts';

/** A recording whose watches have begun again, that of ReplicaSets with so much delay. */
async function seeOwnersLate(ms: number): Promise<SimulatedRecording> {
  const recording = await SimulatedRecording.start({ seed: 5 });
  const { cluster } = recording;
  await recording.advance(5000);
  cluster.faults.add(({ verb, resource }) => verb === 'watch' && resource === 'replicasets', { type: 'delay', ms });
  cluster.api.server.breakConnections();
  await recording.advance(2000);
  return recording;
}

/** A pod that no node runs. */
function createPod(cluster: SimulatedCluster, name: string, owner?: KubeObject): KubeObject {
  return cluster.create('pods', 'shop', { metadata: { name, ...ownedBy(owner) }, spec: { containers: [] } });
}

function ownedBy(owner: KubeObject | undefined): Partial<KubeObject['metadata']> {
  if (owner === undefined) return {};
  const { apiVersion, kind } = owner;
  return { ownerReferences: [{ apiVersion, kind, name: owner.metadata.name, uid: owner.metadata.uid }] };
}

function only(cluster: SimulatedCluster, storage: string): KubeObject {
  const [first, ...others] = cluster.store.list(cluster.type(storage), 'shop');
  assert.ok(first !== undefined && others.length === 0, `one of ${storage}`);
  return first;
}

/** Ends the recording, compares it with the truth, and returns what is missing and the gaps that say so. */
async function lacksOf(recording: SimulatedRecording) {
  const { cluster } = recording;
  const to = recording.clock.now();
  await recording.end();
  const story = await storyOn(recording.disk);
  const { statesMissing } = judge({ cluster, story, from: recording.listedAt, to, skewMs: 0, route: 'auto' });
  return { statesMissing, gaps: gapsIn(recording) };
}

function gapsIn({ records }: SimulatedRecording): readonly string[] {
  return records.flatMap((record) =>
    record.kind === 'gap' && 'resource' in record.gap.of ? [`${record.gap.of.resource}: ${record.gap.cause}`] : [],
  );
}

test('a pod whose owner is seen when the full watch of pods has begun behind its first states lacks them, and that is said', async () => {
  await using recording = await seeOwnersLate(100_000);
  const { cluster } = recording;
  deployWeb(cluster);
  await recording.advance(80_000);
  createPod(cluster, 'known', only(cluster, 'deployments.apps')); // in the story from its first state
  await recording.advance(40_000);
  const { statesMissing, gaps } = await lacksOf(recording);
  assert.ok(statesMissing > 0);
  assert.deepEqual(gaps, ['pods: late-owner']);
});

test('a pod that is adopted when the full watch of pods has begun lacks nothing', async () => {
  await using recording = await SimulatedRecording.start({ seed: 5 });
  const { cluster } = recording;
  createPod(cluster, 'adopted');
  await recording.advance(2000);
  deployWeb(cluster);
  await recording.advance(10_000);
  const owner = only(cluster, 'deployments.apps');
  cluster.change('pods', 'shop', 'adopted', (pod) => ({ ...pod, metadata: { ...pod.metadata, ...ownedBy(owner) } }));
  await recording.advance(10_000);
  await recording.end();
  assert.deepEqual(gapsIn(recording), []); // what it was before is not of the story
});

test('pods that came and went before their owner was seen, and were too many, are forgotten, and that is said', async () => {
  for (const isWhole of [false, true]) {
    await using recording = await seeOwnersLate(50_000);
    const { cluster } = recording;
    deployWeb(cluster);
    scaleWeb(cluster, 0);
    if (isWhole) createPod(cluster, 'known', only(cluster, 'deployments.apps')); // so that all pods are watched whole
    await recording.advance(100);
    const owner = only(cluster, 'replicasets.apps');
    for (let index = 0; index < 1010; index += 1) {
      createPod(cluster, `pod-${index}`, owner);
      cluster.store.delete(cluster.pods, 'shop', `pod-${index}`);
      if (index === 9) await recording.advance(10_000);
    }
    await recording.advance(60_000);
    const { statesMissing, gaps } = await lacksOf(recording);
    assert.equal(statesMissing === 0, isWhole); // only their logs are missing then
    assert.deepEqual(gaps, ['pods: late-owner']);
  }
});

test('where the owner of what was seen is not listed until the end, what may be missing of it is said', async () => {
  await using recording = await seeOwnersLate(1_000_000);
  const { cluster } = recording;
  deployWeb(cluster);
  await recording.advance(20_000);
  const { statesMissing, gaps } = await lacksOf(recording);
  assert.ok(statesMissing > 0);
  assert.ok(gaps.includes('pods: late-owner'), `of ${gaps}`);
});

test('a watch that fails until the end puts nothing in doubt that objects of its type do not own', async () => {
  await using recording = await SimulatedRecording.start({ seed: 5 });
  const { cluster } = recording;
  createPod(cluster, 'static', {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'node-1', uid: 'a-node', resourceVersion: '1' },
  });
  const refusal = { type: 'status', status: 503, reason: 'ServiceUnavailable' } as const;
  cluster.faults.add(({ resource }) => resource === 'configmaps', refusal, 1000);
  cluster.api.server.breakConnections();
  await recording.advance(20_000);
  await recording.end();
  assert.deepEqual(gapsIn(recording), []);
});
