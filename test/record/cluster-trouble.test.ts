import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimulatedCluster } from '../../src/demo/simulated-cluster.ts';
import type { JournalRecord } from '../../src/model/record.ts';
import { deployWeb, scaleWeb } from './root.ts';
import { SimulatedRecording, type SimulatedRecordingOptions } from './simulated-recording.ts';
import { judge } from './simulation/judge.ts';
import { programsOf } from './simulation/programs.ts';
import { storyOn } from './simulation/story.ts';
import type { Verdict } from './simulation/verdict.ts';

type Trouble = (recording: SimulatedRecording) => Promise<void>;

/** Plays a trouble in the middle of a recording; afterwards the recording must have gone on, and lack nothing unsaid. */
async function during(trouble: Trouble, options: Partial<SimulatedRecordingOptions> = {}) {
  const rest = { isQuiet: false };
  const world = { seed: 5, programs: programsOf(rest), logs: { maxBytes: 2000, maxFiles: 5, intervalMs: 10_000 } };
  await using recording = await SimulatedRecording.start({ ...world, prepare: deployWeb, ...options });
  const { cluster, records } = recording;
  await recording.advance(20_000);
  await trouble(recording);
  scaleWeb(cluster, 3);
  await recording.advance(60_000);
  const replicas = records.flatMap((record) =>
    record.kind === 'object' && record.object.kind === 'Deployment'
      ? [(record.object.spec as { replicas: number }).replicas]
      : [],
  );
  assert.equal(replicas.at(-1), 3, 'the recording goes on');
  rest.isQuiet = true;
  await recording.advance(5000);
  const to = recording.clock.now();
  await recording.end();
  const { skewMs = 0, route = 'auto' } = options;
  const story = await storyOn(recording.disk);
  const verdict = judge({ cluster, story, from: recording.listedAt, to, skewMs, route });
  return { records, cluster, verdict, gaps: gapsIn(records) };
}

function notesIn(records: readonly JournalRecord[]): readonly string[] {
  return records.flatMap((record) => (record.kind === 'note' ? [record.text] : []));
}

function gapsIn(records: readonly JournalRecord[]): readonly string[] {
  return records.flatMap((record) => {
    if (record.kind !== 'gap') return [];
    const { of, cause } = record.gap;
    return [`${'resource' in of ? of.resource : 'log'}: ${cause}`];
  });
}

function assertExact({ verdict }: { readonly verdict: Verdict }): void {
  const { statesMissing, linesMissing } = verdict;
  assert.deepEqual({ statesMissing, linesMissing }, { statesMissing: 0, linesMissing: 0 });
}

test('an API server that restarts knows of no change before: what may have been missed is stated, and no line is', async () => {
  const played = await during(async (recording) => {
    const back = recording.cluster.restartApiServer(25_000);
    await recording.advance(5000);
    scaleWeb(recording.cluster, 4);
    await recording.through(back);
    await recording.advance(15_000);
  });
  assert.ok(played.verdict.statesMissing > 0);
  assert.equal(played.verdict.linesMissing, 0);
  for (const resource of ['pods', 'replicasets.apps', 'deployments.apps', 'events'])
    assert.ok(played.gaps.includes(`${resource}: expired`), resource);
});

test('what became of objects since a list showed them is told, however late their owner is listed', async () => {
  const played = await during(
    async (recording) => {
      const { cluster } = recording;
      const back = cluster.restartApiServer(5000);
      await recording.advance(2000);
      deployWeb(cluster);
      const isOwners = ({ resource }: { resource: string }) => resource === 'replicasets';
      cluster.faults.add(isOwners, { type: 'delay', ms: 8000 }, 100);
      await recording.through(back);
      await recording.advance(13_000); // pods are listed by now, and their owner is not
      for (const { metadata } of cluster.store.list(cluster.pods, 'shop')) {
        cluster.store.delete(cluster.pods, 'shop', metadata.name);
        await recording.advance(1000);
      }
      await recording.advance(6000); // the owner is listed, and not yet watched whole
      scaleWeb(cluster, 4);
      await recording.advance(20_000);
      cluster.faults.clear();
    },
    { prepare: () => undefined },
  );
  assert.ok(played.gaps.includes('pods: expired'));
});

