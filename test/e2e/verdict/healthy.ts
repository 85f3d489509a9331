import { untilCondition, untilReady, untilRestarted, type VerdictCase } from './case.ts';
import { container, deployment, httpProbe, job, server, statefulSet } from './manifests.ts';

/** A container that serves after a while, and ends with 143 when it is told to. */
function slowServer(name: string, delay: string, tag = 'L'): object {
  const args = ['-delay', delay, '-n', '3', '-wait', '-1s', '-port', '8080', '-tag', tag];
  return container(name, args, { readinessProbe: httpProbe('/readyz') });
}

/** Workloads of which nothing is to be said. */
export const HEALTHY: readonly VerdictCase[] = [
  {
    name: 'loud',
    targets: ['deployment/noisy'],
    play: async (ns) => {
      const args = [
        '-n',
        '-1',
        '-rate',
        '50',
        '-tag',
        'ERROR panic: fatal exception, OOMKilled, exit code 1',
        '-stderr-every',
        '2',
      ];
      await ns.apply(deployment('noisy', [container('screams', args)]));
      await untilReady(ns, 'deployment/noisy');
    },
    status: 'healthy',
  },
  {
    name: 'rollout',
    targets: ['deployment/site'],
    play: async (ns) => {
      await ns.apply(deployment('site', [slowServer('web', '2500ms')], { replicas: 2 }));
      await untilReady(ns, 'deployment/site', 2);
      await ns.apply(deployment('site', [slowServer('web', '2500ms', 'v2')], { replicas: 2 }));
      await untilReady(ns, 'deployment/site', 2);
    },
    status: 'healthy',
  },
  {
    name: 'scale-down',
    targets: ['deployment/pool'],
    prepare: async (ns) => {
      await ns.apply(deployment('pool', [server('worker')], { replicas: 3 }));
      await untilReady(ns, 'deployment/pool', 3);
    },
    play: async (ns) => {
      await ns.kubectl('scale', 'deployment/pool', '--replicas=1');
      await untilReady(ns, 'deployment/pool', 1);
      await ns.until('one pod is left', ['pods'], ({ items }) => items.length === 1);
    },
    status: 'healthy',
  },
  {
    name: 'job-retried',
    targets: ['job/sync'],
    play: async (ns) => {
      const args = ['-n', '2', '-crash-times', '1', '-state', '/state/crashes'];
      const volumes = [{ name: 'state', emptyDir: {} }];
      const volumeMounts = [{ name: 'state', mountPath: '/state' }];
      const pod = { volumes, restartPolicy: 'OnFailure' };
      await ns.apply(job('sync', [container('copy', args, { volumeMounts })], { pod, spec: { backoffLimit: 3 } }));
      await untilCondition(ns, 'job/sync', 'Complete');
    },
    status: 'healthy',
  },
  {
    name: 'restart-before',
    targets: ['deployment/old'],
    prepare: async (ns) => {
      const args = ['-n', '2', '-crash-times', '1', '-wait', '-1s'];
      const volumeMounts = [{ name: 'state', mountPath: '/state' }];
      const pod = { volumes: [{ name: 'state', emptyDir: {} }] };
      await ns.apply(deployment('old', [container('main', args, { volumeMounts })], { pod }));
      await untilRestarted(ns, 1);
      await untilReady(ns, 'deployment/old');
    },
    play: (ns) => ns.kubectl('annotate', 'deployment/old', 'looked-at=yes'),
    status: 'healthy',
  },
  {
    name: 'autoscaled',
    targets: ['deployment/elastic'],
    prepare: async (ns) => {
      await ns.apply(deployment('elastic', [server('http')]));
      await untilReady(ns, 'deployment/elastic');
    },
    play: async (ns) => {
      // Without metrics an autoscaler still keeps to its bounds.
      await ns.apply({
        apiVersion: 'autoscaling/v2',
        kind: 'HorizontalPodAutoscaler',
        metadata: { name: 'elastic' },
        spec: {
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'elastic' },
          minReplicas: 3,
          maxReplicas: 5,
          metrics: [
            { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
          ],
        },
      });
      await untilReady(ns, 'deployment/elastic', 3);
    },
    status: 'healthy',
  },
  {
    name: 'sts-update',
    targets: ['sts/store'],
    prepare: async (ns) => {
      await ns.apply(statefulSet('store', [server('kv')], { replicas: 2 }));
      await untilReady(ns, 'sts/store', 2);
    },
    play: async (ns) => {
      await ns.kubectl('set', 'env', 'sts/store', 'MODE=fast');
      await untilReady(ns, 'sts/store', 2);
      await ns.kubectl('delete', 'pod', 'store-0');
      await untilReady(ns, 'sts/store', 2);
    },
    status: 'healthy',
  },
  {
    name: 'sidecar-job',
    targets: ['job/nightly'],
    play: async (ns) => {
      const sidecar = container('proxy', ['-n', '2', '-wait', '-1s'], { restartPolicy: 'Always' });
      await ns.apply(job('nightly', [container('work', ['-n', '3'])], { pod: { initContainers: [sidecar] } }));
      await untilCondition(ns, 'job/nightly', 'Complete');
    },
    status: 'healthy',
  },
];
