import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { isHeartbeat } from '../../src/graph/node-heartbeat.ts';
import { podReferencesOf } from '../../src/graph/pod-references.ts';
import { referenceKey } from '../../src/graph/references.ts';
import { Relations } from '../../src/graph/relations.ts';
import { selects, selectsByMap } from '../../src/graph/selector.ts';

const KINDS: Readonly<Record<string, readonly [string, string]>> = {
  pods: ['v1', 'Pod'],
  services: ['v1', 'Service'],
  nodes: ['v1', 'Node'],
  configmaps: ['v1', 'ConfigMap'],
  resourcequotas: ['v1', 'ResourceQuota'],
  persistentvolumes: ['v1', 'PersistentVolume'],
  persistentvolumeclaims: ['v1', 'PersistentVolumeClaim'],
  deployments: ['apps/v1', 'Deployment'],
  replicasets: ['apps/v1', 'ReplicaSet'],
  poddisruptionbudgets: ['policy/v1', 'PodDisruptionBudget'],
  horizontalpodautoscalers: ['autoscaling/v2', 'HorizontalPodAutoscaler'],
};

function seen(resource: string, name: string, more: object = {}, metadata: object = {}) {
  const [apiVersion = '', kind = ''] = KINDS[resource] ?? [];
  const namespaced = ['nodes', 'persistentvolumes'].includes(resource) ? {} : { namespace: 'shop' };
  return {
    resource,
    object: {
      apiVersion,
      kind,
      metadata: { name, uid: name, resourceVersion: '1', ...namespaced, ...metadata },
      ...more,
    },
  };
}

const ROOT = { isRoot: true, isMember: true };
const MEMBER = { isRoot: false, isMember: true };
const RELATED = { isRoot: false, isMember: false };
const web = seen('pods', 'web', { spec: { nodeName: 'n1' } }, { labels: { app: 'web', tier: 'front' } });

test('a pod names its Node, its service account, and the ConfigMaps, Secrets and claims of every kind of use', () => {
  const spec = {
    serviceAccountName: 'sa',
    imagePullSecrets: [{ name: 's-pull' }],
    volumes: [
      { name: 'a', configMap: { name: 'c-volume' } },
      { name: 'b', secret: { secretName: 's-volume' } },
      { name: 'c', persistentVolumeClaim: { claimName: 'data' } },
      {
        name: 'd',
        projected: { sources: [{ configMap: { name: 'c-projected' } }, { secret: { name: 's-projected' } }] },
      },
      { name: 'e', csi: { driver: 'x', nodePublishSecretRef: { name: 's-csi' } } },
    ],
    initContainers: [{ name: 'i', env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'c-env', key: 'k' } } }] }],
    containers: [
      { name: 'm', envFrom: [{ configMapRef: { name: 'c-from' } }, { secretRef: { name: 's-from' } }] },
      { name: 'n', env: [{ name: 'B', valueFrom: { secretKeyRef: { name: 's-env', key: 'k' } } }] },
    ],
  };
  const { configmaps, secrets, persistentvolumeclaims, serviceaccounts } = podReferencesOf(spec);
  assert.deepEqual([...configmaps].sort(), ['c-env', 'c-from', 'c-projected', 'c-volume']);
  assert.deepEqual([...secrets].sort(), ['s-csi', 's-env', 's-from', 's-projected', 's-pull', 's-volume']);
  assert.deepEqual([[...persistentvolumeclaims], [...serviceaccounts]], [['data'], ['sa']]);
  assert.deepEqual([...podReferencesOf({ volumes: 'no list', containers: [null, 7] }).configmaps], []);
});

test('a reference is wanted once, and what is found there is related to all that name it, before or after', () => {
  const relations = new Relations();
  const first = relations.explain(web, MEMBER).references;
  assert.deepEqual(first.map(referenceKey), ['nodes///n1']);
  const [reference] = first;
  assert.ok(reference);
  assert.deepEqual(relations.found(reference, 'node-uid'), [{ of: 'node-uid', how: 'runs', to: 'web' }]);
  assert.deepEqual(relations.found(reference, 'node-uid'), []);
  const other = relations.explain(seen('pods', 'web2', { spec: { nodeName: 'n1' } }), MEMBER);
  assert.deepEqual(other, { relations: [{ of: 'node-uid', how: 'runs', to: 'web2' }], references: [] });
});

test('only the template of a root names objects, for old ReplicaSets name what nothing uses any more', () => {
  const template = { spec: { template: { spec: { serviceAccountName: 'sa' } } } };
  const keysOf = (kind: 'deployments' | 'replicasets', of: typeof ROOT) =>
    new Relations().explain(seen(kind, 'x', template), of).references.map(referenceKey);
  assert.deepEqual(keysOf('deployments', ROOT), ['namespaces///shop', 'serviceaccounts//shop/sa']);
  assert.deepEqual(keysOf('replicasets', MEMBER), []);
});

