import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FaultRequest } from '../../src/demo/faults.ts';
import type { SimulatedCluster } from '../../src/demo/simulated-cluster.ts';
import { isDeletion } from '../../src/model/action.ts';
import { instanceKey } from '../../src/model/instance.ts';
import type { JournalRecord, ObjectRecord } from '../../src/model/record.ts';
import type { KubeObject } from '../../src/model/resource.ts';
import { KilledRecording, type KilledRecordingOptions, storyOf } from './killed-recording.ts';
import { deployWeb, scaleWeb } from './root.ts';
import { judge } from './simulation/judge.ts';
import { programsOf } from './simulation/programs.ts';

interface Play extends Partial<KilledRecordingOptions> {
  /** Records that were not synced when the recorder was killed. */
  readonly unsynced?: number | ((recording: KilledRecording) => number);
  readonly image?: string;
  /** What happens before the kill. */
  readonly before?: (recording: KilledRecording) => Promise<void>;
  /** What happens once another one goes on. */
  readonly after?: (recording: KilledRecording) => void;
}

/** Records, kills the recorder, lets something happen meanwhile, resumes, and judges the whole. */
async function killedDuring(
  meanwhile: (recording: KilledRecording) => Promise<void>,
  { unsynced = 0, image, before, after, ...options }: Play = {},
) {
  const rest = { isQuiet: false };
  await using recording = await KilledRecording.start({
    seed: 5,
    programs: programsOf(rest),
    logs: { maxBytes: 2000, maxFiles: 5, intervalMs: 10_000 },
    prepare: (cluster) => deployWeb(cluster, image),
    ...options,
  });
  await recording.advance(20_000);
  await before?.(recording);
  await recording.kill(typeof unsynced === 'number' ? unsynced : unsynced(recording));
  await meanwhile(recording);
  await recording.resume();
  await recording.advance(30_000);
  after?.(recording);
  scaleWeb(recording.cluster, 3);
  await recording.advance(30_000);
  rest.isQuiet = true;
  await recording.advance(10_000);
  const to = recording.clock.now();
  await recording.end();
  const { cluster, records, listedAt: from, skewMs } = recording;
  const verdict = judge({ cluster, story: await storyOf(records), from, to, skewMs, route: options.route ?? 'auto' });
  const gaps = records.flatMap((record) =>
    record.kind === 'gap'
      ? [`${'resource' in record.gap.of ? record.gap.of.resource : 'log'}: ${record.gap.cause}`]
      : [],
  );
  return { records, verdict, gaps };
}

/** Nothing is missing, nothing comes twice, and nothing is called missing. */
function assertExact({ verdict, gaps }: Awaited<ReturnType<typeof killedDuring>>): void {
  const { statesMissing, linesMissing, overstated } = verdict;
  assert.deepEqual(gaps, []);
  assert.deepEqual({ statesMissing, linesMissing, overstated }, { statesMissing: 0, linesMissing: 0, overstated: 0 });
}

for (const unsynced of [0, 1, 7, 40])
  test(`a capture that is killed, with ${unsynced} records not on the disk, and resumed lacks nothing`, async () => {
    const played = await killedDuring((recording) => recording.advance(15_000), { unsynced });
    assertExact(played);
    assert.equal(played.records.filter(({ kind }) => kind === 'resume').length, 1);
  });

test('files that were rotated meanwhile are read through, those that had been read before are not read again', async () => {
  for (const ms of [5000, 12_000])
    assertExact(await killedDuring((recording) => recording.advance(ms), { image: 'sim/bursts:1' }));
});

test('what was rotated away meanwhile is a gap with its cause', async () => {
  const { verdict, records } = await killedDuring((recording) => recording.advance(240_000), { image: 'sim/bursts:1' });
  assert.ok(verdict.linesMissing > 0);
  const gap = records.find((record) => record.kind === 'gap' && 'container' in record.gap.of);
  assert.equal(gap?.kind === 'gap' ? gap.gap.cause : undefined, 'rotation');
});

