import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { prepareShop } from '../../src/demo/scenario.ts';
import type { JournalRecord } from '../../src/model/record.ts';
import {
  type Recording,
  recordedLines,
  recordedVersions,
  startRecording,
  trueLines,
  trueVersions,
  until,
} from './harness.ts';
import { scaleWeb } from './root.ts';

const STORAGES = ['deployments.apps', 'replicasets.apps', 'pods'];

function ofKind<K extends JournalRecord['kind']>(
  records: readonly JournalRecord[],
  kind: K,
): Extract<JournalRecord, { kind: K }>[] {
  return records.filter((record): record is Extract<JournalRecord, { kind: K }> => record.kind === kind);
}

function readyPods({ records }: Recording): number {
  const last = new Map(ofKind(records, 'object').map(({ object }) => [object.metadata.uid, object]));
  return [...last.values()].filter(
    ({ kind, status }) => kind === 'Pod' && JSON.stringify(status).includes('"ready":true'),
  ).length;
}

/** A deleted pod's log files go within a second: on a busy machine that is too soon for its log, and no matter of states. */
function stateGaps(records: readonly JournalRecord[]) {
  return ofKind(records, 'gap').filter(({ gap }) => 'resource' in gap.of);
}

test('a workload created after the recording began is recorded from its first state on, every state once and in order', async () => {
  await using recording = await startRecording();
  const { cluster, records } = recording;
  prepareShop(cluster);
  await until('three pods are ready', () => readyPods(recording) === 3);
  scaleWeb(recording.cluster, 1);
  await until(
    'two pods are gone',
    () => ofKind(records, 'object').filter(({ action }) => action === 'deleted').length === 2,
  );
  await recording.end();
  assert.deepEqual(recordedVersions(records), trueVersions(cluster, STORAGES));
  assert.deepEqual(stateGaps(records), []);
  assert.equal(records.at(0)?.kind, 'start');
  assert.equal(records.at(-1)?.kind, 'end');
});

test('a workload that was there before is found with its present state', async () => {
  await using recording = await startRecording({ prepare: prepareShop });
  await until('three pods are ready', () => readyPods(recording) === 3);
  await recording.end();
  const actions = ofKind(recording.records, 'object').map(({ object, action }) => `${object.kind} ${action}`);
  assert.ok(actions.includes('Deployment found') || actions.includes('Deployment created'));
  assert.equal(new Set(ofKind(recording.records, 'object').map(({ object }) => object.metadata.uid)).size, 5);
});

test('nothing of other workloads in the namespace is written down', async () => {
  await using recording = await startRecording();
  const { cluster, records } = recording;
  cluster.create('configmaps', 'shop', { metadata: { name: 'other' } });
  cluster.create('pods', 'shop', {
    metadata: { name: 'stranger' },
    spec: { containers: [{ name: 'c', image: 'x' }] },
    status: {},
  });
  prepareShop(cluster);
  await until('three pods are ready', () => readyPods(recording) === 3);
  await recording.end();
  const names = ofKind(records, 'object').map(({ object }) => object.metadata.name);
  assert.deepEqual(
    names.filter((name) => !name.startsWith('web')),
    [],
  );
});

test('Events of the story are recorded with every update of their count, and no others', async () => {
  await using recording = await startRecording({ prepare: prepareShop });
  const { cluster, records } = recording;
  await until('three pods are ready', () => readyPods(recording) === 3);
  const stranger = cluster.create('configmaps', 'shop', { metadata: { name: 'stranger' } });
  const [web] = cluster.store.list(cluster.type('deployments.apps'), 'shop');
  assert.ok(web);
  await until('the stranger was seen', () => cluster.store.list(cluster.type('configmaps'), 'shop').length === 1);
  for (let count = 0; count < 3; count += 1)
    cluster.events.record(web, { type: 'Warning', reason: 'Again', message: 'again', component: 'test' });
  cluster.events.record(stranger, { type: 'Normal', reason: 'Other', message: 'other', component: 'test' });
  const counts = () =>
    ofKind(records, 'event')
      .filter(({ object }) => object.reason === 'Again')
      .map(({ object }) => object.count);
  await until('three counts are recorded', () => counts().length === 3);
  await recording.end();
  assert.deepEqual(counts(), [1, 2, 3]);
});