test('Services, budgets, autoscalers and quotas are related to what they point at, in whichever order they come', () => {
  const pointing = [
    seen('services', 'svc', { spec: { selector: { app: 'web' } } }),
    seen('services', 'stranger', { spec: { selector: { app: 'other' } } }),
    seen('services', 'external', { spec: {} }),
    seen('poddisruptionbudgets', 'pdb', { spec: { selector: { matchLabels: { tier: 'front' } } } }),
    seen('horizontalpodautoscalers', 'hpa', { spec: { scaleTargetRef: { kind: 'Deployment', name: 'web-d' } } }),
    seen('resourcequotas', 'quota'),
    seen('resourcequotas', 'elsewhere', {}, { namespace: 'other' }),
  ];
  const expected = ['hpa scales web-d', 'pdb selects web', 'quota limits web-d', 'svc selects web'];
  const deployment = seen('deployments', 'web-d');
  for (const isLate of [false, true]) {
    const relations = new Relations();
    const story = () =>
      [relations.explain(deployment, ROOT), relations.explain(web, MEMBER)].flatMap((one) => one.relations);
    const found = isLate
      ? [...story(), ...pointing.flatMap((one) => relations.candidate(one))]
      : [...pointing.flatMap((one) => relations.candidate(one)), ...story()];
    assert.deepEqual(found.map(({ of, how, to }) => `${of} ${how} ${to}`).sort(), expected);
    assert.deepEqual([...pointing.flatMap((one) => relations.candidate(one)), ...story()], [], 'each is told once');
  }
});

test('a Service that comes to select a pod is related from then on', () => {
  const relations = new Relations();
  relations.explain(web, MEMBER);
  assert.deepEqual(relations.candidate(seen('services', 'svc', { spec: { selector: { app: 'x' } } })), []);
  assert.equal(relations.candidate(seen('services', 'svc', { spec: { selector: { app: 'web' } } })).length, 1);
});

test('the attachment of a CSI volume is named as the attach controller does, whichever of pod and volume comes first', () => {
  const pod = seen('pods', 'db', {
    spec: { nodeName: 'n1', volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }] },
  });
  const csi = { driver: 'csi.example.com', volumeHandle: 'vol-1' };
  const volume = seen('persistentvolumes', 'pv', { spec: { csi, claimRef: { namespace: 'shop', name: 'data' } } });
  const name = `csi-${createHash('sha256').update('vol-1csi.example.comn1').digest('hex')}`;
  for (const order of [
    [pod, volume],
    [volume, pod],
  ]) {
    const relations = new Relations();
    const keys = order.flatMap((one) =>
      relations.explain(one, one === pod ? MEMBER : RELATED).references.map(referenceKey),
    );
    assert.ok(keys.includes(`volumeattachments/storage.k8s.io//${name}`), keys.join());
  }
});

test('label selectors select as the API server does', () => {
  const labels = { app: 'web', tier: 'front' };
  const table: [unknown, boolean][] = [
    [{}, true],
    [undefined, false],
    [null, false],
    ['app=web', false],
    [{ matchLabels: { app: 'web' } }, true],
    [{ matchLabels: { app: 'web', tier: 'back' } }, false],
    [{ matchExpressions: [{ key: 'app', operator: 'In', values: ['web', 'api'] }] }, true],
    [{ matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] }, false],
    [{ matchExpressions: [{ key: 'zone', operator: 'NotIn', values: ['a'] }] }, true],
    [{ matchExpressions: [{ key: 'zone', operator: 'Exists' }] }, false],
    [{ matchExpressions: [{ key: 'zone', operator: 'DoesNotExist' }] }, true],
    [{ matchLabels: { app: 'web' }, matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] }, false],
    [{ matchExpressions: [{ key: 'app', operator: 'Newer' }] }, false],
  ];
  for (const [selector, expected] of table) assert.equal(selects(selector, labels), expected, JSON.stringify(selector));
  assert.equal(selectsByMap({ app: 'web' }, labels), true);
  assert.equal(selectsByMap({}, labels), false, 'a Service without selector selects nothing');
});

test('a Node that only says that it lives has not changed; a condition, a taint or a label has', () => {
  const node = (condition: object, spec: object = {}, labels: object = {}) =>
    seen('nodes', 'n1', { spec, status: { conditions: [{ type: 'Ready', status: 'True', ...condition }] } }, { labels })
      .object;
  const before = node({ lastHeartbeatTime: 'a' });
  assert.equal(isHeartbeat(before, node({ lastHeartbeatTime: 'b' })), true);
  assert.equal(isHeartbeat(before, node({ status: 'Unknown' })), false);
  assert.equal(isHeartbeat(before, node({}, { taints: [{ key: 'k', effect: 'NoExecute' }] })), false);
  assert.equal(isHeartbeat(before, node({}, {}, { zone: 'a' })), false);
});
