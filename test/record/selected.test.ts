import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '../../src/demo/clock.ts';
import type { SimulatedCluster } from '../../src/demo/simulated-cluster.ts';
import type { ListOptions, ListPage } from '../../src/kube/client.ts';
import { ApiError } from '../../src/kube/error.ts';
import type { KubeObject } from '../../src/model/resource.ts';
import { Slots } from '../../src/model/slots.ts';
import { podSelectorsOf, selectedObjects } from '../../src/record/selected.ts';
import { PODS } from '../kube/wire/types.ts';
import { deployWeb } from './root.ts';
import { SimulatedRecording, through } from './simulated-recording.ts';

const NEVER = new AbortController().signal;

function pod(name: string) {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, uid: name, resourceVersion: '1' } };
}

/** Finds names where so many pods are, and each selector selects those that are given for it. */
async function find(
  { pods, selected, clock = new SimulatedClock() }: Partial<World>,
  selectors: Promise<readonly string[]>,
) {
  const asked: string[] = [];
  const list = async (_type: unknown, { labelSelector = '', limit = 0 }: ListOptions): Promise<ListPage> => {
    asked.push(labelSelector);
    const names = labelSelector === '' ? Array.from({ length: pods ?? 0 }, String) : (selected?.[labelSelector] ?? []);
    const remaining = labelSelector === '' ? { remaining: Math.max(0, names.length - limit) } : {};
    const items = names.slice(0, limit).map(pod);
    return { items, resourceVersion: '9', continue: items.length < names.length ? 'more' : undefined, ...remaining };
  };
  const how = { client: { list }, clock, lists: new Slots(1), type: PODS, namespace: 'shop', crowd: 20 };
  const found = await through(clock, selectedObjects({ ...how, selectors }, NEVER));
  assert.ok(found.every(({ uid, name, from }) => uid === name && from === '9'));
  return { names: found.map(({ name }) => name), asked };
}

interface World {
  readonly pods: number;
  readonly selected: Readonly<Record<string, readonly string[]>>;
  readonly clock: SimulatedClock;
}

const WANTED = Promise.resolve(['app=web', 'app=db,tier=back']);

test('in a crowd, what the selectors select is found by its labels', async () => {
  const selected = { 'app=web': ['web-a', 'web-b'], 'app=db,tier=back': ['db-a', 'web-b'] };
  const { names, asked } = await find({ pods: 21, selected }, WANTED);
  assert.deepEqual(names, ['web-a', 'web-b', 'db-a']);
  assert.deepEqual(asked, ['', 'app=web', 'app=db,tier=back']);
});

test('where there is no crowd, nothing is found, for one question', async () => {
  const { names, asked } = await find({ pods: 20, selected: { 'app=web': ['web-a'] } }, WANTED);
  assert.deepEqual({ names, asked }, { names: [], asked: [''] });
});

test('of more than can be watched one by one none is found', async () => {
  const many = Array.from({ length: 41 }, (_, index) => `web-${index}`);
  assert.deepEqual((await find({ pods: 99, selected: { 'app=web': many } }, WANTED)).names, []);
  assert.equal((await find({ pods: 99, selected: { 'app=web': many.slice(1) } }, WANTED)).names.length, 40);
});

test('a root that is not seen soon is not waited for', async () => {
  const clock = new SimulatedClock();
  const startedAt = clock.now();
  const { names } = await find({ pods: 99, clock }, new Promise(() => undefined));
  assert.deepEqual(names, []);
  assert.equal(clock.now() - startedAt, 5000);
});

test('a server that refuses to say finds nothing', async () => {
  const list = async () => Promise.reject(new ApiError(403, 'no', { reason: 'Forbidden' }));
  const how = { client: { list }, lists: new Slots(1), type: PODS, namespace: 'shop', selectors: WANTED };
  assert.deepEqual(await selectedObjects({ ...how, clock: new SimulatedClock() }, NEVER), []);
});

test('the selector of a workload is that of all its labels', () => {
  const workload = (matchLabels: object | undefined, namespace = 'shop') => {
    const { metadata, ...named } = pod('web');
    return { ...named, metadata: { ...metadata, namespace }, spec: { selector: { matchLabels } } };
  };
  const labels = { app: 'web', tier: 'a' };
  const workloads = [
    workload(labels),
    workload({}),
    workload(undefined),
    workload({ app: 'db' }),
    workload(labels, 'b'),
  ];
  assert.deepEqual(podSelectorsOf(workloads, 'shop'), ['app=web,tier=a', 'app=db']);
});