test('every line of every container run is recorded once, in order, those of ended runs included', async () => {
  await using recording = await startRecording({ prepare: prepareShop });
  const { cluster, records } = recording;
  await until('three pods are ready', () => readyPods(recording) === 3);
  await until('lines have come', () => recordedLines(records).size >= 6);
  await recording.end();
  const lines = recordedLines(records);
  for (const pod of cluster.store.list(cluster.type('pods'), 'shop')) {
    const { uid } = pod.metadata;
    assert.deepEqual(lines.get(`${uid}/migrate/0`), trueLines(cluster, uid, 'migrate'));
    const recorded = lines.get(`${uid}/web/0`) ?? [];
    assert.ok(recorded.length > 0);
    assert.deepEqual(recorded, trueLines(cluster, uid, 'web').slice(0, recorded.length));
  }
  for (const { end } of ofKind(records, 'logEnd')) assert.equal(end, 'proven');
});

const logFaults = [
  { title: 'cut in the middle of a line', fault: { type: 'cut', afterBytes: 700 } as const },
  { title: 'ended while the container lives', fault: { type: 'end', afterBytes: 700 } as const },
  {
    title: 'refused by an overloaded server',
    fault: { type: 'status', status: 500, reason: 'InternalError' } as const,
  },
];
for (const { title, fault } of logFaults)
  test(`no line is lost or repeated where log streams are ${title}`, async () => {
    await using recording = await startRecording();
    const { cluster, records } = recording;
    cluster.faults.add(({ verb }) => verb === 'log', fault, 6);
    prepareShop(cluster);
    await until('the faults have struck', () => cluster.faults.struck === 6);
    const struckAt = Math.max(0, ...[...recordedLines(records).values()].map(({ length }) => length));
    await until(
      'lines came after them',
      () => Math.max(0, ...[...recordedLines(records).values()].map(({ length }) => length)) > struckAt + 15,
    );
    await recording.end();
    for (const [key, recorded] of recordedLines(records)) {
      const [uid = '', container = ''] = key.split('/');
      assert.deepEqual(recorded, trueLines(cluster, uid, container).slice(0, recorded.length), key);
    }
    assert.deepEqual(ofKind(records, 'gap'), []);
  });

const watchFaults = [
  { title: 'cut within a frame', fault: { type: 'cut', afterBytes: 2500 } as const },
  { title: 'ended early', fault: { type: 'end', afterBytes: 2500 } as const },
  { title: 'refused with 503', fault: { type: 'status', status: 503, reason: 'ServiceUnavailable' } as const },
  {
    title: 'refused with 429',
    fault: { type: 'status', status: 429, reason: 'TooManyRequests', retryAfter: 0 } as const,
  },
  {
    title: 'ended by an error in the stream',
    fault: { type: 'watchError', status: 500, reason: 'InternalError' } as const,
  },
];
for (const { title, fault } of watchFaults)
  test(`no state is lost or repeated where watches are ${title}`, async () => {
    await using recording = await startRecording();
    const { cluster, records } = recording;
    cluster.faults.add(
      ({ verb, resource }) => verb === 'watch' && (resource === 'pods' || resource === 'replicasets'),
      fault,
      8,
    );
    prepareShop(cluster);
    await until('three pods are ready', () => readyPods(recording) === 3);
    scaleWeb(recording.cluster, 2);
    await until('a pod is gone', () => ofKind(records, 'object').some(({ action }) => action === 'deleted'));
    await until(
      'all states are there',
      () =>
        [...recordedVersions(records).values()].flat().length >=
        [...trueVersions(cluster, STORAGES).values()].flat().length,
    );
    await recording.end();
    assert.deepEqual(recordedVersions(records), trueVersions(cluster, STORAGES));
    assert.deepEqual(stateGaps(records), []);
  });