/** Every watch begins again, those of ReplicaSets with so much delay. */
function seeOwnersLate(cluster: SimulatedCluster, ms: number, times = 1): void {
  const isOwners = ({ verb, resource }: { verb: string; resource: string }) =>
    verb === 'watch' && resource === 'replicasets';
  cluster.faults.add(isOwners, { type: 'delay', ms }, times);
  cluster.api.server.breakConnections();
}

test('a pod that was seen before its owner, and was gone when the history was lost, is missing from when it came', async () => {
  const played = await during(
    async (recording) => {
      const { cluster } = recording;
      seeOwnersLate(cluster, 30_000, 20);
      await recording.advance(2000);
      deployWeb(cluster);
      for (const replicas of [3, 4]) {
        await recording.advance(4000); // its pods are seen, as metadata
        scaleWeb(cluster, replicas);
      }
      await recording.advance(1000);
      const back = cluster.restartApiServer(5000);
      for (const { metadata } of cluster.store.list(cluster.pods, 'shop'))
        cluster.store.delete(cluster.pods, 'shop', metadata.name);
      await recording.through(back);
      await recording.advance(20_000);
    },
    { prepare: () => undefined },
  );
  assert.ok(played.gaps.includes('pods: expired'));
  assert.ok(played.verdict.statesMissing > 0);
});

test('whenever a capture ends after a restart of the API server, what it may have missed is stated', async () => {
  for (let ms = 0; ms <= 30_000; ms += 2500) {
    await using recording = await SimulatedRecording.start({ seed: 5, programs: programsOf({ isQuiet: false }) });
    const { cluster } = recording;
    await recording.advance(5000);
    const back = cluster.restartApiServer(20_000);
    deployWeb(cluster);
    await recording.advance(10_000);
    scaleWeb(cluster, 0); // no list will show its pods
    await recording.through(back);
    await recording.advance(ms);
    const to = recording.clock.now();
    await recording.end();
    const story = await storyOn(recording.disk);
    judge({ cluster, story, from: recording.listedAt, to, skewMs: 0, route: 'auto' });
    assert.equal(story.head.metadata.complete, false);
  }
});

test('a way to the API server that is gone for a while costs nothing, and is told in one note', async () => {
  const played = await during(async (recording) => {
    const back = recording.cluster.loseWay(25_000);
    await recording.advance(5000);
    scaleWeb(recording.cluster, 4);
    await recording.through(back);
    await recording.advance(15_000);
  });
  assertExact(played);
  assert.deepEqual(played.gaps, []);
  const notes = notesIn(played.records).filter((note) => note.includes('tried again'));
  assert.equal(notes.length, 1, notes.join());
});

test('a network that is gone for five minutes, while the history is compacted, is a stated gap', async () => {
  const played = await during(async (recording) => {
    const back = recording.cluster.loseWay(300_000);
    await recording.advance(5000);
    scaleWeb(recording.cluster, 0);
    await recording.advance(5000);
    recording.cluster.store.compact();
    await recording.through(back);
  });
  assert.ok(played.verdict.statesMissing > 0);
  for (const resource of ['pods', 'replicasets.apps', 'deployments.apps'])
    assert.ok(played.gaps.includes(`${resource}: expired`), resource);
});

test('a server that is overloaded is asked again no sooner than it says', async () => {
  const asked: number[] = [];
  const played = await during(async (recording) => {
    const { cluster, clock } = recording;
    const refusal = { type: 'status', status: 429, reason: 'TooManyRequests', retryAfter: 20 } as const;
    const isPods = ({ verb, resource }: { verb: string; resource: string }) => {
      const isIt = verb === 'watch' && resource === 'pods';
      if (isIt) asked.push(clock.now());
      return isIt;
    };
    cluster.faults.add(isPods, refusal, 3);
    cluster.api.server.breakConnections();
    await recording.advance(70_000);
  });
  assertExact(played);
  const waits = asked.slice(1).map((at, index) => at - (asked[index] ?? 0));
  assert.ok(waits.length >= 2 && waits.slice(0, 2).every((ms) => ms >= 20_000), String(waits));
});

test('a server whose priority and fairness lets nothing through for a minute costs nothing but the wait', async () => {
  const played = await during(async (recording) => {
    const { cluster } = recording;
    const refusal = { type: 'status', status: 429, reason: 'TooManyRequests', retryAfter: 1 } as const;
    cluster.faults.add(() => true, refusal, 100_000);
    cluster.api.server.breakConnections();
    scaleWeb(cluster, 4);
    await recording.advance(60_000);
    cluster.faults.clear();
    await recording.advance(40_000);
  });
  assertExact(played);
  assert.deepEqual(played.gaps, []);
});

