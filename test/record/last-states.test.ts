import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '../../src/demo/clock.ts';
import type { FaultRequest } from '../../src/demo/faults.ts';
import type { SimulatedCluster } from '../../src/demo/simulated-cluster.ts';
import type { KubeClient, ListOptions } from '../../src/kube/client.ts';
import { FaroError } from '../../src/model/errors.ts';
import type { KubeObject, ResourceType } from '../../src/model/resource.ts';
import type { EndConditions } from '../../src/record/end.ts';
import { lastStates } from '../../src/record/last-states.ts';
import type { RecordedObject } from '../../src/record/placement.ts';
import { deployWeb, scaleWeb } from './root.ts';
import { SimulatedRecording, settle } from './simulated-recording.ts';
import { storyOn } from './simulation/story.ts';

/** Scales what is ready from two pods to three; states of pods come late, each by so much more. */
async function record({ ms, isInterrupted = false }: { readonly ms: number; readonly isInterrupted?: boolean }) {
  const command = Promise.withResolvers<void>();
  const end: Partial<EndConditions> = isInterrupted ? {} : { until: 'ready', after: command.promise };
  await using recording = await SimulatedRecording.start({ seed: 5, runMs: 8000, prepare: deployWeb, end });
  await recording.advance(5000);
  const { cluster } = recording;
  const isOfPods = (call: FaultRequest) => call.verb === 'watch' && call.resource === 'pods';
  cluster.faults.add(isOfPods, { type: 'lag', ms }, 9);
  cluster.api.server.breakConnections();
  await recording.advance(3000);
  scaleWeb(cluster, 3);
  if (isInterrupted) await recording.advance(3000);
  else command.resolve();
  await (isInterrupted ? recording.end() : recording.ended());
  const { head } = await storyOn(recording.disk);
  const gaps = head.gaps.flatMap(({ of, cause }) => (of.resource === undefined ? [] : [`${of.resource}: ${cause}`]));
  return { untold: untoldPods(cluster, recording), complete: head.metadata.complete, gaps };
}

/** Pods of which another state was recorded last than they have. */
function untoldPods(cluster: SimulatedCluster, { records }: SimulatedRecording): string[] {
  const told = new Map<string, string>();
  for (const record of records)
    if (record.kind === 'object') told.set(record.object.metadata.uid, record.object.metadata.resourceVersion);
  const pods = cluster.store.list(cluster.type('pods'), 'shop').map(({ metadata }) => metadata);
  return pods.flatMap(({ name, uid, resourceVersion }) => (told.get(uid) === resourceVersion ? [] : name));
}

test('a goal that is met does not end a recording before the last states of a pod, which lag behind', async () => {
  assert.deepEqual(await record({ ms: 400 }), { untold: [], complete: true, gaps: [] });
});

test('an interrupt does not end a recording before the last states of a pod, which lag behind', async () => {
  assert.deepEqual(await record({ ms: 900, isInterrupted: true }), { untold: [], complete: true, gaps: [] });
});

test('a watch that lags behind for longer than is waited for leaves a gap', async () => {
  const { untold, complete, gaps } = await record({ ms: 3000 });
  assert.equal(untold.length, 1);
  assert.equal(complete, false);
  assert.deepEqual(gaps, ['pods: interrupted']);
});

const POD_TYPE: ResourceType = {
  ...{ group: '', version: 'v1', resource: 'pods', kind: 'Pod', singular: 'pod', shortNames: [], namespaced: true },
  verbs: ['list', 'watch'],
};
const SELECTOR = { selector: { matchLabels: { app: 'web' } } };

function pod(uid: string, resourceVersion: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: uid, namespace: 'shop', uid, resourceVersion } };
}

type Answer = (options: ListOptions) => { readonly items: readonly KubeObject[]; readonly continue?: string };

/** What becomes of it where these pods were recorded, all of the story, and how long that takes. */
async function compare(recorded: readonly KubeObject[], answer: Answer) {
  const clock = new SimulatedClock();
  const asked: ListOptions[] = [];
  const client: Pick<KubeClient, 'list'> = {
    async list(_type, options) {
      asked.push(options);
      return { continue: undefined, resourceVersion: '100', ...answer(options) };
    },
  };
  const states = new Map<string, RecordedObject>(
    recorded.map((object) => [object.metadata.uid, { resource: 'pods', object, isDeleted: false }]),
  );
  const root = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: pod('web', '1').metadata, spec: SELECTOR };
  const placement = {
    recorded: [...states.values()],
    recordedState: (uid: string) => states.get(uid),
    isMember: (uid: string) => states.has(uid),
    roots: [root],
  };
  const work = lastStates(
    [{ type: POD_TYPE, namespace: 'shop' }],
    { client, clock, placement, awaits: () => false },
    new AbortController().signal,
  );
  const from = clock.now();
  let tookMs = Number.NaN;
  const done = work.then(({ hasWaited, behind }) => {
    tookMs = clock.now() - from;
    return { hasWaited, isBehind: behind.length > 0 };
  });
  await clock.advance(60_000, settle);
  return { ...(await done), tookMs, asked: asked.map(({ labelSelector }) => labelSelector) };
}

test('where nothing lags behind, each place is asked for once, and nothing waits', async () => {
  const stranger = { ...pod('c', '3') };
  const items = [pod('a', '1'), pod('b', '9'), stranger];
  const done = { hasWaited: false, isBehind: false, tookMs: 0, asked: [undefined] };
  assert.deepEqual(await compare([pod('a', '1'), pod('b', '10')], () => ({ items })), done);
});

for (const [what, items] of [
  ['a state', [pod('a', '10')]],
  ['a deletion', []],
] as const)
  test(`${what} that does not come in ten seconds is waited for no longer`, async () => {
    const done = { hasWaited: true, isBehind: true, tookMs: 10_000, asked: [undefined] };
    assert.deepEqual(await compare([pod('a', '9')], () => ({ items })), done);
  });

test('in a crowd the pods are asked for that the roots select', async () => {
  const crowd: Answer = ({ labelSelector }) =>
    labelSelector === undefined ? { items: [pod('z', '1')], continue: 'more' } : { items: [pod('a', '10')] };
  const { isBehind, asked } = await compare([pod('a', '9'), pod('b', '1')], crowd);
  assert.equal(isBehind, true);
  assert.deepEqual(asked, [undefined, 'app=web']);
});

test('what a server does not tell is not waited for', async () => {
  const refused: Answer = () => {
    throw new FaroError('unreachable', 'a planned fault');
  };
  const { hasWaited, tookMs } = await compare([pod('a', '9')], refused);
  assert.deepEqual([hasWaited, tookMs], [false, 0]);
});
