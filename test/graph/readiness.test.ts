import assert from 'node:assert/strict';
import { test } from 'node:test';
import { completionOf, readinessOf } from '../../src/graph/readiness.ts';
import type { KubeObject } from '../../src/model/resource.ts';

function object(apiVersion: string, kind: string, spec: object, status: object, metadata: object = {}): KubeObject {
  return {
    apiVersion,
    kind,
    metadata: { name: 'x', uid: 'u', resourceVersion: '1', generation: 2, ...metadata },
    spec,
    status,
  };
}
const apps = (kind: string, spec: object, status: object, metadata?: object) =>
  object('apps/v1', kind, spec, { observedGeneration: 2, ...status }, metadata);
const condition = (type: string, status: string, reason = '', message = '') => ({
  conditions: [{ type, status, reason, message }],
});
const full = { replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3 };
const custom = (status: object) => object('example.com/v1', 'Widget', {}, status);
const pod = (status: object) => object('v1', 'Pod', {}, status);
const job = (status: object) => object('batch/v1', 'Job', {}, status);
const daemon = (status: object, spec: object = {}) => apps('DaemonSet', spec, { desiredNumberScheduled: 2, ...status });

const cases: [string, KubeObject, string, RegExp?][] = [
  ['a Deployment with all replicas', apps('Deployment', { replicas: 3 }, full), 'ready'],
  [
    'a Deployment that its controller has not seen',
    object('apps/v1', 'Deployment', { replicas: 3 }, {}),
    'progressing',
    /not seen/,
  ],
  [
    'a Deployment whose newest spec was not seen',
    apps('Deployment', { replicas: 3 }, { ...full, observedGeneration: 1 }),
    'progressing',
    /newest spec/,
  ],
  [
    'a Deployment with old replicas',
    apps('Deployment', { replicas: 3 }, { ...full, replicas: 4 }),
    'progressing',
    /1 old/,
  ],
  [
    'a Deployment half updated',
    apps('Deployment', { replicas: 3 }, { ...full, updatedReplicas: 1 }),
    'progressing',
    /1 of 3/,
  ],
  [
    'a Deployment half ready',
    apps('Deployment', { replicas: 3 }, { ...full, readyReplicas: 2 }),
    'progressing',
    /2 of 3 replicas are ready/,
  ],
  [
    'a Deployment not available long enough',
    apps('Deployment', { replicas: 3 }, { ...full, availableReplicas: 2 }),
    'progressing',
    /available/,
  ],
  [
    'a Deployment past its deadline',
    apps(
      'Deployment',
      { replicas: 3 },
      { ...full, readyReplicas: 0, ...condition('Progressing', 'False', 'ProgressDeadlineExceeded', 'timed out') },
    ),
    'failed',
    /timed out/,
  ],
  ['a paused Deployment', apps('Deployment', { replicas: 3, paused: true }, full), 'progressing', /paused/],
  ['a Deployment of none', apps('Deployment', { replicas: 0 }, {}), 'ready'],
  ['a Deployment without replicas wants one', apps('Deployment', {}, {}), 'progressing', /0 of 1/],
  [
    'anything that is being deleted',
    apps('Deployment', { replicas: 3 }, full, { deletionTimestamp: 'x' }),
    'progressing',
    /deleted/,
  ],
  [
    'a StatefulSet with all replicas',
    apps('StatefulSet', { replicas: 3 }, { ...full, currentRevision: 'a', updateRevision: 'a' }),
    'ready',
  ],
  [
    'a StatefulSet on its way to a revision',
    apps('StatefulSet', { replicas: 3 }, { ...full, currentRevision: 'a', updateRevision: 'b' }),
    'progressing',
    /revision/,
  ],
  [
    'a StatefulSet half ready',
    apps('StatefulSet', { replicas: 3 }, { ...full, readyReplicas: 1 }),
    'progressing',
    /1 of 3/,
  ],
  ['a StatefulSet shrinking', apps('StatefulSet', { replicas: 2 }, full), 'progressing', /too many/],
  [
    'a StatefulSet partitioned',
    apps(
      'StatefulSet',
      { replicas: 3, updateStrategy: { rollingUpdate: { partition: 2 } } },
      { ...full, updatedReplicas: 1 },
    ),
    'ready',
  ],
  [
    'a StatefulSet below its partition',
    apps(
      'StatefulSet',
      { replicas: 3, updateStrategy: { rollingUpdate: { partition: 1 } } },
      { ...full, updatedReplicas: 1 },
    ),
    'progressing',
    /1 of 2/,
  ],
  [
    'a StatefulSet updated on delete',
    apps('StatefulSet', { replicas: 3, updateStrategy: { type: 'OnDelete' } }, { ...full, updatedReplicas: 0 }),
    'ready',
  ],
  ['a DaemonSet everywhere', daemon({ updatedNumberScheduled: 2, numberAvailable: 2, numberReady: 2 }), 'ready'],
  ['a DaemonSet half updated', daemon({ updatedNumberScheduled: 1 }), 'progressing', /1 of 2 pods are of the newest/],
  ['a DaemonSet half available', daemon({ updatedNumberScheduled: 2, numberAvailable: 1 }), 'progressing', /available/],
  [
    'a DaemonSet half ready',
    daemon({ updatedNumberScheduled: 2, numberAvailable: 2, numberReady: 1 }),
    'progressing',
    /ready/,
  ],
  [
    'a DaemonSet updated on delete',
    daemon({ numberAvailable: 2, numberReady: 2 }, { updateStrategy: { type: 'OnDelete' } }),
    'ready',
  ],
  ['a ReplicaSet with all replicas', apps('ReplicaSet', { replicas: 3 }, full), 'ready'],
  [
    'a ReplicaSet that cannot create pods',
    apps('ReplicaSet', { replicas: 3 }, condition('ReplicaFailure', 'True', 'FailedCreate', 'quota')),
    'progressing',
    /quota/,
  ],
  ['a ReplicaSet shrinking', apps('ReplicaSet', { replicas: 1 }, full), 'progressing', /too many/],
  [
    'a ReplicaSet half ready',
    apps('ReplicaSet', { replicas: 3 }, { ...full, readyReplicas: 1 }),
    'progressing',
    /1 of 3/,
  ],
  ['a Job that runs', job({ startTime: 'x' }), 'ready'],
  ['a Job that has not started', job({}), 'progressing'],
  ['a Job that is complete', job(condition('Complete', 'True')), 'ready'],
  ['a Job that failed', job(condition('Failed', 'True', 'BackoffLimitExceeded', 'too often')), 'failed', /too often/],
  ['a Job that is suspended', job(condition('Suspended', 'True')), 'ready', /suspended/],
  ['a CronJob', object('batch/v1', 'CronJob', {}, {}), 'ready'],
  ['a Pod that is ready', pod({ phase: 'Running', ...condition('Ready', 'True') }), 'ready'],
  ['a Pod that succeeded', pod({ phase: 'Succeeded' }), 'ready'],
  [
    'a Pod that failed',
    pod({ phase: 'Failed', reason: 'Evicted', message: 'low on memory' }),
    'failed',
    /low on memory/,
  ],
  [
    'a Pod that no node takes',
    pod({ phase: 'Pending', ...condition('PodScheduled', 'False', 'Unschedulable', '0/1 nodes') }),
    'progressing',
    /0\/1 nodes/,
  ],
  [
    'a Pod whose image cannot be pulled',
    pod({ phase: 'Pending', containerStatuses: [{ name: 'app', state: { waiting: { reason: 'ImagePullBackOff' } } }] }),
    'progressing',
    /app is waiting: ImagePullBackOff/,
  ],
  ['a Pod that runs and is not ready', pod({ phase: 'Running' }), 'progressing', /not ready/],
  ['a claim that is bound', object('v1', 'PersistentVolumeClaim', {}, { phase: 'Bound' }), 'ready'],
  ['a claim that waits', object('v1', 'PersistentVolumeClaim', {}, { phase: 'Pending' }), 'progressing'],
  ['a claim whose volume is lost', object('v1', 'PersistentVolumeClaim', {}, { phase: 'Lost' }), 'failed'],
  ['a Service', object('v1', 'Service', { type: 'ClusterIP' }, {}), 'ready'],
  ['a Service that waits for an address', object('v1', 'Service', { type: 'LoadBalancer' }, {}), 'progressing'],
  [
    'a Service with an address',
    object('v1', 'Service', { type: 'LoadBalancer' }, { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } }),
    'ready',
  ],
  [
    'a CRD that is established',
    object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', {}, condition('Established', 'True')),
    'ready',
  ],
  ['a CRD that is not', object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', {}, {}), 'progressing'],
  [
    'a CRD whose names are taken',
    object(
      'apiextensions.k8s.io/v1',
      'CustomResourceDefinition',
      {},
      condition('NamesAccepted', 'False', 'Conflict', 'taken'),
    ),
    'failed',
    /taken/,
  ],
  ['a custom resource without conditions', custom({}), 'ready'],
  ['a custom resource that is ready', custom(condition('Ready', 'True')), 'ready'],
  ['a custom resource that is not', custom(condition('Ready', 'False', 'Waiting')), 'progressing', /Waiting/],
  ['a custom resource that is not available', custom(condition('Available', 'Unknown')), 'progressing'],
  ['a custom resource that is stalled', custom(condition('Stalled', 'True', 'Broken')), 'failed', /Broken/],
  ['a custom resource that reconciles', custom(condition('Reconciling', 'True', 'Busy')), 'progressing', /Busy/],
];
for (const [title, subject, state, reason = /./] of cases)
  test(`${title} is ${state}`, () => {
    const found = readinessOf(subject);
    assert.equal(found.state, state, found.reason);
    assert.match(found.reason, reason);
  });

const completions: [string, KubeObject, string][] = [
  ['a Job that is complete', job(condition('Complete', 'True')), 'complete'],
  ['a Job that failed', job(condition('Failed', 'True')), 'failed'],
  ['a Job that runs', job({ active: 1 }), 'progressing'],
  ['a Pod that succeeded', pod({ phase: 'Succeeded' }), 'complete'],
  ['a Pod that failed', pod({ phase: 'Failed' }), 'failed'],
  ['a Pod that runs', pod({ phase: 'Running' }), 'progressing'],
  ['a workflow that succeeded', custom(condition('Succeeded', 'True')), 'complete'],
  ['a custom resource that says nothing', custom({}), 'progressing'],
];
for (const [title, subject, state] of completions)
  test(`the work of ${title} is ${state}`, () => assert.equal(completionOf(subject).state, state));
