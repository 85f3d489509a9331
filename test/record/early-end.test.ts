import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimulatedCluster } from '../../src/demo/simulated-cluster.ts';
import { deployWeb } from './root.ts';
import { SimulatedRecording, type SimulatedRecordingOptions } from './simulated-recording.ts';
import { simulateEarlyEnd } from './simulation/early-end.ts';
import { judge } from './simulation/judge.ts';
import { storyOn } from './simulation/story.ts';

/** Records a workload that is ready already; of one type, or of none, each call takes so long. */
function record(late: string | undefined, options: Partial<SimulatedRecordingOptions> & { readonly lateMs?: number }) {
  const { lateMs = 20_000, ...how } = options;
  const prepare = (cluster: SimulatedCluster) => {
    deployWeb(cluster);
    const isLate = ({ resource }: { readonly resource: string }) => resource === late;
    cluster.faults.add(isLate, { type: 'delay', ms: lateMs }, 2);
  };
  return SimulatedRecording.start({ seed: 5, runMs: 8000, prepare, ...how });
}

async function headOf(recording: SimulatedRecording) {
  const { head } = await storyOn(recording.disk);
  const kinds = [...new Set(head.objects.map(({ kind }) => kind))];
  const gaps = head.gaps.flatMap(({ of, cause }) => ('resource' in of ? [`${of.resource}: ${cause}`] : []));
  return { ...head.metadata, kinds, gaps: [...new Set(gaps)].sort() };
}

const NEEDED = ['deployments', 'replicasets', 'pods', 'events'];

for (const late of NEEDED)
  test(`a goal that is met already ends no recording before ${late} were listed`, async () => {
    await using recording = await record(late, { end: { until: 'ready' } });
    assert.equal((await recording.ended())?.ended, 'until:ready');
    const { kinds, gaps, complete, startTime, endTime } = await headOf(recording);
    for (const kind of ['Deployment', 'ReplicaSet', 'Pod']) assert.ok(kinds.includes(kind), kind);
    assert.deepEqual(gaps, []);
    assert.equal(complete, true);
    assert.ok(Date.parse(endTime) - Date.parse(startTime) > 20_000);
  });

test('a goal that is met does not wait for what only explains the story, or cannot be of it', async () => {
  await using recording = await record('configmaps', { end: { until: 'ready' } });
  await recording.ended();
  const { gaps, startTime, endTime } = await headOf(recording);
  assert.deepEqual(gaps, []);
  assert.ok(Date.parse(endTime) - Date.parse(startTime) < 5000);
});

test('a goal whose lists are not answered in time has failed, and its story says what it lacks', async () => {
  await using recording = await record('pods', { end: { until: 'ready', timeoutMs: 3000 } });
  const result = await recording.ended();
  assert.deepEqual([result?.ended, result?.goal], ['timeout', 'failed']);
  assert.equal(result?.reason, 'not ready within 3s: ready at last, but what belongs to it had not been listed yet');
  assert.deepEqual((await headOf(recording)).gaps, ['pods: interrupted']);
});

for (const late of ['deployments', 'pods'])
  test(`a goal says now and then, and since when, that it waits for ${late}, whose list fails`, async () => {
    const said: { readonly at: number; readonly waitingFor: readonly string[] }[] = [];
    const prepare = (cluster: SimulatedCluster) => {
      deployWeb(cluster);
      const failure = { type: 'status', status: 503, reason: 'ServiceUnavailable' } as const;
      cluster.faults.add(({ resource }) => resource === late, failure, 1000);
    };
    await using recording = await SimulatedRecording.start({
      ...{ seed: 5, runMs: 8000, prepare, end: { until: 'ready' } },
      warn: (fields, message) => {
        if (!message.startsWith('--until waits for')) return;
        said.push({ at: recording.clock.now() - from, ...(fields as { readonly waitingFor: readonly string[] }) });
      },
    });
    const from = recording.clock.now();
    await recording.advance(100_000);
    assert.deepEqual(
      said.map(({ at }) => at),
      [10_000, 30_000, 70_000],
    );
    for (const { waitingFor } of said)
      assert.match(
        waitingFor.join('; '),
        new RegExp(`^${late}.* in shop since 2026-11-23T12:00:09.*: a planned fault$`),
      );
    recording.cluster.faults.clear();
    assert.equal((await recording.ended())?.ended, 'until:ready');
  });

for (const late of NEEDED)
  for (const isSignal of [true, false])
    test(`${isSignal ? 'an interrupt' : '--for'} before ${late} were listed leaves a gap of them`, async () => {
      await using recording = await record(late, isSignal ? {} : { end: { forMs: 0 } });
      await (isSignal ? recording.end() : recording.ended());
      const { gaps, complete } = await headOf(recording);
      const storage = late === 'deployments' || late === 'replicasets' ? `${late}.apps` : late;
      assert.ok(gaps.includes(`${storage}: interrupted`), gaps.join(', '));
      assert.equal(complete, false);
    });

test('a pod that was seen, and of which no state had come when the recording ended, is missing in a gap', async () => {
  await using recording = await record(undefined, { end: {} });
  await recording.advance(5000);
  // The second watch of pods, of whole states, begins behind that of their names.
  const { cluster } = recording;
  cluster.faults.add(({ verb, resource }) => verb === 'watch' && resource === 'pods', { type: 'delay', ms: 60_000 }, 9);
  cluster.api.server.breakConnections();
  await recording.advance(2000);
  await recording.end();
  const { gaps, complete } = await headOf(recording);
  assert.ok(gaps.includes('pods: expired'), gaps.join(', '));
  assert.equal(complete, false);
});

const SEEDS = 60;
/**
 * Each failed once: what a watch between its list and its stream missed; pods whose owner was known by its name alone; a pod
 * that was found by its labels, and was gone before its own list; what came and went while a first list failed.
 */
const MENDED = [22, 53, 83, 160, 316, 1176, 700334, 935321];

test(`recordings that end before, while or soon after types are first listed are exact, or say what they lack (${SEEDS} seeds)`, async () => {
  for (const seed of [...MENDED, ...Array.from({ length: SEEDS }, (_, at) => at + 1)]) {
    await using outcome = await simulateEarlyEnd(seed);
    try {
      for (const told of outcome.told) judge(told);
    } catch (cause) {
      throw new Error(`seed ${seed}`, { cause });
    }
  }
});
