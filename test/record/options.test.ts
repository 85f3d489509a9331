import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prepareShop } from '../../src/demo/scenario.ts';
import type { JournalRecord } from '../../src/model/record.ts';
import type { ResourceType } from '../../src/model/resource.ts';
import { timestampOf } from '../../src/model/time.ts';
import { recordedLines, recordedVersions, startRecording, trueVersions, until } from './harness.ts';

const STORAGES = ['deployments.apps', 'replicasets.apps', 'pods'];

function ofKind<K extends JournalRecord['kind']>(
  records: readonly JournalRecord[],
  kind: K,
): Extract<JournalRecord, { kind: K }>[] {
  return records.filter((record): record is Extract<JournalRecord, { kind: K }> => record.kind === kind);
}

function lineCount(records: readonly JournalRecord[]): number {
  return [...recordedLines(records).values()].flat().length;
}

for (const { title, features } of [
  { title: 'streaming lists', features: { watchList: false } },
  { title: 'aggregated discovery', features: { aggregatedDiscovery: false } },
  { title: 'protobuf', features: { protobuf: false } },
  { title: 'protobuf or streaming lists', features: { protobuf: false, watchList: false } },
])
  test(`a server without ${title} is recorded as well`, async () => {
    await using recording = await startRecording({
      prepare: (cluster) => void Object.assign(cluster.api.features, features),
    });
    const { cluster, records } = recording;
    prepareShop(cluster);
    await until('lines have come', () => lineCount(records) > 20);
    await until(
      'all states are there',
      () =>
        [...recordedVersions(records).values()].flat().length >=
        [...trueVersions(cluster, STORAGES).values()].flat().length,
    );
    await recording.end();
    assert.deepEqual(recordedVersions(records), trueVersions(cluster, STORAGES));
  });

test('a group that could not be discovered is named in the story', async () => {
  let types: readonly ResourceType[] = [];
  await using recording = await startRecording({
    prepare: (cluster) => {
      types = cluster.api.types;
    },
    options: {
      get discovery() {
        return { types, failures: [{ groupVersion: 'down.example.com/v1', message: 'it is ServiceUnavailable' }] };
      },
    },
  });
  await recording.end();
  const notes = ofKind(recording.records, 'note').map(({ text }) => text);
  assert.match(notes.join('\n'), /objects of down\.example\.com\/v1 are not in this story.*it is ServiceUnavailable/);
});

test('a newer server, with types, verbs and fields that nobody knows yet, is recorded as well', async () => {
  const prophecies = {
    ...{ group: 'future.k8s.io', version: 'v9', resource: 'prophecies', kind: 'Prophecy', singular: 'prophecy' },
    ...{ shortNames: [], namespaced: true, verbs: ['get', 'list', 'watch', 'foretell'] },
  };
  await using recording = await startRecording({ prepare: (cluster) => void cluster.api.types.push(prophecies) });
  const { cluster, records } = recording;
  prepareShop(cluster);
  const [web] = cluster.store.list(cluster.type('deployments.apps'), 'shop');
  assert.ok(web);
  const { uid } = web.metadata;
  const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid, controller: true };
  cluster.create('prophecies.future.k8s.io', 'shop', {
    metadata: { name: 'omen', ownerReferences: [owner] },
    text: 'rain',
  });
  cluster.change('deployments.apps', 'shop', 'web', (now) => ({
    ...now,
    spec: { ...(now.spec as object), omens: [1] },
  }));
  const has = (kind: string, text: string) =>
    ofKind(records, 'object').some(({ object }) => object.kind === kind && JSON.stringify(object).includes(text));
  await until('the new field is there', () => has('Deployment', '"omens":[1]'));
  await until('the object of the new type is there', () => has('Prophecy', '"text":"rain"'));
  await until('lines have come', () => lineCount(records) > 20);
  await recording.end();
});

