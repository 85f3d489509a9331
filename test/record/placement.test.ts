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

test('Events about any Node are written down, and count once a pod of the story runs there', () => {
  const told: JournalRecord[] = [];
  const known = placement([NODE, WEB], (record) => told.push(record));
  known.takeEvent(aboutNode('node2', 'a'), 'found');
  known.takeEvent(aboutNode('node3', 'b'), 'created');
  known.takeEvent(aboutNode('node2', 'a'), 'changed');
  assert.equal(known.counts.events, 0);
  known.take('pods', { ...object('Pod', 'web-1', 'web'), spec: { nodeName: 'node2' } }, 'created');
  assert.equal(known.counts.events, 2);
  known.takeEvent(aboutNode('node2', 'c'), 'created');
  assert.equal(known.counts.events, 3);
  const events = told.flatMap((record) =>
    record.kind === 'event' ? [`${record.action} ${record.object.metadata.uid}`] : [],
  );
  assert.deepEqual(events, ['found a', 'created b', 'changed a', 'created c']);
});
