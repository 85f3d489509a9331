import type { KubeObject } from '../model/resource.ts';
import type { SimulatedCluster } from './simulated-cluster.ts';

const NAMESPACE = 'shop';

/** Puts the demo's Deployment in place and resolves when the scenario is played: a rollout that crashes, and its rollback. */
export async function playFailedRollout(cluster: SimulatedCluster, signal: AbortSignal): Promise<void> {
  const { clock } = cluster.api;
  await clock.sleep(2500, signal);
  setImage(cluster, 'shop/web:2.0.0', '2.0.0');
  await clock.sleep(6000, signal);
  setImage(cluster, 'shop/web:1.0.0', '1.0.0');
  await clock.sleep(2500, signal);
}

/** What exists before the recording begins: three replicas of a version that works. */
export function prepareShop(cluster: SimulatedCluster): void {
  cluster.create('namespaces', null, { metadata: { name: NAMESPACE }, status: { phase: 'Active' } });
  cluster.create('deployments.apps', NAMESPACE, {
    metadata: { name: 'web', labels: { app: 'web' } },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      progressDeadlineSeconds: 600,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          initContainers: [{ name: 'migrate', image: 'shop/migrate:1' }],
          containers: [
            {
              name: 'web',
              image: 'shop/web:1.0.0',
              env: [
                { name: 'VERSION', value: '1.0.0' },
                { name: 'DB_PASSWORD', value: 'correct horse battery staple' },
              ],
            },
          ],
        },
      },
    },
  });
}

function setImage(cluster: SimulatedCluster, image: string, version: string): void {
  cluster.change('deployments.apps', NAMESPACE, 'web', (deployment) => withImage(deployment, image, version));
}

function withImage(deployment: KubeObject, image: string, version: string): KubeObject {
  // The manifest above has this shape.
  const spec = deployment.spec as { template: { spec: { containers: { env: { name: string; value: string }[] }[] } } };
  const containers = spec.template.spec.containers.map((container) => ({
    ...container,
    image,
    env: container.env.map((variable) => (variable.name === 'VERSION' ? { ...variable, value: version } : variable)),
  }));
  return {
    ...deployment,
    spec: { ...spec, template: { ...spec.template, spec: { ...spec.template.spec, containers } } },
  };
}
