import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JournalRecord } from '../../src/model/record.ts';
import { type Timestamp, timestampOf } from '../../src/model/time.ts';
import { Past } from '../../src/record/past.ts';
import { WEB } from './root.ts';
import { CLUSTER, ID } from './simulated-recording.ts';

const START = Date.UTC(2026, 10, 23, 12);

function at(second: number): Timestamp {
  return timestampOf(START + second * 1000);
}

function record(second: number, action: 'created' | 'deleted', resource: string, name: string, owner?: string) {
  const kind = resource === 'pods' ? 'Pod' : 'ReplicaSet';
  const apiVersion = resource === 'pods' ? 'v1' : 'apps/v1';
  const ownerReferences =
    owner === undefined ? [] : [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: owner }];
  const metadata = { name, namespace: 'shop', uid: name, resourceVersion: `${second}`, ownerReferences };
  const object = { apiVersion, kind, metadata };
  return { kind: 'object', observed: at(second), action, resource, object, redactions: 0 } satisfies JournalRecord;
}

async function read(...records: readonly JournalRecord[]): Promise<Past> {
  const about = { id: ID, generator: 'faro test', cluster: CLUSTER, roots: [WEB], options: {} };
  const all: readonly JournalRecord[] = [{ kind: 'start', time: at(0), ...about }, ...records];
  return await Past.read({
    async *records() {
      for (const [position, each] of all.entries()) if (each.kind !== 'log') yield { position, record: each };
    },
    readLog: () => Promise.reject(new Error('no logs')),
  });
}

/** Pods that came one after the other, and were gone a second later. */
function comeAndGone(pods: number, owner: string): JournalRecord[] {
  return Array.from({ length: pods }, (_, index) => [
    record(index + 1, 'created', 'pods', `${owner}-${index}`, owner),
    record(index + 2, 'deleted', 'pods', `${owner}-${index}`, owner),
  ]).flat();
}

test('of objects that were gone before their owner was seen a thousand are taken into memory again, of others whose they were', async () => {
  const past = await read(...comeAndGone(1300, 'late'));
  assert.equal(past.objects.size, 1000);
  assert.equal(past.objects.has('late-299'), false);
  assert.deepEqual(past.unkept, [
    { uids: ['late'], target: { storage: 'pods', namespace: 'shop' }, since: at(1), until: at(301) },
  ]);
});

test('of objects whose owner was seen none is forgotten', async () => {
  const owner = record(0, 'created', 'replicasets', 'web-1');
  const metadata = { ...owner.object.metadata, ownerReferences: [] };
  const web = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { ...metadata, name: WEB.name, uid: 'web' } };
  const root = { ...owner, resource: 'deployments', object: web };
  const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'Deployment', name: WEB.name, uid: 'web' }];
  const owned = { ...owner, object: { ...owner.object, metadata: { ...metadata, ownerReferences } } };
  const past = await read(root, owned, ...comeAndGone(1300, 'web-1'));
  assert.equal(past.objects.size, 1302);
  assert.deepEqual(past.unkept, []);
});

test('of Events about Nodes those count that a pod of the journal runs on', async () => {
  const event = (name: string) => {
    const metadata = { name, namespace: 'default', uid: name, resourceVersion: '1' };
    const object = { apiVersion: 'v1', kind: 'Event', metadata, involvedObject: { kind: 'Node', name } };
    return { kind: 'event', observed: at(1), action: 'found', object, redactions: 0 } satisfies JournalRecord;
  };
  const pod = record(2, 'created', 'pods', 'web-1', 'web');
  const bound = { ...pod, object: { ...pod.object, spec: { nodeName: 'node1' } } };
  const past = await read(event('node1'), event('node2'), bound);
  assert.equal(past.events.count, 1);
});