test('a type whose version an upgrade takes away for another one is recorded in that one, and lacks nothing', async () => {
  const played = await during(async (recording) => {
    const { cluster } = recording;
    const type = cluster.type('replicasets.apps');
    cluster.withdraw(type);
    cluster.serve({ ...type, version: 'v2' });
    await recording.advance(30_000);
  });
  assertExact(played);
  assert.deepEqual(played.gaps, []);
  const notes = notesIn(played.records).filter((note) => note.includes('replicasets'));
  assert.deepEqual(notes, ['replicasets.apps is read as v2 from here on: v1 is not served any more']);
});

test('a token that has expired is a refusal that is asked again', async () => {
  const played = await during(async (recording) => {
    recording.cluster.faults.add(() => true, { type: 'status', status: 401, reason: 'Unauthorized' }, 60);
    recording.cluster.api.server.breakConnections();
    await recording.advance(30_000);
    recording.cluster.faults.clear();
    await recording.advance(30_000);
  });
  assertExact(played);
});

test('a type that is not served for a while, as during an upgrade, is watched again, and what was missed is stated', async () => {
  const played = await during(async (recording) => {
    const { cluster } = recording;
    cluster.withdraw(cluster.pods);
    scaleWeb(cluster, 1);
    await recording.advance(15_000);
    cluster.serve(cluster.pods);
    await recording.advance(30_000);
  });
  assert.ok(played.verdict.statesMissing > 0);
  assert.ok(played.gaps.includes('pods: expired'));
});

test('a type that is discovered, and not served when it is first listed, is a gap from the beginning until it is', async () => {
  const prepare = (cluster: SimulatedCluster) => {
    deployWeb(cluster);
    cluster.withdraw(cluster.pods);
  };
  const gone = async ({ cluster }: SimulatedRecording) => scaleWeb(cluster, 1); // and with it pods that nobody has seen
  const served: Trouble = async (recording) => {
    await gone(recording);
    await recording.advance(15_000);
    recording.cluster.serve(recording.cluster.pods);
    await recording.advance(30_000);
  };
  for (const [trouble, gap] of [[served, 'pods: late-type'] as const, [gone, 'pods: interrupted'] as const]) {
    const played = await during(trouble, { prepare });
    assert.ok(played.verdict.statesMissing > 0);
    assert.deepEqual(played.gaps, [gap]);
  }
});

test('an hour in which the machine sleeps is told by what came of it', async () => {
  await during(async (recording) => {
    const asleep = recording.sleepThrough(3_600_000);
    scaleWeb(recording.cluster, 1);
    await asleep;
    await recording.advance(10_000);
  });
});

test('a node that is lost, and whose pods are evicted, is recorded as it is seen; its logs are read when it is back', async () => {
  const played = await during(
    async (recording) => {
      const [node] = recording.cluster.nodes;
      assert.ok(node);
      await recording.through(recording.cluster.loseNode(node, 400_000));
      await recording.advance(5000);
    },
    { nodeSkewsMs: [0, 0] },
  );
  assert.equal(played.verdict.statesMissing, 0);
  const evicted = played.records.filter(
    (record) => record.kind === 'object' && record.object.kind === 'Pod' && record.object.metadata.deletionTimestamp,
  );
  assert.ok(evicted.length > 0);
});

test('a kubelet that restarts costs no line', async () => {
  const played = await during(async (recording) => {
    const [node] = recording.cluster.nodes;
    assert.ok(node);
    await recording.through(recording.cluster.restartKubelet(node, 8000));
  });
  assertExact(played);
});

test('a history that is compacted under a watch that is away is a stated gap', async () => {
  const played = await during(async (recording) => {
    recording.cluster.faults.add(({ verb }) => verb === 'watch', { type: 'delay', ms: 5000 }, 40);
    recording.cluster.api.server.breakConnections();
    scaleWeb(recording.cluster, 1);
    await recording.advance(4000);
    recording.cluster.store.compact();
    await recording.advance(30_000);
  });
  assert.ok(played.gaps.includes('pods: expired'));
});