test('a history that was compacted while the watch was away is a stated gap, and the recording goes on', async () => {
  await using recording = await startRecording({ prepare: prepareShop });
  const { cluster, records } = recording;
  await until('three pods are ready', () => readyPods(recording) === 3);
  cluster.faults.add(
    ({ verb, resource }) => verb === 'watch' && resource === 'pods',
    { type: 'status', status: 410, reason: 'Expired' },
    1,
  );
  scaleWhileAway(recording);
  await until('the gap is stated', () => ofKind(records, 'gap').some(({ gap }) => gap.cause === 'expired'));
  await until('the pod that went unseen is stated', () =>
    ofKind(records, 'object').some(({ action }) => action === 'deletedUnseen'),
  );
  scaleWeb(recording.cluster, 3);
  await until('a new pod is recorded', () => readyPods(recording) >= 3);
});

/** Breaks the watches and takes the events of what happens then out of the history. */
function scaleWhileAway({ cluster }: Recording): void {
  cluster.breakConnections();
  const [pod] = cluster.store.list(cluster.type('pods'), 'shop');
  if (pod !== undefined) cluster.store.delete(cluster.type('pods'), 'shop', pod.metadata.name);
  cluster.store.dropLastChange(cluster.type('pods'));
}

test('what the user may not list is stated, and the rest is recorded', async () => {
  const allowed = new Set(['deployments', 'replicasets', 'pods', 'pods/log']);
  await using recording = await startRecording({
    token: 'narrow',
    prepare: (cluster) => {
      cluster.api.users.set('narrow', 'narrow');
      prepareShop(cluster);
      cluster.api.authorize = ({ namespace, resource }) => namespace === 'shop' && allowed.has(resource);
    },
    options: {},
  });
  const { records } = recording;
  await until('three pods are ready', () => readyPods(recording) === 3);
  await until('the refusals are stated', () =>
    ofKind(records, 'note').some(({ text }) => text.startsWith('not readable')),
  );
  await recording.end();
  const [note] = ofKind(records, 'note').filter(({ text }) => text.startsWith('not readable'));
  assert.match(note?.text ?? '', /configmaps.*secrets/);
  assert.ok(
    ofKind(records, 'gap').some(
      ({ gap }) => gap.cause === 'forbidden' && 'resource' in gap.of && gap.of.resource === 'events',
    ),
  );
  assert.ok([...recordedLines(records).values()].flat().length > 0);
});

test('a server that comes back with another certificate of its authority is taken for the same, and costs nothing', async () => {
  await using recording = await startRecording({ prepare: prepareShop });
  const { cluster, records } = recording;
  await until('three pods are ready', () => readyPods(recording) === 3);
  const before = await certificateOf(cluster.url);
  await cluster.renewCertificate();
  assert.notEqual(await certificateOf(cluster.url), before);
  scaleWeb(recording.cluster, 1);
  await until(
    'two pods are gone',
    () => ofKind(records, 'object').filter(({ action }) => action === 'deleted').length === 2,
  );
  await recording.end();
  assert.deepEqual(
    ofKind(records, 'gap').filter(({ gap }) => gap.certainty === 'known'),
    [],
  );
  const deployment = ofKind(records, 'object').findLast(({ object }) => object.kind === 'Deployment')?.object;
  assert.equal(
    deployment?.metadata.resourceVersion,
    cluster.store.list(cluster.type('deployments.apps'), 'shop')[0]?.metadata.resourceVersion,
  );
});

