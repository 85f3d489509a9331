import type { SimulatedCluster } from '../../src/demo/simulated-cluster.ts';
import type { Root } from '../../src/model/record.ts';

/** The Deployment that the recordings of the simulated cluster are about. */
export const WEB: Root = {
  group: 'apps',
  version: 'v1',
  resource: 'deployments',
  kind: 'Deployment',
  namespace: 'shop',
  name: 'web',
};

/** Creates it, with two pods that write a line now and then. */
export function deployWeb(cluster: SimulatedCluster, image = 'sim/calm:1'): void {
  const template = { spec: { containers: [{ name: 'web', image }] } };
  const spec = { replicas: 2, selector: { matchLabels: { app: 'web' } }, template };
  cluster.create('deployments.apps', 'shop', { metadata: { name: 'web', labels: { app: 'web' } }, spec });
}

export function scaleWeb(cluster: SimulatedCluster, replicas: number): void {
  cluster.change('deployments.apps', 'shop', 'web', (web) => ({ ...web, spec: { ...(web.spec as object), replicas } }));
}
