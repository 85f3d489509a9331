import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prepareShop } from '../../src/demo/scenario.ts';
import { type Recording, startRecording, until } from './harness.ts';

const options = { related: true };

function states({ records }: Recording, kind: string): string[] {
  return records.flatMap((record) =>
    record.kind === 'object' && record.object.kind === kind ? [`${record.action} ${record.object.metadata.name}`] : [],
  );
}

function relations({ records }: Recording): string[] {
  const names = new Map(
    records.flatMap((record) =>
      record.kind === 'object' ? [[record.object.metadata.uid, record.object.kind] as const] : [],
    ),
  );
  return records.flatMap((record) =>
    record.kind === 'relation' ? [`${names.get(record.of)} ${record.how} ${names.get(record.to)}`] : [],
  );
}

function notes({ records }: Recording): string {
  return records.flatMap((record) => (record.kind === 'note' ? [record.text] : [])).join('\n');
}

function touchNode(recording: Recording, condition: object, spec: object): void {
  recording.cluster.change('nodes', null, 'node-1', (node) => ({
    ...node,
    spec,
    status: { conditions: [{ type: 'Ready', status: 'True', ...condition }] },
  }));
}

test('what explains the workload is recorded with each of its changes, and related to what it explains', async () => {
  await using recording = await startRecording({
    options,
    prepare: (cluster) => {
      prepareShop(cluster);
      cluster.create('services', 'shop', { metadata: { name: 'web' }, spec: { selector: { app: 'web' } } });
      cluster.create('services', 'shop', { metadata: { name: 'other' }, spec: { selector: { app: 'other' } } });
      cluster.create('configmaps', 'shop', { metadata: { name: 'other' } });
    },
  });
  const { cluster } = recording;
  await until('pods, their Node and Service are related', () => {
    const found = relations(recording);
    return ['Service selects Pod', 'Node runs Pod', 'Namespace contains Deployment'].every((one) =>
      found.includes(one),
    );
  });
  await until('the Node is there', () => states(recording, 'Node').length > 0);
  cluster.change('services', 'shop', 'web', (web) => ({ ...web, spec: { ...(web.spec as object), type: 'NodePort' } }));
  await until('the change is recorded', () => states(recording, 'Service').length === 2);
  assert.deepEqual(states(recording, 'Service'), ['found web', 'changed web']);
  assert.deepEqual(states(recording, 'ConfigMap'), []);
});

test('a Node whose condition or taints change is recorded, one that only lives is not', async () => {
  await using recording = await startRecording({ options, prepare: prepareShop });
  await until('the Node is there', () => states(recording, 'Node').length === 1);
  touchNode(recording, { lastHeartbeatTime: '2026-01-01T00:00:00Z' }, {});
  const known = states(recording, 'Node').length;
  for (const time of ['1', '2', '3']) touchNode(recording, { lastHeartbeatTime: time }, {});
  touchNode(
    recording,
    { status: 'Unknown' },
    { taints: [{ key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }] },
  );
  await until('the trouble is recorded', () =>
    recording.records.some(
      (record) => record.kind === 'object' && JSON.stringify(record.object).includes('unreachable'),
    ),
  );
  assert.ok(states(recording, 'Node').length <= known + 2, states(recording, 'Node').join());
});

test('a ConfigMap that a pod names is recorded without its data, also when it is made, changed and deleted later', async () => {
  await using recording = await startRecording({ options, prepare: prepareShop });
  const { cluster } = recording;
  cluster.create('configmaps', 'shop', { metadata: { name: 'settings' }, data: { colour: 'vermilion' } });
  cluster.change('deployments.apps', 'shop', 'web', (web) => ({
    ...web,
    spec: {
      ...(web.spec as object),
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'web', image: 'web', envFrom: [{ configMapRef: { name: 'settings' } }] }] },
      },
    },
  }));
  await until('it is found', () => states(recording, 'ConfigMap').length === 1);
  cluster.change('configmaps', 'shop', 'settings', (settings) => ({ ...settings, data: { colour: 'cerise' } }));
  await until('its change is there', () => states(recording, 'ConfigMap').length === 2);
  cluster.store.delete(cluster.type('configmaps'), 'shop', 'settings');
  await until('its end is there', () => states(recording, 'ConfigMap').length === 3);
  assert.deepEqual(states(recording, 'ConfigMap'), ['found settings', 'changed settings', 'deleted settings']);
  assert.doesNotMatch(JSON.stringify(recording.records), /vermilion|cerise/);
});

test('what explains the workload but may not be read is a note, asked for once, and no gap', async () => {
  const allowed = new Set(['deployments', 'replicasets', 'pods', 'pods/log', 'events']);
  let asked = 0;
  await using recording = await startRecording({
    options,
    token: 'narrow',
    prepare: (cluster) => {
      cluster.api.users.set('narrow', 'narrow');
      prepareShop(cluster);
      cluster.api.authorize = ({ namespace, resource }) => {
        if (resource === 'nodes') asked += 1;
        return namespace === 'shop' && allowed.has(resource);
      };
    },
  });
  await until('the refusals are stated', () => /^nodes that explain/m.test(notes(recording)));
  await until('pods are there', () => states(recording, 'Pod').length > 3);
  await recording.end();
  assert.match(notes(recording), /^events that explain this story may be missing/m);
  assert.deepEqual(
    recording.records.filter(({ kind }) => kind === 'gap'),
    [],
  );
  assert.equal(asked, 1);
});