test('states and logs of pods that came and went meanwhile are told as far as they can be had', async () => {
  const { verdict, records } = await killedDuring(async (recording) => {
    const { cluster } = recording;
    const [pod] = cluster.store.list(cluster.pods, 'shop');
    assert.ok(pod);
    cluster.store.delete(cluster.pods, 'shop', pod.metadata.name);
    await recording.advance(10_000);
  });
  assert.equal(verdict.statesMissing, 0, 'the watches go on where they were');
  assert.ok(records.some((record) => record.kind === 'gap' && record.gap.cause === 'instance-gone'));
});

test('a container that was started again meanwhile is read in both of its runs', async () => {
  const { verdict, records } = await killedDuring((recording) => recording.advance(4000), { image: 'sim/crash:1' });
  assert.equal(verdict.statesMissing, 0);
  const key = (record: JournalRecord) => (record.kind === 'streamOpened' ? instanceKey(record.instance) : undefined);
  const resumedAt = records.findIndex(({ kind }) => kind === 'resume');
  const before = new Set(records.slice(0, resumedAt).flatMap((record) => key(record) ?? []));
  const after = records.slice(resumedAt).flatMap((record) => key(record) ?? []);
  assert.ok(
    after.some((run) => !before.has(run)),
    'runs that began meanwhile',
  );
});

test('a history that was compacted meanwhile is a gap of each type, from when it was last heard of until it is listed', async () => {
  const { gaps, records } = await killedDuring(async (recording) => {
    const { cluster } = recording;
    scaleWeb(cluster, 0);
    await recording.advance(5000);
    cluster.store.compact();
    await recording.advance(5000);
  });
  for (const resource of ['deployments.apps', 'replicasets.apps', 'pods', 'events'])
    assert.ok(gaps.includes(`${resource}: killed`), resource);
  assert.ok(!gaps.some((gap) => gap.startsWith('nodes') || gap.startsWith('namespaces')), 'not of what only explains');
  const gone = records.filter((record) => record.kind === 'object' && record.action === 'deletedUnseen');
  assert.equal(gone.length, 2, 'pods that the list does not show any more');
});

test('a clock that was set back or forward meanwhile loses nothing', async () => {
  for (const skewMs of [-60_000, 60_000])
    assertExact(
      await killedDuring(async (recording) => {
        await recording.advance(5000);
        recording.skewMs = skewMs;
      }),
    );
});

test('a capture that is killed and resumed again and again lacks nothing', async () => {
  const { verdict, records } = await killedDuring(async (recording) => {
    for (let again = 0; again < 3; again += 1) {
      await recording.advance(4000);
      await recording.resume();
      await recording.advance(again * 700);
      await recording.kill(again);
    }
  });
  const { statesMissing, linesMissing } = verdict;
  assert.deepEqual({ statesMissing, linesMissing }, { statesMissing: 0, linesMissing: 0 });
  const story = await storyOf(records);
  assert.equal(story.head.metadata.resumed?.length, 4);
  assert.equal(
    story.timeline.filter((entry) => entry.type === 'note' && /was killed after/.test(entry.text)).length,
    4,
  );
});

test('by the pod log stream alone repeats are recognised, and what was rotated away is never unsaid', async () => {
  const { verdict } = await killedDuring((recording) => recording.advance(15_000), {
    route: 'stream',
    logs: { maxBytes: 1_000_000, maxFiles: 5, intervalMs: 10_000 },
  });
  assert.equal(verdict.linesMissing, 0);
  await killedDuring((recording) => recording.advance(60_000), { route: 'stream' }); // judged there
});

test('a recorder that was killed before its first list begins with a list', async () => {
  await using recording = await KilledRecording.start({ seed: 5, prepare: deployWeb });
  await recording.kill();
  recording.records.splice(1);
  await recording.resume();
  await recording.advance(5000);
  await recording.end();
  const story = await storyOf(recording.records);
  assert.ok(story.head.objects.length >= 4);
  assert.equal(story.head.metadata.complete, false);
});

