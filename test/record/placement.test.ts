import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '../../src/demo/clock.ts';
import type { KubeObject } from '../../src/model/resource.ts';
import { Placement } from '../../src/record/placement.ts';
import { createRedactor } from '../../src/redact/redactor.ts';
import { WEB } from './root.ts';

const NODE = { group: '', version: 'v1', resource: 'nodes', kind: 'Node', namespace: null, name: 'node1' };

function placement(roots = [WEB]): Placement {
  const redactor = createRedactor({ key: Buffer.alloc(32), enabled: false, managedFields: true });
  return new Placement({ roots, redactor, clock: new SimulatedClock(), append: () => undefined });
}

function object(kind: string, uid: string, owner?: string): KubeObject {
  const ownerReferences =
    owner === undefined ? [] : [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'o', uid: owner }];
  const metadata = { name: uid, namespace: 'shop', uid, resourceVersion: '1', ownerReferences };
  return { apiVersion: kind === 'Pod' ? 'v1' : 'apps/v1', kind, metadata };
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
  const about = (name: string) => ({ ...object('Event', name), involvedObject: { kind: 'Node', name } });
  known.takeEvent(about('node1'), 'found');
  known.takeEvent(about('node2'), 'found');
  assert.equal(known.counts.events, 1);
});
