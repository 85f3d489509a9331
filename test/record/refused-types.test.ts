import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FaultRequest } from '../../src/demo/faults.ts';
import type { SimulatedCluster } from '../../src/demo/simulated-cluster.ts';
import { deployWeb, scaleWeb } from './root.ts';
import { SimulatedRecording } from './simulated-recording.ts';
import { judge } from './simulation/judge.ts';
import { storyOn } from './simulation/story.ts';

/** What the server says of a type. */
type Answer = 'served' | 'forbidden' | 'not served' | 'failing';

function answer(cluster: SimulatedCluster, storage: string, answers: Answer): void {
  const resource = storage.split('.')[0];
  const type = KEPT.get(cluster) ?? cluster.type(storage);
  KEPT.set(cluster, type);
  const isServed = cluster.api.types.includes(type);
  if (isServed && answers === 'not served') cluster.withdraw(type);
  if (!isServed && answers !== 'not served') cluster.serve(type);
  cluster.faults.clear();
  const isOfType = (request: FaultRequest) => request.resource === resource && request.verb !== 'log';
  const fault = FAULTS[answers];
  if (fault !== undefined) cluster.faults.add(isOfType, { type: 'status', ...fault }, 1000);
  cluster.api.server.breakConnections();
}

const FAULTS: Partial<Record<Answer, { readonly status: number; readonly reason: string }>> = {
  forbidden: { status: 403, reason: 'Forbidden' },
  failing: { status: 503, reason: 'ServiceUnavailable' },
};

const KEPT = new WeakMap<SimulatedCluster, ReturnType<SimulatedCluster['type']>>();

/** Records while a type is answered so, one after the other for 80 s each; pods come and go in all of them. */
async function record(storage: string, answers: readonly Answer[]) {
  const prepare = (cluster: SimulatedCluster) => {
    deployWeb(cluster);
    answer(cluster, storage, answers[0] ?? 'served');
  };
  await using recording = await SimulatedRecording.start({ seed: 5, prepare });
  const { cluster } = recording;
  for (const [at, next] of answers.entries()) {
    if (at > 0) answer(cluster, storage, next);
    for (const replicas of [0, 1, 2]) {
      scaleWeb(cluster, replicas);
      await recording.advance(27_000);
    }
  }
  const to = recording.clock.now();
  await recording.end();
  const story = await storyOn(recording.disk);
  const verdict = judge({ cluster, story, from: recording.listedAt, to, skewMs: 0, route: 'auto' });
  const { gaps, metadata } = story.head;
  const own = gaps.filter(({ of }) => of.resource === storage);
  const told = own.map(({ cause, to }) => `${cause}${to === metadata.endTime ? ' to the end' : ''}`);
  return { ...verdict, gaps: told.sort(), complete: metadata.complete };
}

const SEQUENCES: readonly (readonly [readonly Answer[], readonly string[]])[] = [
  [['forbidden', 'not served', 'served'], ['forbidden']],
  [['not served', 'forbidden', 'served'], ['forbidden']],
  [['not served', 'forbidden', 'not served', 'served'], ['forbidden']],
  [['not served', 'forbidden'], ['forbidden to the end']],
  [['forbidden', 'not served'], ['forbidden to the end']],
  [['served', 'forbidden', 'not served', 'served'], ['forbidden']],
  [['served', 'not served', 'forbidden', 'served'], ['forbidden']],
  [['served', 'not served', 'forbidden'], ['forbidden to the end']],
  [['served', 'failing', 'forbidden', 'served'], ['forbidden']],
  [['served', 'failing', 'forbidden'], ['forbidden to the end']],
];

for (const [answers, gaps] of SEQUENCES)
  test(`pods that are ${answers.join(', then ')} are in one gap from when they were last heard of until they are listed`, async () => {
    const played = await record('pods', answers);
    assert.ok(played.statesMissing > 0);
    assert.deepEqual(played.gaps, gaps);
  });

for (const storage of ['replicasets.apps', 'deployments.apps'])
  for (const answers of [['forbidden'], ['forbidden', 'served'], ['served', 'forbidden']] as const)
    test(`${storage} that are ${answers.join(', then ')} are a gap, and so is what they may own`, async () => {
      const played = await record(storage, answers);
      assert.ok(played.statesMissing > 0);
      assert.deepEqual(played.gaps, [answers.at(-1) === 'forbidden' ? 'forbidden to the end' : 'forbidden']);
      assert.equal(played.complete, false);
    });