test('the story of a recorder that was killed while a watch listed what it had missed has a gap of it', async () => {
  await using recording = await KilledRecording.start({ seed: 5, prepare: deployWeb });
  const { cluster, records, clock } = recording;
  await recording.advance(5000);
  cluster.api.server.goDown();
  scaleWeb(cluster, 3);
  await recording.advance(2000);
  scaleWeb(cluster, 1);
  await recording.advance(20_000);
  cluster.store.compact();
  cluster.api.server.comeBack();
  await recording.advance(60_000);
  const isGap = (record: JournalRecord) =>
    record.kind === 'gap' && 'resource' in record.gap.of && record.gap.of.resource === 'replicasets.apps';
  const told = records.findIndex(isGap);
  const { listedAt: from, skewMs } = recording;
  const judged = async (count: number) => {
    const story = await storyOf(records.slice(0, count));
    const verdict = judge({ cluster, story, from, to: clock.now(), skewMs, route: 'auto' });
    const gaps = story.head.gaps.filter(({ of }) => of.resource === 'replicasets.apps');
    return { ...verdict, gaps: gaps.map(({ cause }) => cause) };
  };
  const cut = await judged(told); // its states are on the disk, the gap is not
  assert.ok(cut.statesMissing > 0);
  assert.deepEqual(cut.gaps, ['killed']);
  const whole = await judged(records.length);
  assert.deepEqual(whole.gaps, ['expired']);
});

/** Records before there is anything, with a watch that misses what comes; its capture is killed and resumed without a history. */
async function missedBefore(strike: (recording: KilledRecording) => void): Promise<void> {
  await using recording = await KilledRecording.start({ seed: 5, prepare: () => undefined });
  const { cluster } = recording;
  strike(recording);
  cluster.api.server.breakConnections();
  await recording.advance(20_000);
  deployWeb(cluster);
  await recording.advance(20_000);
  scaleWeb(cluster, 0);
  await recording.advance(10_000);
  await recording.kill();
  cluster.faults.clear();
  cluster.api.server.breakConnections();
  cluster.store.compact();
  await recording.resume();
  await recording.advance(60_000);
  const to = recording.clock.now();
  await recording.end();
  const { records, listedAt: from, skewMs } = recording;
  const verdict = judge({ cluster, story: await storyOf(records), from, to, skewMs, route: 'auto' });
  assert.ok(verdict.statesMissing > 0);
}

const ofReplicaSets = ({ verb, resource }: { verb: string; resource: string }) =>
  resource === 'replicasets' && ['watch', 'list'].includes(verb);

test('what a watch of metadata missed that had failed before the kill is a gap from when it had been heard of', () =>
  missedBefore(({ cluster }) => {
    cluster.faults.add(ofReplicaSets, { type: 'status', status: 503, reason: 'ServiceUnavailable' }, 1000);
  }));

test('what a watch of metadata missed that was silent before the kill is a gap from when it had been heard of', () =>
  missedBefore(({ cluster }) => {
    cluster.faults.add(ofReplicaSets, { type: 'stall', afterBytes: 0 }, 1000);
  }));

test('where a watch lagged before the kill, what its history lost is a gap from when its newest state was written', async () => {
  const { verdict } = await killedDuring(async ({ cluster }) => void cluster.store.compact(), { before: lagBehind });
  assert.ok(verdict.statesMissing > 0);
});

test('a type that is not served when a capture is resumed is watched again once it is, and is a gap until then', async () => {
  const { verdict, gaps } = await killedDuring(async ({ cluster, clock }) => {
    cluster.withdraw(cluster.pods);
    void clock.sleep(10_000).then(() => cluster.serve(cluster.pods));
  });
  assert.equal(verdict.statesMissing, 0);
  assert.deepEqual(gaps, []);
  const ended = await killedDuring(async ({ cluster }) => cluster.withdraw(cluster.pods));
  assert.ok(ended.verdict.statesMissing > 0);
  assert.ok(ended.gaps.includes('pods: killed'));
});