/** A pod that no node runs. */
function createPod(cluster: SimulatedCluster, name: string, owned = true): void {
  const [web] = cluster.store.list(cluster.type('deployments.apps'), 'shop');
  assert.ok(web !== undefined);
  const ownerReferences = [{ apiVersion: web.apiVersion, kind: web.kind, name: 'web', uid: web.metadata.uid }];
  const metadata = { name, labels: { app: 'web' }, ...(owned ? { ownerReferences } : {}) };
  cluster.create('pods', 'shop', { metadata, spec: { containers: [] } });
}

test('what was found by its labels is told whatever becomes of it: a new pod of its name, other labels, no owner any more', async () => {
  const prepare = (cluster: SimulatedCluster) => {
    for (let index = 0; index < 30; index += 1)
      cluster.create('pods', 'shop', { metadata: { name: `stranger-${index}` }, spec: { containers: [] } });
    deployWeb(cluster);
    for (const name of ['again', 'relabelled', 'released']) createPod(cluster, name);
    createPod(cluster, 'of-nobody', false);
  };
  await using recording = await SimulatedRecording.start({ seed: 5, crowd: 20, prepare });
  const { cluster } = recording;
  await recording.advance(5000);
  const before = Number(cluster.store.resourceVersion);
  const change = (name: string, metadata: object) =>
    cluster.change('pods', 'shop', name, (is) => ({ ...is, metadata: { ...is.metadata, ...metadata } }));
  cluster.store.delete(cluster.pods, 'shop', 'again');
  change('relabelled', { labels: { app: 'other' } });
  change('released', { ownerReferences: [] });
  change('of-nobody', { labels: {} });
  await recording.advance(1000);
  createPod(cluster, 'again');
  change('relabelled', { annotations: { still: 'told' } });
  createPod(cluster, 'new');
  await recording.advance(5000);
  await recording.end();
  assert.ok(!recording.records.some(({ kind }) => kind === 'gap'));
  const told = recording.records.flatMap((record) => (record.kind === 'object' ? [record.object] : []));
  const happened = (cluster.store.since(cluster.pods, before) ?? []).map(({ object }) => object);
  const statesOf = (objects: readonly KubeObject[], name: string) =>
    objects
      .filter(({ kind, metadata }) => kind === 'Pod' && metadata.name === name)
      .map(({ metadata }) => Number(metadata.resourceVersion))
      .filter((version) => version > before);
  for (const name of ['again', 'relabelled', 'released', 'new']) {
    assert.ok(statesOf(happened, name).length > 0);
    assert.deepEqual(statesOf(told, name), statesOf(happened, name), name);
  }
  assert.deepEqual(statesOf(told, 'of-nobody'), []);
  const byName = recording.records.flatMap((record) => (record.kind === 'watched' ? (record.name ?? []) : []));
  assert.ok(
    ['again', 'of-nobody'].every((name) => byName.includes(name)),
    'labels are all that was known of them',
  );
});

for (const isCompacted of [false, true])
  test(`what was found by its labels, and was gone before its own list, is told${isCompacted ? ' as a gap where the history is lost' : ''}`, async () => {
    const prepare = (cluster: SimulatedCluster) => {
      for (let index = 0; index < 30; index += 1)
        cluster.create('pods', 'shop', { metadata: { name: `stranger-${index}` }, spec: { containers: [] } });
      deployWeb(cluster);
      createPod(cluster, 'gone');
      const isWatch = ({ verb, resource }: { verb: string; resource: string }) =>
        verb === 'watch' && resource === 'pods';
      cluster.faults.add(isWatch, { type: 'delay', ms: 3000 }, 100);
    };
    await using recording = await SimulatedRecording.start({ seed: 5, crowd: 20, runMs: 2000, prepare });
    const { cluster, records } = recording;
    await recording.advance(1000);
    cluster.store.delete(cluster.pods, 'shop', 'gone');
    if (isCompacted) cluster.store.compact();
    await recording.advance(20_000);
    await recording.end();
    const told = records.flatMap((record) =>
      record.kind === 'object' && record.object.metadata.name === 'gone' ? [record.action] : [],
    );
    const gaps = records.flatMap((record) =>
      record.kind === 'gap' && 'resource' in record.gap.of ? [`${record.gap.of.resource}: ${record.gap.cause}`] : [],
    );
    assert.deepEqual(
      { told, gaps },
      isCompacted ? { told: [], gaps: ['pods: expired'] } : { told: ['found', 'deleted'], gaps: [] },
    );
  });
