import { untilCondition, untilEvent, untilRestarted, untilWaiting, type VerdictCase } from './case.ts';
import { container, deployment, httpProbe, job, pod, server, statefulSet } from './manifests.ts';

const UNPULLABLE = 'registry.invalid/shop/front:9';

/** Workloads that are broken when their story ends: at least one for each rule. */
export const BROKEN: readonly VerdictCase[] = [
  {
    name: 'image-registry',
    targets: ['deployment/front'],
    play: async (ns) => {
      await ns.apply(deployment('front', [{ name: 'nginx', image: UNPULLABLE }], { replicas: 2 }));
      await untilWaiting(ns, /ErrImagePull|ImagePullBackOff/);
    },
    status: 'failed',
    rule: 'image',
    firstLine: [/registry\.invalid\/shop\/front:9/, /cannot be pulled/],
  },
  {
    name: 'image-absent',
    targets: ['sts/ledger'],
    play: async (ns) => {
      await ns.apply(statefulSet('ledger', [{ name: 'db', image: 'ledger:2026-11', imagePullPolicy: 'Never' }]));
      await untilWaiting(ns, /ErrImageNeverPull/);
    },
    status: 'failed',
    rule: 'image',
    firstLine: [/ledger:2026-11/],
  },
  {
    name: 'image-name',
    targets: ['deployment/typo'],
    play: async (ns) => {
      await ns.apply(deployment('typo', [{ name: 'main', image: 'Shop/Front:Latest' }]));
      await untilWaiting(ns, /InvalidImageName/);
    },
    status: 'failed',
    rule: 'image',
    firstLine: [/Shop\/Front:Latest/],
  },
  {
    name: 'crash-loop',
    targets: ['deployment/api'],
    play: async (ns) => {
      const args = ['-n', '4', '-tag', 'fatal: no route to the ledger', '-exit', '3'];
      await ns.apply(deployment('api', [container('gateway', args)], { replicas: 2 }));
      await untilRestarted(ns, 2);
    },
    status: 'failed',
    rule: 'crash-loop',
    firstLine: [/gateway/, /code 3/],
  },
  {
    name: 'crash-command',
    targets: ['deployment/tool'],
    play: async (ns) => {
      await ns.apply(deployment('tool', [container('run', [], { command: ['/bin/does-not-exist', '--serve'] })]));
      await untilRestarted(ns, 2);
    },
    status: 'failed',
    rule: 'crash-loop',
    firstLine: [/does-not-exist/],
  },
  {
    name: 'ends-at-once',
    targets: ['deployment/once'],
    play: async (ns) => {
      await ns.apply(deployment('once', [container('main', ['-n', '2', '-tag', 'done, bye'])]));
      await untilRestarted(ns, 2);
    },
    status: 'failed',
    rule: 'crash-loop',
    firstLine: [/code 0/],
  },
  {
    name: 'out-of-memory',
    targets: ['deployment/cache'],
    play: async (ns) => {
      const limits = { memory: '48Mi' };
      await ns.apply(deployment('cache', [container('store', ['-n', '2', '-grow', '64'], { resources: { limits } })]));
      await untilRestarted(ns, 1);
    },
    status: 'failed',
    rule: 'out-of-memory',
    firstLine: [/store/, /48Mi/],
  },
  {
    name: 'readiness',
    targets: ['deployment/shopfront'],
    play: async (ns) => {
      const readinessProbe = { tcpSocket: { port: 9 }, periodSeconds: 1 };
      await ns.apply(deployment('shopfront', [server('http', { readinessProbe })]));
      await untilEvent(ns, 'Unhealthy', /Readiness/, 4);
    },
    status: 'failed',
    rule: 'readiness-probe',
    firstLine: [/readiness probe/i, /http/],
  },
  {
    name: 'liveness',
    targets: ['sts/queue'],
    play: async (ns) => {
      const args = ['-n', '1', '-wait', '-1s', '-port', '8080', '-fail-probe-after', '1s'];
      await ns.apply(statefulSet('queue', [container('broker', args, { livenessProbe: httpProbe('/healthz') })]));
      await untilRestarted(ns, 2);
    },
    status: 'failed',
    rule: 'liveness-probe',
    firstLine: [/liveness probe/i, /broker/],
  },
  {
    name: 'startup',
    targets: ['deployment/slow'],
    play: async (ns) => {
      const startupProbe = { tcpSocket: { port: 7 }, periodSeconds: 1, failureThreshold: 2 };
      await ns.apply(deployment('slow', [server('jvm', { startupProbe })]));
      await untilRestarted(ns, 1);
    },
    status: 'failed',
    rule: 'startup-probe',
    firstLine: [/startup probe/i, /jvm/],
  },
  {
    name: 'unschedulable-cpu',
    targets: ['deployment/big'],
    play: async (ns) => {
      await ns.apply(deployment('big', [server('solver', { resources: { requests: { cpu: '4k' } } })]));
      await ns.until('it is unschedulable', ['pods'], ({ items }) =>
        items.some(({ status }) => JSON.stringify(status).includes('Unschedulable')),
      );
    },
    status: 'failed',
    rule: 'unschedulable',
    firstLine: [/cannot be scheduled/, /cpu/],
  },
  {
    name: 'unschedulable-node',
    targets: ['pod/gpu'],
    play: async (ns) => {
      await ns.apply(pod('gpu', [server('train')], { nodeSelector: { accelerator: 'h900' } }));
      await untilCondition(ns, 'pod/gpu', 'PodScheduled', 'Unschedulable');
    },
    status: 'failed',
    rule: 'unschedulable',
    firstLine: [/cannot be scheduled/, /selector|affinity/],
  },
  {
    name: 'claim-missing',
    targets: ['sts/archive'],
    play: async (ns) => {
      const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'archive-data' } }];
      await ns.apply(statefulSet('archive', [server('files')], { pod: { volumes } }));
      await untilCondition(ns, 'pod/archive-0', 'PodScheduled', 'Unschedulable');
    },
    status: 'failed',
    rule: 'unschedulable',
    firstLine: [/archive-data/],
  },
  {
    name: 'quota',
    targets: ['deployment/workers'],
    prepare: (ns) =>
      ns.apply({
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { name: 'two-pods' },
        spec: { hard: { pods: '2' } },
      }),
    play: async (ns) => {
      await ns.apply(deployment('workers', [server('w')], { replicas: 4 }));
      await untilCondition(ns, 'deployment/workers', 'ReplicaFailure');
      await ns.until('two are ready', ['deployment/workers'], ({ status }) => status.readyReplicas === 2);
    },
    status: 'failed',
    rule: 'quota',
    firstLine: [/quota/, /two-pods/],
  },
  {
    name: 'quota-sts',
    targets: ['sts/shards'],
    prepare: (ns) =>
      ns.apply({
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { name: 'compute' },
        spec: { hard: { 'requests.cpu': '100m' } },
      }),
    play: async (ns) => {
      await ns.apply(statefulSet('shards', [server('s', { resources: { requests: { cpu: '1' } } })]));
      await untilEvent(ns, 'FailedCreate', /exceeded quota/);
    },
    status: 'failed',
    rule: 'quota',
    firstLine: [/quota/, /compute/],
  },
  {
    name: 'admission',
    targets: ['deployment/secured'],
    play: async (ns) => {
      await ns.kubectl('label', 'namespace', ns.name, 'pod-security.kubernetes.io/enforce=restricted');
      await ns.apply(deployment('secured', [server('root')]));
      await untilCondition(ns, 'deployment/secured', 'ReplicaFailure');
    },
    status: 'failed',
    rule: 'admission',
    firstLine: [/refused/, /PodSecurity/],
  },
  {
    name: 'service-account',
    targets: ['job/export'],
    play: async (ns) => {
      await ns.apply(job('export', [container('dump', ['-n', '1'])], { pod: { serviceAccountName: 'exporter' } }));
      await untilEvent(ns, 'FailedCreate', /exporter/);
    },
    status: 'failed',
    rule: 'admission',
    firstLine: [/exporter/],
  },
  {
    name: 'config-missing',
    targets: ['deployment/mailer'],
    play: async (ns) => {
      const envFrom = [{ configMapRef: { name: 'mailer-settings' } }];
      await ns.apply(deployment('mailer', [server('smtp', { envFrom })]));
      await untilWaiting(ns, /CreateContainerConfigError/);
    },
    status: 'failed',
    rule: 'missing-config',
    firstLine: [/ConfigMap/i, /mailer-settings/],
  },
  {
    name: 'secret-missing',
    targets: ['deployment/vault'],
    play: async (ns) => {
      const volumes = [{ name: 'tls', secret: { secretName: 'vault-tls' } }];
      const volumeMounts = [{ name: 'tls', mountPath: '/tls' }];
      await ns.apply(deployment('vault', [server('https', { volumeMounts })], { pod: { volumes } }));
      await untilEvent(ns, 'FailedMount', /vault-tls/, 3);
    },
    status: 'failed',
    rule: 'missing-config',
    firstLine: [/Secret/i, /vault-tls/],
  },
  {
    name: 'key-missing',
    targets: ['job/charge'],
    prepare: (ns) => ns.kubectl('create', 'secret', 'generic', 'payment', '--from-literal=user=x'),
    play: async (ns) => {
      const env = [{ name: 'KEY', valueFrom: { secretKeyRef: { name: 'payment', key: 'api-key' } } }];
      await ns.apply(job('charge', [container('pay', ['-n', '1'], { env })]));
      await untilWaiting(ns, /CreateContainerConfigError/);
    },
    status: 'failed',
    rule: 'missing-config',
    firstLine: [/Secret/i, /payment/, /api-key/],
  },
  {
    name: 'volume-path',
    targets: ['deployment/media'],
    play: async (ns) => {
      const volumes = [{ name: 'disk', hostPath: { path: '/srv/no-such-disk', type: 'Directory' } }];
      const volumeMounts = [{ name: 'disk', mountPath: '/media' }];
      await ns.apply(deployment('media', [server('serve', { volumeMounts })], { pod: { volumes } }));
      await untilEvent(ns, 'FailedMount', /no-such-disk/, 3);
    },
    status: 'failed',
    rule: 'volume',
    firstLine: [/volume/, /disk/],
  },
  {
    name: 'volume-driver',
    targets: ['pod/scratch'],
    play: async (ns) => {
      const volumes = [{ name: 'fast', csi: { driver: 'nvme.csi.example.com' } }];
      const volumeMounts = [{ name: 'fast', mountPath: '/fast' }];
      await ns.apply(pod('scratch', [server('sort', { volumeMounts })], { volumes }));
      await untilEvent(ns, 'FailedMount', /nvme\.csi/, 3);
    },
    status: 'failed',
    rule: 'volume',
    firstLine: [/volume/, /nvme\.csi\.example\.com/],
  },
  {
    name: 'sandbox',
    targets: ['deployment/sealed'],
    // Runtime classes are no namespace's: the namespace's own name keeps them apart.
    prepare: (ns) =>
      ns.apply({
        apiVersion: 'node.k8s.io/v1',
        kind: 'RuntimeClass',
        metadata: { name: ns.name },
        handler: 'firecracker',
      }),
    play: async (ns) => {
      await ns.apply(deployment('sealed', [server('vm')], { pod: { runtimeClassName: ns.name } }));
      await untilEvent(ns, 'FailedCreatePodSandBox', /firecracker/);
      await ns.kubectl('delete', 'runtimeclass', ns.name);
    },
    status: 'failed',
    rule: 'sandbox',
    firstLine: [/sealed/, /firecracker/],
  },
  {
    name: 'node-refused',
    targets: ['pod/pinned'],
    play: async (ns) => {
      // Past the scheduler, which would have found that it does not fit.
      const spec = { nodeName: 'node1', nodeSelector: { disk: 'tape' } };
      await ns.apply(pod('pinned', [server('reel')], spec));
      await ns.until('its node refused it', ['pod/pinned'], ({ status }) => status.phase === 'Failed');
    },
    status: 'failed',
    rule: 'node-refused',
    firstLine: [/pinned/, /NodeAffinity/],
  },
  {
    name: 'deadline',
    targets: ['deployment/gated'],
    play: async (ns) => {
      const readinessGates = [{ conditionType: 'example.com/registered' }];
      await ns.apply(
        deployment('gated', [server('lb')], { pod: { readinessGates }, spec: { progressDeadlineSeconds: 4 } }),
      );
      await untilCondition(ns, 'deployment/gated', 'Progressing', 'ProgressDeadlineExceeded');
    },
    status: 'failed',
    rule: 'rollout-deadline',
    firstLine: [/gated/, /deadline/],
  },
  {
    name: 'image-deadline',
    targets: ['deployment/late'],
    play: async (ns) => {
      const spec = { progressDeadlineSeconds: 8 };
      await ns.apply(deployment('late', [{ name: 'app', image: 'registry.invalid/late:1' }], { spec }));
      await untilCondition(ns, 'deployment/late', 'Progressing', 'ProgressDeadlineExceeded');
    },
    status: 'failed',
    rule: 'image',
    firstLine: [/registry\.invalid\/late:1/],
    consequences: ['rollout-deadline'],
  },
  {
    name: 'init',
    targets: ['deployment/portal'],
    play: async (ns) => {
      const initContainers = [container('schema', ['-n', '2', '-tag', 'migration 42 failed', '-exit', '9'])];
      await ns.apply(deployment('portal', [server('ui')], { pod: { initContainers } }));
      await untilWaiting(ns, /CrashLoopBackOff/, 'initContainerStatuses');
    },
    status: 'failed',
    rule: 'init-container',
    firstLine: [/schema/, /code 9/],
  },
  {
    name: 'job-backoff',
    targets: ['job/import'],
    play: async (ns) => {
      await ns.apply(job('import', [container('load', ['-n', '3', '-tag', 'row 7: bad date', '-exit', '5'])]));
      await untilCondition(ns, 'job/import', 'Failed');
    },
    status: 'failed',
    rule: 'crash',
    firstLine: [/load/, /code 5/],
    consequences: ['job-failed'],
  },
  {
    name: 'job-deadline',
    targets: ['job/reindex'],
    play: async (ns) => {
      const spec = { activeDeadlineSeconds: 3 };
      await ns.apply(job('reindex', [container('index', ['-n', '-1', '-rate', '5'])], { spec }));
      await untilCondition(ns, 'job/reindex', 'Failed');
    },
    status: 'failed',
    rule: 'job-failed',
    firstLine: [/reindex/, /deadline/i],
  },
  {
    name: 'evicted-pod',
    targets: ['pod/lone'],
    prepare: async (ns) => {
      await ns.apply(pod('lone', [server('one')]));
      await untilCondition(ns, 'pod/lone', 'Ready');
    },
    play: async (ns) => {
      await evict(ns, 'lone');
      await ns.until('it is gone', ['pods'], ({ items }) => items.length === 0);
    },
    status: 'failed',
    rule: 'eviction',
    firstLine: [/lone/, /evict/],
  },
];

/** By the eviction API, as kubectl drain and the cluster autoscaler do. */
export async function evict(ns: Parameters<VerdictCase['play']>[0], name: string): Promise<void> {
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: ns.name } };
  await ns.cluster.kubectl(
    ['create', '--raw', `/api/v1/namespaces/${ns.name}/pods/${name}/eviction`, '-f', '-'],
    eviction,
  );
}