type Scene = (recording: KilledRecording) => Promise<void>;

/** A pod of the story, so that all pods are watched whole from then on; those that were seen long before are not of it yet. */
const seenLongBefore: Scene = async (recording) => {
  await recording.advance(80_000);
  createOwned(recording.cluster, 'known', 'deployments.apps');
  await recording.advance(5000);
};

/** More pods came and went than are remembered. */
const tooMany: Scene = async (recording) => {
  const { cluster } = recording;
  scaleWeb(cluster, 0);
  await recording.advance(100);
  for (let index = 0; index < 1010; index += 1) {
    createOwned(cluster, `pod-${index}`, 'replicasets.apps');
    cluster.store.delete(cluster.pods, 'shop', `pod-${index}`);
    if (index === 9) await recording.advance(10_000);
  }
  await recording.advance(5000);
};

/** A pod that no node runs. */
function createOwned(cluster: SimulatedCluster, name: string, storage: string): void {
  const [owner] = cluster.store.list(cluster.type(storage), 'shop');
  assert.ok(owner !== undefined);
  const { apiVersion, kind } = owner;
  const ownerReferences = [{ apiVersion, kind, name: owner.metadata.name, uid: owner.metadata.uid }];
  cluster.create('pods', 'shop', { metadata: { name, ownerReferences }, spec: { containers: [] } });
}

const SCENES = [
  { what: 'were seen long before their owner', scene: seenLongBefore, expected: 'late-owner' },
  { what: 'were too many', scene: tooMany, expected: 'late-owner' },
  {
    what: 'were seen six minutes before',
    scene: (recording: KilledRecording) => recording.advance(360_000),
    expected: 'killed',
  },
];

for (const { what, scene, expected } of SCENES)
  test(`first states of pods that ${what} are a gap, though the recorder was killed before it saw whose they were`, async () => {
    await using recording = await KilledRecording.start({ seed: 5, prepare: () => undefined });
    const { cluster } = recording;
    await recording.advance(5000);
    const isOwners = ({ verb, resource }: { verb: string; resource: string }) =>
      verb === 'watch' && resource === 'replicasets';
    cluster.faults.add(isOwners, { type: 'delay', ms: 600_000 }, 100);
    cluster.api.server.breakConnections();
    await recording.advance(2000);
    deployWeb(cluster);
    await scene(recording);
    await recording.kill();
    cluster.faults.clear();
    await recording.resume();
    await recording.advance(60_000);
    const to = recording.clock.now();
    await recording.end();
    const { records, listedAt: from, skewMs } = recording;
    const story = await storyOf(records);
    const verdict = judge({ cluster, story, from, to, skewMs, route: 'auto' });
    assert.ok(verdict.statesMissing > 0);
    assert.ok(story.head.gaps.some(({ of, cause }) => of.resource === 'pods' && cause === expected));
  });

test('an Event about a Node from before a kill is in the story once a pod runs there, though the server has it no more', async () => {
  await using recording = await KilledRecording.start({
    seed: 5,
    nodeSkewsMs: [0, 0],
    prepare: (cluster) => {
      cluster.nodes[1]?.kubelet.goDown();
      deployWeb(cluster);
    },
  });
  const { cluster } = recording;
  const [used, unused] = cluster.nodes;
  for (const about of [unused?.name, 'another', used?.name])
    cluster.create('events', 'default', {
      metadata: { name: `told-${about}` },
      ...{ involvedObject: { kind: 'Node', name: about }, reason: `${about} told`, type: 'Warning' },
    });
  await recording.advance(2000);
  await recording.kill();
  cluster.store.delete(cluster.type('events'), 'default', `told-${unused?.name}`);
  await recording.resume();
  unused?.kubelet.comeBack();
  used?.kubelet.goDown();
  scaleWeb(cluster, 3);
  await recording.advance(20_000);
  await recording.end();
  const { timeline } = await storyOf(recording.records);
  const told = timeline.flatMap((entry) =>
    entry.type === 'event' && entry.about.kind === 'Node' ? [entry.reason] : [],
  );
  assert.deepEqual(told.sort(), [`${used?.name} told`, `${unused?.name} told`].sort());
});