for (const skewMs of [240_000, -240_000])
  test(`a recorder whose clock is ${skewMs > 0 ? 'ahead by' : 'behind by'} four minutes loses nothing`, async () => {
    const played = await during(async (recording) => recording.advance(10_000), { skewMs });
    assertExact(played);
    assert.deepEqual(played.gaps, []);
    const notes = notesIn(played.records).filter((text) => text.includes('the clock of the recording machine'));
    assert.equal(notes.length, 1);
    assert.match(notes[0] ?? '', skewMs > 0 ? /about 2(39|40)\.\d s ahead of/ : /about 240\.\d s behind/);
  });

test('states that come late because the server was away for minutes say nothing of clocks', async () => {
  const prepare = (cluster: SimulatedCluster) => {
    deployWeb(cluster);
    scaleWeb(cluster, 0);
  };
  await using recording = await SimulatedRecording.start({ seed: 5, programs: programsOf({ isQuiet: true }), prepare });
  await recording.advance(20_000);
  recording.cluster.api.server.goDown();
  await recording.advance(5000);
  scaleWeb(recording.cluster, 1);
  await recording.advance(180_000);
  recording.cluster.api.server.comeBack();
  await recording.advance(30_000);
  await recording.end();
  const { timeline } = await storyOn(recording.disk);
  const notes = timeline.flatMap((entry) => (entry.type === 'note' ? [entry.text] : []));
  assert.doesNotMatch(notes.join('\n'), /clock/);
});

test('nodes whose clocks differ by minutes lose nothing', async () => {
  const played = await during(async (recording) => recording.advance(10_000), { nodeSkewsMs: [-180_000, 180_000] });
  assertExact(played);
});

test('a list that is cut short again and again states what may have been missed in between', async () => {
  const played = await during(async (recording) => {
    const isPods = ({ verb, resource }: { verb: string; resource: string }) => verb === 'watch' && resource === 'pods';
    recording.cluster.faults.add(isPods, { type: 'status', status: 410, reason: 'Expired' }, 1);
    recording.cluster.faults.add(isPods, { type: 'cut', afterBytes: 1000 }, 2);
    recording.cluster.store.compact();
    recording.cluster.api.server.breakConnections();
    scaleWeb(recording.cluster, 1);
    await recording.advance(20_000);
  });
  assert.ok(played.gaps.includes('pods: expired'));
});

test('a log stream that ends after four hours, as the kubelet ends it, is opened again without a loss', async () => {
  const played = await during(
    async (recording) => {
      for (const node of recording.cluster.nodes) {
        await recording.advance(1000);
        node.kubelet.breakConnections(); // what the limit does to every stream, without the four hours
      }
      await recording.advance(10_000);
    },
    { route: 'stream', logs: { maxBytes: 1_000_000, maxFiles: 5, intervalMs: 10_000 } },
  );
  assertExact(played);
});

test('a recording that ends while the server cannot be reached says from when on it saw nothing', async () => {
  await using recording = await SimulatedRecording.start({ seed: 5, prepare: deployWeb });
  await recording.advance(20_000);
  recording.cluster.api.server.goDown();
  scaleWeb(recording.cluster, 1);
  await recording.advance(30_000);
  await recording.end();
  const gaps = gapsIn(recording.records);
  for (const resource of ['pods', 'replicasets.apps', 'deployments.apps', 'events'])
    assert.ok(gaps.includes(`${resource}: expired`), resource);
});

test('Events of which there are none for long lack nothing, though their watch hears nothing and its history is lost', async () => {
  await using recording = await SimulatedRecording.start({ seed: 5, prepare: deployWeb });
  await recording.advance(400_000);
  const expired = { type: 'watchError', status: 410, reason: 'Expired' } as const;
  recording.cluster.faults.add(({ verb, resource }) => verb === 'watch' && resource === 'events', expired, 2);
  await recording.advance(200_000);
  assert.equal(recording.cluster.faults.struck, 2);
  await recording.end();
  assert.deepEqual(gapsIn(recording.records), []);
  assert.deepEqual(
    notesIn(recording.records).filter((note) => note.includes('watch')),
    [],
  );
});