test('logs beyond --max-log-streams wait for the others, and the story says so', async () => {
  await using recording = await startRecording({
    prepare: prepareShop,
    // Of those that had no turn nothing is ever read to its end.
    options: { logs: { route: 'stream', maxStreams: 1 }, drainMs: 1000 },
  });
  const { records } = recording;
  await until('it is stated', () =>
    ofKind(records, 'note').some(({ text }) => /--max-log-streams allows 1 at once/.test(text)),
  );
  await until('another log had its turn', () => ofKind(records, 'streamOpened').length >= 2);
  await recording.end();
  let open = 0;
  for (const record of records) {
    if (record.kind === 'streamOpened') open += 1;
    if (record.kind === 'streamClosed') open -= 1;
    assert.ok(open <= 1);
  }
});

test('--tail and --since leave the beginning of logs out, and the ledger does not call them proven', async () => {
  await using recording = await startRecording({
    prepare: prepareShop,
    options: { logs: { route: 'stream', maxStreams: 50, tailLines: 1 } },
  });
  const { records } = recording;
  await until('an init container was read', () => ofKind(records, 'logEnd').length >= 3);
  await recording.end();
  for (const { evidence, end } of ofKind(records, 'logEnd')) {
    assert.equal(end, 'not proven');
    assert.match(evidence, /beginning was not asked for/);
  }
  const since = timestampOf(Date.now() + 3_600_000);
  await using later = await startRecording({
    prepare: prepareShop,
    options: { logs: { route: 'stream', maxStreams: 50, since } },
  });
  await until('logs were asked for', () => ofKind(later.records, 'streamOpened').length >= 3);
  await later.end();
  assert.equal(
    ofKind(later.records, 'streamOpened').every(({ limited }) => limited),
    true,
  );
});

test('--log-timeout gives up a log that cannot be opened, and states the gap', async () => {
  await using recording = await startRecording({
    options: { logs: { route: 'stream', maxStreams: 50, timeoutMs: 300 } },
  });
  const { cluster, records } = recording;
  cluster.faults.add(({ verb }) => verb === 'log', { type: 'status', status: 500, reason: 'InternalError' }, 1000);
  prepareShop(cluster);
  await until('the gap is stated', () => ofKind(records, 'gap').some(({ gap }) => gap.cause === 'timeout'));
  const [gap] = ofKind(records, 'gap').filter(({ gap: { cause } }) => cause === 'timeout');
  assert.match(gap?.gap.evidence ?? '', /no progress for 0.3 s/);
});

test('without logs none is asked for', async () => {
  await using recording = await startRecording({ prepare: prepareShop, options: { logs: undefined } });
  const { records } = recording;
  await until('pods run', () =>
    ofKind(records, 'object').some(({ object }) => JSON.stringify(object).includes('"ready":true')),
  );
  await recording.end();
  assert.deepEqual(ofKind(records, 'streamOpened'), []);
});

test('a container whose earlier runs are long gone has a gap for each of them', async () => {
  await using recording = await startRecording({ options: { drainMs: 1000 } }); // no log is there to be read
  const { cluster, records } = recording;
  prepareShop(cluster);
  await until('a pod runs', () =>
    ofKind(records, 'object').some(({ object }) => JSON.stringify(object).includes('"ready":true')),
  );
  const [pod] = cluster.store.list(cluster.type('pods'), 'shop');
  assert.ok(pod);
  const jumped = {
    name: 'web',
    restartCount: 4,
    ready: false,
    state: { running: { startedAt: cluster.store.now() } },
    lastState: {
      terminated: {
        containerID: 'simulated://other',
        exitCode: 1,
        startedAt: cluster.store.now(),
        finishedAt: cluster.store.now(),
      },
    },
  };
  cluster.store.update(cluster.type('pods'), pod, (current) => ({
    ...current,
    status: { ...(current.status as object), containerStatuses: [jumped] },
  }));
  const gone = () =>
    ofKind(records, 'gap').flatMap(({ gap }) =>
      gap.cause === 'instance-gone' && 'container' in gap.of ? [gap.of.container.restart] : [],
    );
  await until('the gaps are stated', () => gone().length >= 2);
  assert.deepEqual(gone().slice(0, 2), [1, 2]);
});