/** Pods' states come late, and more so with each of them. */
async function lagBehind(recording: KilledRecording): Promise<void> {
  const { cluster } = recording;
  const ofPods = ({ verb, resource }: { verb: string; resource: string }) => verb === 'watch' && resource === 'pods';
  cluster.faults.add(ofPods, { type: 'lag', ms: 8000 });
  cluster.api.server.breakConnections();
  await recording.advance(5000);
  scaleWeb(cluster, 3);
  await recording.advance(1000);
  scaleWeb(cluster, 0);
  await recording.advance(20_000);
}

test('a pod whose own watch had told nothing of it before the kill, and that is gone, is a gap from when it came', async () => {
  const { verdict, gaps } = await killedDuring(
    async (recording) => {
      const { cluster } = recording;
      const [last] = cluster.store.list(cluster.pods, 'shop').toReversed();
      cluster.store.delete(cluster.pods, 'shop', last?.metadata.name ?? '');
      await recording.advance(1000);
    },
    {
      crowd: 0,
      before: async (recording) => {
        const { cluster } = recording;
        const isOfPods = ({ verb, resource }: FaultRequest) => verb === 'watch' && resource === 'pods';
        cluster.faults.add(isOfPods, { type: 'stall', afterBytes: 0 });
        scaleWeb(cluster, cluster.store.list(cluster.pods, 'shop').length + 1);
        await recording.advance(70_000);
      },
    },
  );
  assert.ok(verdict.statesMissing > 0);
  assert.ok(gaps.includes('pods: killed'));
});

test('where more members of a crowd were watched than by themselves, each that is gone after the kill is told as deleted', async () => {
  const gone: string[] = [];
  const { records } = await killedDuring(
    async ({ cluster }) => {
      for (const pod of [...cluster.store.list(cluster.pods, 'shop')].filter((_, at) => at % 7 === 0)) {
        cluster.store.delete(cluster.pods, 'shop', pod.metadata.name);
        gone.push(pod.metadata.uid);
      }
      cluster.store.compact();
    },
    {
      crowd: 0,
      before: async (recording) => {
        scaleWeb(recording.cluster, 45);
        await recording.advance(20_000);
      },
    },
  );
  const deleted = records.flatMap((record) =>
    record.kind === 'object' && isDeletion(record.action) ? record.object.metadata.uid : [],
  );
  assert.ok(gone.length > 5);
  assert.deepEqual(
    gone.filter((uid) => !deleted.includes(uid)),
    [],
  );
});

test('a pod of a crowd of which the first state alone was written before the kill, and not that it is watched, is watched on', async () => {
  let pod: KubeObject | undefined;
  const { records } = await killedDuring(() => Promise.resolve(), {
    crowd: 0,
    before: async (recording) => {
      await recording.kill();
      scaleWeb(recording.cluster, 4);
      await recording.advance(10_000);
      await recording.resume();
    },
    unsynced: ({ records }) => {
      const last = records.findLastIndex((record) => isOfPod(record) && record.action === 'found');
      pod = records.slice(last).find(isOfPod)?.object;
      return records.length - last - 1;
    },
    after: ({ cluster }) => cluster.store.delete(cluster.pods, 'shop', pod?.metadata.name ?? ''),
  });
  const told = records.filter(isOfPod).filter(({ object }) => object.metadata.uid === pod?.metadata.uid);
  assert.equal(told[0]?.action, 'found');
  assert.equal(told.at(-1)?.action, 'deleted');
});

function isOfPod(record: JournalRecord): record is ObjectRecord {
  return record.kind === 'object' && record.resource === 'pods';
}
