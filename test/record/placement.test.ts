import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '../../src/demo/clock.ts';
import type { JournalRecord } from '../../src/model/record.ts';
import type { KubeObject } from '../../src/model/resource.ts';
import { Placement } from '../../src/record/placement.ts';
import { createRedactor } from '../../src/redact/redactor.ts';
import { WEB } from './root.ts';

const NODE = { group: '', version: 'v1', resource: 'nodes', kind: 'Node', namespace: null, name: 'node1' };

function placement(roots = [WEB], append: (record: JournalRecord) => void = () => undefined): Placement {
  const redactor = createRedactor({ key: Buffer.alloc(32), enabled: false, managedFields: true });
  return new Placement({ roots, redactor, clock: new SimulatedClock(), append });
}

function object(kind: string, uid: string, owner?: string): KubeObject {
  const ownerReferences =
    owner === undefined ? [] : [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'o', uid: owner }];
  const metadata = { name: uid, namespace: 'shop', uid, resourceVersion: '1', ownerReferences };
  return { apiVersion: kind === 'Pod' ? 'v1' : 'apps/v1', kind, metadata };
}

function aboutNode(name: string, uid = name): KubeObject {
  return { ...object('Event', uid), involvedObject: { kind: 'Node', name } };
}

test('a stranger that was written down before its owner was seen is forgotten when it is gone', () => {
  const known = placement();
  known.take('pods', object('Pod', 'stranger', 'rs'), 'created');
  assert.equal(known.counts.objects, 1);
  known.learn('replicasets', object('ReplicaSet', 'rs'));
  known.take('pods', object('Pod', 'stranger', 'rs'), 'deleted');
  known.forget('stranger');
  assert.equal(known.counts.objects, 0);
});

test('Events about a Node that was named are recorded, though the kubelet gives them its name alone', () => {
  const known = placement([NODE]);
  known.takeEvent(aboutNode('node1'), 'found');
  known.takeEvent(aboutNode('node2'), 'found');
  assert.equal(known.counts.events, 1);
});

test('Events about a Node that came before the pod that runs on it are recorded with that pod, as they were told last', () => {
  const told: JournalRecord[] = [];
  const known = placement([NODE, WEB], (record) => told.push(record));
  const event = (uid: string, count: number) => ({ ...aboutNode('node2', uid), count });
  known.takeEvent(event('a', 1), 'found');
  known.takeEvent(aboutNode('node3', 'b'), 'found');
  known.takeEvent(event('a', 2), 'changed');
  const pod = object('Pod', 'web-1', 'web');
  known.take('pods', pod, 'created');
  assert.equal(known.counts.events, 0);
  for (const version of ['2', '3'])
    known.take(
      'pods',
      { ...pod, metadata: { ...pod.metadata, resourceVersion: version }, spec: { nodeName: 'node2' } },
      'changed',
    );
  known.takeEvent(event('c', 1), 'created');
  const events = told.flatMap((record) =>
    record.kind === 'event' ? [[record.action, record.object.metadata.uid, record.object.count]] : [],
  );
  assert.deepEqual(events, [
    ['found', 'a', 2],
    ['created', 'c', 1],
  ]);
});

test('of very many Events about Nodes that may be of the story, those told last are held', () => {
  const told: JournalRecord[] = [];
  const known = placement([WEB], (record) => told.push(record));
  for (let number = 0; number < 5000; number += 1) known.takeEvent(aboutNode('node2', `e${number}`), 'found');
  known.take('pods', { ...object('Pod', 'web-1', 'web'), spec: { nodeName: 'node2' } }, 'found');
  const uids = told.flatMap((record) => (record.kind === 'event' ? record.object.metadata.uid : []));
  assert.equal(uids.length, 2000);
  assert.deepEqual([uids.at(0), uids.at(-1)], ['e3000', 'e4999']);
});