test('an Event that came while the history of Events was lost is recorded, and stated as a gap', async () => {
  await using recording = await SimulatedRecording.start({ seed: 5, prepare: deployWeb });
  const { cluster } = recording;
  await recording.advance(20_000);
  const isEvents = ({ verb, resource }: { verb: string; resource: string }) =>
    verb === 'watch' && resource === 'events';
  cluster.faults.add(isEvents, { type: 'status', status: 503, reason: 'ServiceUnavailable' }, 8);
  cluster.faults.add(isEvents, { type: 'watchError', status: 410, reason: 'Expired' }, 2);
  cluster.api.server.breakConnections();
  scaleWeb(cluster, 3);
  await recording.advance(60_000);
  assert.equal(cluster.faults.struck, 10);
  await recording.end();
  assert.deepEqual(gapsIn(recording.records), ['events: expired']);
});

test('a recording that ends after every watch was cut, taken up again, and silent since, lacks nothing', async () => {
  await using recording = await SimulatedRecording.start({ seed: 5, prepare: deployWeb });
  await recording.advance(20_000);
  recording.cluster.api.server.breakConnections();
  await recording.advance(8000);
  await recording.end();
  assert.deepEqual(gapsIn(recording.records), []);
});

test('a pod that came and went before its owner was seen is recorded from its first state to its last', async () => {
  await using recording = await SimulatedRecording.start({ seed: 5 });
  const { cluster } = recording;
  await recording.advance(2000);
  cluster.faults.add(
    ({ verb, resource }) => verb === 'watch' && /^(deployments|replicasets)$/.test(resource),
    { type: 'delay', ms: 10_000 },
    20,
  );
  cluster.api.server.breakConnections();
  await recording.advance(1000);
  deployWeb(cluster);
  await recording.advance(1000);
  const [pod] = cluster.store.list(cluster.pods, 'shop');
  assert.ok(pod);
  cluster.store.delete(cluster.pods, 'shop', pod.metadata.name);
  await recording.advance(40_000);
  await recording.end();
  const truth = cluster.store.everything(cluster.pods).filter(({ object }) => object.metadata.uid === pod.metadata.uid);
  assert.deepEqual(
    recording.records.flatMap((record) =>
      record.kind === 'object' && record.object.metadata.uid === pod.metadata.uid
        ? [record.object.metadata.resourceVersion]
        : [],
    ),
    truth.map(({ object }) => object.metadata.resourceVersion),
  );
});

test('a pod lacks nothing whose owner is seen after the owner of a pod that came later', async () => {
  const played = await during(
    async (recording) => {
      const { cluster } = recording;
      seeOwnersLate(cluster, 15_000);
      await recording.advance(2000);
      deployWeb(cluster);
      scaleWeb(cluster, 0);
      for (const image of ['sim/other:1', 'sim/calm:1']) {
        await recording.advance(2000);
        cluster.change('deployments.apps', 'shop', 'web', (web) => {
          const template = { spec: { containers: [{ name: 'web', image }] } };
          return { ...web, spec: { ...(web.spec as object), replicas: 1, template } };
        });
      }
      await recording.advance(20_000);
    },
    { prepare: () => undefined },
  );
  assert.equal(played.verdict.statesMissing, 0);
});

test('a pod that was gone when its owner was seen has its log read to what can be had of it, at once', async () => {
  await using recording = await SimulatedRecording.start({ seed: 5, prepare: deployWeb });
  const { cluster, records } = recording;
  await recording.advance(10_000);
  const isReplicaSets = ({ verb, resource }: { verb: string; resource: string }) =>
    verb === 'watch' && resource === 'replicasets';
  cluster.faults.add(isReplicaSets, { type: 'delay', ms: 15_000 }, 5);
  cluster.api.server.breakConnections();
  await recording.advance(1500);
  const known = new Set(cluster.store.list(cluster.pods, 'shop').map(({ metadata }) => metadata.uid));
  cluster.change('deployments.apps', 'shop', 'web', (web) => {
    const template = { spec: { containers: [{ name: 'web', image: 'sim/other:1' }] } };
    return { ...web, spec: { ...(web.spec as object), template } };
  });
  await recording.advance(1500);
  const pod = cluster.store.list(cluster.pods, 'shop').find(({ metadata }) => !known.has(metadata.uid));
  assert.ok(pod);
  cluster.store.delete(cluster.pods, 'shop', pod.metadata.name);
  await recording.advance(40_000);
  const isEnd = (record: JournalRecord) => record.kind === 'logEnd' && record.instance.podUid === pod.metadata.uid;
  assert.ok(records.some(isEnd), 'before the recording ends');
  await recording.end();
});
