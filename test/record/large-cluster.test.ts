import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fault, FaultRequest } from '../../src/demo/faults.ts';
import { seededRandom } from '../../src/demo/random.ts';
import type { SimulatedCluster } from '../../src/demo/simulated-cluster.ts';
import type { JournalRecord } from '../../src/model/record.ts';
import type { ResourceType } from '../../src/model/resource.ts';
import { millisecondsOf } from '../../src/model/time.ts';
import { SimulatedRecording } from './simulated-recording.ts';

const TYPES = 300;
const STRANGERS = 40;
const CROWD = 20;
/** What the recorder lists at once: of what it searches, and of what is of the story. */
const LISTS_AT_ONCE = 16;

/** Three hundred types without objects, and more pods than are watched whole for the sake of two. */
function prepare(cluster: SimulatedCluster): void {
  for (let index = 0; index < STRANGERS; index += 1)
    cluster.create('pods', 'shop', { metadata: { name: `stranger-${index}` }, spec: { containers: [] } });
  const template = { spec: { containers: [{ name: 'web', image: 'sim/calm:1' }] } };
  const spec = { replicas: 2, selector: { matchLabels: { app: 'web' } }, template };
  cluster.create('deployments.apps', 'shop', { metadata: { name: 'web', labels: { app: 'web' } }, spec });
}

function customType(index: number): ResourceType {
  const name = `kind${index}`;
  return {
    group: `group${index % 10}.example.com`,
    version: 'v1',
    resource: `${name}s`,
    kind: `Kind${index}`,
    singular: name,
    shortNames: [],
    namespaced: true,
    verbs: ['get', 'list', 'watch'],
  };
}

interface Crowded extends AsyncDisposable {
  readonly recording: SimulatedRecording;
  /** When lists and watches were asked for, in milliseconds. */
  readonly asked: number[];
}

/** Records while every list and watch that `isStruck` picks meets with a fault. */
async function record(
  isStruck: (request: FaultRequest, at: number) => boolean,
  fault: Fault,
  count = TYPES,
): Promise<Crowded> {
  const types = Array.from({ length: count }, (_, index) => customType(index));
  const asked: number[] = [];
  const watched = (cluster: SimulatedCluster) => {
    const strikes = (request: FaultRequest): boolean => {
      if (request.verb !== 'watch' && request.verb !== 'list') return false;
      asked.push(cluster.api.clock.now());
      return isStruck(request, cluster.api.clock.now());
    };
    cluster.faults.add(strikes, fault, Number.POSITIVE_INFINITY);
    prepare(cluster);
  };
  const recording = await SimulatedRecording.start({
    seed: 11,
    random: seededRandom(3),
    crowd: CROWD,
    types,
    prepare: watched,
  });
  return { recording, asked, [Symbol.asyncDispose]: () => recording[Symbol.asyncDispose]() };
}

function ownPods(records: readonly JournalRecord[]): ReadonlySet<string> {
  const pods = records.flatMap((record) =>
    record.kind === 'object' && record.object.kind === 'Pod' ? [record.object.metadata.name] : [],
  );
  return new Set(pods);
}

/** The most that came within any `ms`. */
function mostWithin(times: readonly number[], ms: number): number {
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + ms).length));
}

test('among hundreds of types and of pods, a workload is recorded before what has nothing to do with it is asked for', async () => {
  await using crowded = await record(() => true, { type: 'delay', ms: 2000 });
  const { recording, asked } = crowded;
  for (let seconds = 0; ownPods(recording.records).size < 2; seconds += 1) {
    assert.ok(seconds < 60, 'the pods of the workload are recorded');
    await recording.advance(1000);
  }
  assert.ok(asked.length < 60, `${asked.length} lists were asked for before`);
  await recording.advance(100_000);
  assert.ok(asked.length > TYPES, 'every type was asked for in the end');
  assert.ok(mostWithin(asked, 2000) <= LISTS_AT_ONCE, 'a watch cache that is slow is not asked for all at once');
});

test('a recording says that it has begun when what is there is recorded', async () => {
  await using crowded = await record(() => true, { type: 'delay', ms: 2000 }, 0);
  const { recording } = crowded;
  await recording.advance(30_000);
  const found = recording.records.flatMap((record) =>
    record.kind === 'object' && record.action === 'found' ? [millisecondsOf(record.observed)] : [],
  );
  assert.ok(found.length >= 4 && Math.max(...found) <= recording.listedAt);
});

test('a server that sheds its load is asked again no sooner than it says, and not by all at once', async () => {
  let isOverloaded = false;
  const refusal = { type: 'status', status: 429, reason: 'TooManyRequests', retryAfter: 10 } as const;
  await using crowded = await record(() => isOverloaded, refusal);
  const { recording, asked } = crowded;
  const { cluster, records } = recording;
  await recording.advance(20_000);
  isOverloaded = true;
  asked.length = 0;
  const brokenAt = recording.clock.now();
  cluster.api.server.breakConnections();
  await recording.advance(35_000);
  isOverloaded = false;
  cluster.change('deployments.apps', 'shop', 'web', (web) => ({
    ...web,
    spec: { ...(web.spec as object), replicas: 3 },
  }));
  await recording.advance(30_000);
  const again = asked.filter((at) => at > brokenAt + 5000);
  assert.ok(Math.min(...again) >= brokenAt + 10_000, 'nobody comes back before the server wants to be asked');
  assert.ok(mostWithin(again, 100) < TYPES / 2, `${mostWithin(again, 100)} came back within a tenth of a second`);
  assert.equal(ownPods(records).size, 3, 'the recording goes on');
  assert.deepEqual(
    records.filter(({ kind }) => kind === 'gap'),
    [],
    'the watches went on from where they were',
  );
});

test('where the history of every type is lost, they are listed anew a few at a time', async () => {
  await using crowded = await record(() => true, { type: 'delay', ms: 1000 });
  const { recording, asked } = crowded;
  const { cluster, clock, records } = recording;
  await recording.advance(120_000);
  const back = cluster.restartApiServer(2000);
  cluster.create('configmaps', 'shop', { metadata: { name: 'stranger' } });
  asked.length = 0;
  await recording.through(back);
  const isBackAt = clock.now();
  await recording.advance(120_000);
  assert.ok(asked.length > 2 * TYPES, `${asked.length} requests: each was asked for its history, and then for a list`);
  const lists = asked.filter((at) => at > isBackAt + 2000);
  assert.ok(mostWithin(lists, 1000) < TYPES / 10, `${mostWithin(lists, 1000)} lists were asked for within a second`);
  const expired = records.flatMap((record) => (record.kind === 'gap' ? record.gap.cause : []));
  assert.ok(expired.length > 0 && expired.every((cause) => cause === 'expired'), 'what may have been missed is stated');
});
