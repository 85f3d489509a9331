import { setTimeout } from 'node:timers/promises';
import { evict } from './broken.ts';
import { untilEvent, untilReady, untilRestarted, untilWaiting, type VerdictCase } from './case.ts';
import { configMap, container, deployment, httpProbe, server, statefulSet } from './manifests.ts';

/** Well again means, for as long as it was well before: this time has to pass. */
function lasting(seconds: number): Promise<void> {
  return setTimeout(seconds * 1000);
}

/** A container that starts while its configuration says 1 and crashes when it says 0. */
function configured(name: string): object {
  const args = [
    '-n',
    '2',
    '-tag',
    'reading /etc/limits',
    '-crash-times',
    '1',
    '-state',
    '/etc/limits/on',
    '-wait',
    '-1s',
  ];
  return container(name, [...args, '-exit', '4'], { volumeMounts: [{ name: 'limits', mountPath: '/etc/limits' }] });
}

/** What is over, or hidden, when the story ends: who looks at the present state sees nothing, or the wrong thing. */
export const OVER: readonly VerdictCase[] = [
  {
    name: 'rolled-back',
    targets: ['deployment/web'],
    prepare: async (ns) => {
      await ns.apply(deployment('web', [server('nginx')], { replicas: 2 }));
      await untilReady(ns, 'deployment/web', 2);
    },
    play: async (ns) => {
      await ns.kubectl('set', 'image', 'deployment/web', 'nginx=registry.invalid/web:2.0.1');
      await untilWaiting(ns, /ErrImageNeverPull/);
      await ns.kubectl('rollout', 'undo', 'deployment/web');
      await untilReady(ns, 'deployment/web', 2);
    },
    status: 'recovered',
    rule: 'image',
    firstLine: [/registry\.invalid\/web:2\.0\.1/],
    consequences: ['rollout-overtaken'],
  },
  {
    name: 'config-changed',
    targets: ['deployment/limiter'],
    prepare: async (ns) => {
      await ns.apply(configMap('limits', { on: '1' }));
      const volumes = [{ name: 'limits', configMap: { name: 'limits' } }];
      await ns.apply(deployment('limiter', [configured('bucket')], { pod: { volumes } }));
      await untilReady(ns, 'deployment/limiter');
    },
    play: async (ns) => {
      await ns.apply(configMap('limits', { on: '0' }));
      await ns.kubectl('rollout', 'restart', 'deployment/limiter');
      await untilRestarted(ns, 2);
    },
    status: 'failed',
    rule: 'config-changed',
    firstLine: [/ConfigMap/, /limits/],
    consequences: ['crash-loop'],
  },
  {
    name: 'config-and-back',
    targets: ['sts/meter'],
    prepare: async (ns) => {
      await ns.apply(configMap('rates', { on: '1' }));
      const volumes = [{ name: 'limits', configMap: { name: 'rates' } }];
      await ns.apply(statefulSet('meter', [configured('count')], { pod: { volumes } }));
      await untilReady(ns, 'sts/meter');
    },
    play: async (ns) => {
      await ns.apply(configMap('rates', { on: '0' }));
      await ns.kubectl('delete', 'pod', 'meter-0');
      await untilRestarted(ns, 1);
      await ns.apply(configMap('rates', { on: '1' }));
      await ns.kubectl('delete', 'pod', 'meter-0');
      await untilReady(ns, 'sts/meter');
    },
    status: 'recovered',
    rule: 'config-changed',
    firstLine: [/ConfigMap/, /rates/],
  },
  {
    name: 'depended-on',
    targets: ['deployment/cart', 'sts/redis'],
    prepare: async (ns) => {
      const args = [
        '-delay',
        '2s',
        '-n',
        '120',
        '-rate',
        '10',
        '-tag',
        'append-only file is corrupt',
        '-port',
        '8080',
        '-wait',
        '-1s',
      ];
      const volumeMounts = [{ name: 'state', mountPath: '/state' }];
      const redis = container('redis', [...args, '-crash-times', '1', '-exit', '12'], { volumeMounts });
      const pod = { volumes: [{ name: 'state', emptyDir: {} }] };
      await ns.apply(statefulSet('redis', [redis], { pod }));
      await untilReady(ns, 'sts/redis');
      const address = await ns.kubectl('get', 'pod', 'redis-0', '-o', 'jsonpath={.status.podIP}');
      const readinessProbe = {
        httpGet: { host: address, path: '/readyz', port: 8080 },
        periodSeconds: 1,
        failureThreshold: 1,
      };
      await ns.apply(deployment('cart', [server('cart', { readinessProbe })]));
      await untilReady(ns, 'deployment/cart');
    },
    play: async (ns) => {
      await ns.until('cart is not ready', ['deployment/cart'], ({ status }) => (status.readyReplicas ?? 0) === 0);
      await untilReady(ns, 'deployment/cart');
      await lasting(15);
    },
    status: 'recovered',
    rule: 'crash',
    firstLine: [/redis/, /code 12/],
    consequences: ['readiness-probe'],
  },
  {
    name: 'liveness-over',
    targets: ['deployment/search'],
    prepare: async (ns) => {
      const probes = { livenessProbe: httpProbe('/healthz'), readinessProbe: httpProbe('/readyz') };
      await ns.apply(deployment('search', [server('lucene', probes)]));
      await untilReady(ns, 'deployment/search');
    },
    play: async (ns) => {
      const name = await ns.kubectl('get', 'pods', '-o', 'jsonpath={.items[0].metadata.name}');
      await ns.kubectl('get', '--raw', `/api/v1/namespaces/${ns.name}/pods/${name}:8080/proxy/fail`);
      await untilRestarted(ns, 1);
      await untilReady(ns, 'deployment/search');
      await lasting(11);
    },
    status: 'recovered',
    rule: 'liveness-probe',
    firstLine: [/liveness probe/i, /lucene/],
  },
  {
    name: 'evicted',
    targets: ['deployment/render'],
    prepare: async (ns) => {
      await ns.apply(deployment('render', [server('gpu')], { replicas: 2 }));
      await untilReady(ns, 'deployment/render', 2);
    },
    play: async (ns) => {
      const name = await ns.kubectl('get', 'pods', '-o', 'jsonpath={.items[0].metadata.name}');
      await evict(ns, name);
      await ns.until('it is gone', ['pods'], ({ items }) => !items.some(({ metadata }) => metadata.name === name));
      await untilReady(ns, 'deployment/render', 2);
    },
    status: 'recovered',
    rule: 'eviction',
    firstLine: [/render/, /evict/],
  },
  {
    name: 'overtaken',
    targets: ['deployment/geo'],
    prepare: async (ns) => {
      await ns.apply(deployment('geo', [server('tiles')]));
      await untilReady(ns, 'deployment/geo');
    },
    play: async (ns) => {
      const readinessProbe = { tcpSocket: { port: 11 }, periodSeconds: 1, failureThreshold: 2 };
      await ns.apply(deployment('geo', [server('tiles', { readinessProbe })]));
      await untilEvent(ns, 'Unhealthy', /Readiness/, 3);
      await ns.apply(deployment('geo', [server('tiles', { readinessProbe: httpProbe('/readyz') })]));
      await untilReady(ns, 'deployment/geo');
    },
    status: 'recovered',
    rule: 'readiness-probe',
    firstLine: [/readiness probe/i, /tiles/],
    consequences: ['rollout-overtaken'],
  },
  {
    name: 'config-late',
    targets: ['deployment/notify'],
    play: async (ns) => {
      await ns.apply(deployment('notify', [server('push', { envFrom: [{ configMapRef: { name: 'push-keys' } }] })]));
      await untilWaiting(ns, /CreateContainerConfigError/);
      await ns.apply(configMap('push-keys', { a: 'b' }));
      await untilReady(ns, 'deployment/notify');
    },
    status: 'recovered',
    rule: 'missing-config',
    firstLine: [/push-keys/],
  },
  {
    name: 'quota-lifted',
    targets: ['deployment/batch'],
    prepare: (ns) =>
      ns.apply({
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { name: 'small' },
        spec: { hard: { pods: '1' } },
      }),
    play: async (ns) => {
      await ns.apply(deployment('batch', [server('b')], { replicas: 2 }));
      await untilEvent(ns, 'FailedCreate', /exceeded quota/);
      await ns.kubectl('delete', 'resourcequota', 'small');
      await ns.kubectl('scale', 'deployment/batch', '--replicas=3');
      await untilReady(ns, 'deployment/batch', 3);
    },
    status: 'recovered',
    rule: 'quota',
    firstLine: [/quota/, /small/],
  },
];
