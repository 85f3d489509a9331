import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Story } from '../../src/story/document.ts';
import { credential } from '../credentials.ts';
import { startCapture } from './capture.ts';
import { checkStory } from './checker.ts';
import { skipped, type TestNamespace, testNamespace, workload } from './cluster.ts';

const options = { skip: skipped };
const labels = { app: 'web' };
const SECRET = credential('vermilion-4711');

/** Everything that explains the workload, and a neighbour of each that does not. */
function surroundings({ name }: TestNamespace): object[] {
  const v1 = (kind: string, metadata: object, more: object) => ({ apiVersion: 'v1', kind, metadata, ...more });
  const claimRef = { namespace: name, name: 'data' };
  const csi = { driver: 'csi.faro.test', volumeHandle: name };
  const size = { storage: '1Mi' };
  const volume = { accessModes: ['ReadWriteOnce'], storageClassName: '' };
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
  return [
    v1('ResourceQuota', { name: 'quota' }, { spec: { hard: { pods: '20' } } }),
    v1(
      'LimitRange',
      { name: 'limits' },
      { spec: { limits: [{ type: 'PersistentVolumeClaim', max: { storage: '1Gi' } }] } },
    ),
    v1('ServiceAccount', { name: 'web' }, {}),
    v1('ConfigMap', { name: 'settings' }, { data: { colour: SECRET } }),
    v1('ConfigMap', { name: 'neighbour' }, { data: { colour: 'x' } }),
    v1('Secret', { name: 'password' }, { stringData: { password: SECRET } }),
    v1('Secret', { name: 'neighbour' }, { stringData: { password: 'x' } }),
    v1('Service', { name: 'web' }, { spec: { selector: labels, ports: [{ port: 80 }] } }),
    v1('Service', { name: 'neighbour' }, { spec: { selector: { app: 'other' }, ports: [{ port: 80 }] } }),
    v1(
      'PersistentVolumeClaim',
      { name: 'data' },
      { spec: { ...volume, resources: { requests: size }, volumeName: name } },
    ),
    v1('PersistentVolume', { name }, { spec: { ...volume, capacity: size, claimRef, csi } }),
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'web' },
      spec: { minAvailable: 0, selector: { matchLabels: labels } },
    },
    {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'web' },
      spec: { scaleTargetRef, minReplicas: 1, maxReplicas: 2 },
    },
  ];
}

function deployment(): object {
  const env = [{ name: 'WORD', valueFrom: { secretKeyRef: { name: 'password', key: 'password' } } }];
  const container = workload('app', '-n 10 -wait -1s', { env, envFrom: [{ configMapRef: { name: 'settings' } }] });
  const spec = { serviceAccountName: 'web', terminationGracePeriodSeconds: 0, containers: [container] };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
}

/** Its volume has no driver here: it is attached as far as the attach controller goes, and never mounted. */
function podWithDisk(): object {
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];
  const containers = [workload('app', '-n 1', { volumeMounts: [{ name: 'data', mountPath: '/data' }] })];
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'disk' }, spec: { volumes, containers } };
}

function relationsOf(story: Story): string[] {
  const kind = (index: number) => story.objects[index]?.kind;
  const found = story.objects.flatMap((object) =>
    (object.related ?? []).flatMap(({ how, to }) =>
      to.map((one) => `${object.kind}/${object.name} ${how} ${kind(one)}`),
    ),
  );
  return [...new Set(found)].sort();
}

test(
  'what explains a workload is in its story, told apart, with its changes and without a secret',
  options,
  async () => {
    await using ns = await testNamespace('related');
    try {
      const capture = await startCapture(
        { kubeconfig: ns.cluster.kubeconfig, namespace: ns.name },
        'deploy/web',
        'pod/disk',
        '--wait',
      );
      await ns.apply({ apiVersion: 'v1', kind: 'List', items: [...surroundings(ns), deployment(), podWithDisk()] });
      await ns.until('it is ready', ['deploy/web'], ({ status }) => status.readyReplicas === 1);
      await ns.until('its volume is to be attached', ['volumeattachments'], ({ items }) =>
        items.some(({ spec }) => JSON.stringify(spec).includes(ns.name)),
      );
      for (const [kind, field] of [
        ['configmap/settings', 'data'],
        ['secret/password', 'stringData'],
      ] as const)
        await ns.kubectl('patch', kind, '--type=merge', '-p', JSON.stringify({ [field]: { more: SECRET } }));
      await ns.kubectl('delete', 'configmap', 'settings');
      const story = await capture.end();
      const states = checkStory(story);
      const name = story.objects.find(({ kind }) => kind === 'VolumeAttachment')?.name;
      const node = story.objects.find(({ kind }) => kind === 'Node')?.name;
      const slice = story.objects.find(({ kind }) => kind === 'EndpointSlice')?.name;
      assert.deepEqual(
        relationsOf(story).filter((text) => !/kube-root-ca|ServiceAccount\/default/.test(text)),
        [
          'ConfigMap/settings usedBy Deployment',
          'ConfigMap/settings usedBy Pod',
          `EndpointSlice/${slice} endpointsOf Service`,
          'HorizontalPodAutoscaler/web scales Deployment',
          'LimitRange/limits limits Deployment',
          'LimitRange/limits limits Pod',
          `Namespace/${ns.name} contains Deployment`,
          `Namespace/${ns.name} contains Pod`,
          `Node/${node} runs Pod`,
          `PersistentVolume/${ns.name} boundTo PersistentVolumeClaim`,
          'PersistentVolumeClaim/data usedBy Pod',
          'PodDisruptionBudget/web selects Pod',
          'ResourceQuota/quota limits Deployment',
          'ResourceQuota/quota limits Pod',
          'Secret/password usedBy Deployment',
          'Secret/password usedBy Pod',
          'Service/web selects Pod',
          'ServiceAccount/web usedBy Deployment',
          'ServiceAccount/web usedBy Pod',
          `VolumeAttachment/${name} attaches PersistentVolume`,
        ].sort(),
      );
      const uid = story.objects.find(({ kind, name: own }) => kind === 'ConfigMap' && own === 'settings')?.uid ?? '';
      assert.equal(states.get(uid)?.length, 3, 'found, changed, deleted');
      assert.doesNotMatch(capture.output(), new RegExp(`${SECRET}|${Buffer.from(SECRET).toString('base64')}`));
      assert.doesNotMatch(JSON.stringify(story.objects), /neighbour/);
      assert.deepEqual(
        story.gaps.filter(({ of }) => 'resource' in of),
        [],
      );
    } finally {
      await ns.cluster.kubectl(['delete', 'pv', ns.name, '--ignore-not-found', '--wait=false']);
    }
  },
);
