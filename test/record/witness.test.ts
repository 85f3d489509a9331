import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '../../src/demo/clock.ts';
import { NodeSettings } from '../../src/kube/node-settings.ts';
import { LogFollowers } from '../../src/logs/followers.ts';
import type { JournalRecord } from '../../src/model/record.ts';
import type { KubeObject } from '../../src/model/resource.ts';
import { timestampOf } from '../../src/model/time.ts';
import { Placement } from '../../src/record/placement.ts';
import { RecorderWitness } from '../../src/record/witness.ts';
import { createRedactor } from '../../src/redact/redactor.ts';
import { FakeStream } from '../logs/following.ts';
import { WEB } from './root.ts';

const RUNNING = {
  spec: { nodeName: 'n', containers: [{ name: 'app' }] },
  status: {
    phase: 'Running',
    containerStatuses: [
      { name: 'app', restartCount: 0, containerID: 'r://0', state: { running: { startedAt: '2026-11-23T12:00:00Z' } } },
    ],
  },
};

function object(kind: string, name: string, owner?: string): KubeObject {
  const ownerReferences = owner === undefined ? [] : [{ apiVersion: 'apps/v1', kind: 'Any', name: owner, uid: owner }];
  const metadata = { name, namespace: 'shop', uid: name, resourceVersion: '1', ownerReferences };
  return { apiVersion: kind === 'Pod' ? 'v1' : 'apps/v1', kind, metadata };
}

test('a pod that was written down before its owner has its log followed when metadata alone shows the owner', async () => {
  const clock = new SimulatedClock();
  const asked: string[] = [];
  const records: JournalRecord[] = [];
  const append = (record: JournalRecord) => void records.push(record);
  const settings = { logRotation: () => ({ maxBytes: 10 * 1024 * 1024, maxFiles: 5 }), asked: async () => undefined };
  const followers = new LogFollowers({
    ...{ route: 'stream', limits: {}, maxStreams: 5, clock, settings, say: () => undefined },
    routeOf: async () => ({ type: 'refused', node: 'n', reason: 'not asked', isPassing: false }),
    sink: { append, drained: async () => undefined },
    client: {
      logs: async ({ pod }, signal) => {
        asked.push(pod);
        return new FakeStream().bytes(signal);
      },
    },
  });
  const placement = new Placement({
    roots: [WEB],
    redactor: createRedactor({ key: Buffer.alloc(32), enabled: true, managedFields: false }),
    clock,
    append,
  });
  const log = { info: () => undefined, warn: () => undefined };
  const nodes = new NodeSettings({ getJson: async () => ({}) }, new AbortController().signal);
  const witness = new RecorderWitness({ roots: [WEB], placement, followers, nodes, clock, append, log });
  witness.learn('deployments', object('Deployment', 'web'));
  const pod = { ...object('Pod', 'web-1', 'web-rs'), ...RUNNING };
  const heard = timestampOf(clock.now());
  witness.state('pods', { type: 'created', object: pod, before: undefined, isRelist: false, heard });
  const wait = () => clock.advance(1000, () => new Promise((resolve) => setImmediate(resolve)));
  await wait();
  assert.deepEqual(asked, []);
  witness.learn('replicasets', object('ReplicaSet', 'web-rs', 'web'));
  await wait();
  assert.deepEqual(asked, ['web-1']);
  const over = followers[Symbol.asyncDispose]();
  await wait();
  await over;
});