/** The fingerprint of the certificate that a server shows. */
async function certificateOf({ hostname, port }: URL): Promise<string> {
  const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

test('a type that appears during the recording is watched, and what it owns comes into the story', async () => {
  const root = {
    group: 'example.com',
    version: 'v1',
    resource: 'widgets',
    kind: 'Widget',
    namespace: 'shop',
    name: 'w1',
  };
  const type = { ...root, singular: 'widget', shortNames: [], namespaced: true, verbs: ['get', 'list', 'watch'] };
  await using recording = await startRecording({ roots: [root], types: [type] });
  const { cluster, records } = recording;
  cluster.api.types.push(type);
  cluster.create('customresourcedefinitions.apiextensions.k8s.io', null, { metadata: { name: 'widgets.example.com' } });
  const widget = cluster.create('widgets.example.com', 'shop', { metadata: { name: 'w1' }, spec: { size: 1 } });
  const ownerReferences = [
    { apiVersion: 'example.com/v1', kind: 'Widget', name: 'w1', uid: widget.metadata.uid, controller: true },
  ];
  cluster.create('configmaps', 'shop', { metadata: { name: 'w1-config', ownerReferences } });
  await until('the widget and its ConfigMap are recorded', () => recordedVersions(records).size === 2);
  await recording.end();
  assert.deepEqual(
    ofKind(records, 'object')
      .map(({ object }) => object.kind)
      .sort(),
    ['ConfigMap', 'Widget'],
  );
});

test('a goal that is met ends the recording after it settled; one that fails says why', async () => {
  await using met = await startRecording({ prepare: prepareShop, end: { until: 'ready', settleMs: 50 } });
  assert.deepEqual(await met.result, { ended: 'until:ready', goal: 'met', reason: '' });
  await using late = await startRecording({ end: { until: 'ready', timeoutMs: 100 } });
  const reason = 'not ready within 100ms: deployments/web does not exist yet';
  assert.deepEqual(await late.result, { ended: 'timeout', goal: 'failed', reason });
});

test('a recording of a fixed time ends well, unless it has a goal that is not met by then', async () => {
  await using timed = await startRecording({ end: { forMs: 50 } });
  assert.deepEqual(await timed.result, { ended: 'for', goal: 'none', reason: '' });
  await using late = await startRecording({ end: { until: 'ready', forMs: 100, timeoutMs: 3_600_000 } });
  const reason = 'not ready within 100ms: deployments/web does not exist yet';
  assert.deepEqual(await late.result, { ended: 'timeout', goal: 'failed', reason });
});

test('a goal that was met before is not judged until what there is was listed', async () => {
  await using recording = await startRecording({
    prepare: (cluster) => {
      const { uid } = cluster.create('configmaps', 'shop', { metadata: { name: 'fleet' } }).metadata;
      const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'fleet', uid }];
      cluster.create('pods', 'shop', { metadata: { name: 'one', ownerReferences }, spec: { containers: [] } });
      cluster.faults.add(({ resource }) => resource === 'pods', { type: 'delay', ms: 1500 });
    },
    roots: [{ group: '', version: 'v1', resource: 'configmaps', kind: 'ConfigMap', namespace: 'shop', name: 'fleet' }],
    end: { until: 'ready' },
  });
  assert.equal((await recording.result).ended, 'until:ready');
  const kinds = ofKind(recording.records, 'object').map(({ object }) => object.kind);
  assert.deepEqual([...new Set(kinds)].sort(), ['ConfigMap', 'Pod']);
  assert.deepEqual(stateGaps(recording.records), []);
});

test('what was not listed when the recording ended is a stated gap', async () => {
  await using recording = await startRecording({
    prepare: (cluster) => {
      prepareShop(cluster);
      cluster.faults.add(({ resource }) => resource === 'pods', { type: 'delay', ms: 3_600_000 }, 100);
    },
    end: { forMs: 300 },
  });
  assert.equal((await recording.result).ended, 'for');
  const gaps = stateGaps(recording.records).map(({ gap: { of, cause, evidence } }) => ({ of, cause, evidence }));
  const evidence = 'the recording ended before their watch had told all that there was';
  const pods = { resource: 'pods', namespace: 'shop' };
  assert.deepEqual(
    gaps.filter(({ of }) => 'resource' in of && of.resource === 'pods'),
    [{ of: pods, cause: 'interrupted', evidence }],
  );
});

test('a sink that fails ends the recording with its error', async () => {
  const broken = new Error('the disk is full');
  let records = 0;
  const sink = {
    append: () => {
      records += 1;
      if (records > 3) throw broken;
    },
    drained: async () => undefined,
    sync: async () => undefined,
  };
  await using recording = await startRecording({ prepare: prepareShop, options: { sink } });
  await assert.rejects(recording.result, broken);
});
