import type { SimulatedCluster } from '../../../src/demo/simulated-cluster.ts';
import { createWidget, deleteWidget, WIDGETS } from '../widgets.ts';

const LONGEST_MS = 15_000;

/** Objects come, change and go of a type of which nobody knows beforehand that the Deployment may own some. */
export async function playWidgets(cluster: SimulatedCluster, random: () => number): Promise<void> {
  const names: string[] = [];
  for (let turns = 2 + Math.floor(random() * 8); turns > 0; turns -= 1) {
    await cluster.api.clock.sleep(random() * LONGEST_MS);
    if (cluster.store.list(cluster.type('deployments.apps'), 'shop').length === 0) continue;
    const name = names[Math.floor(random() * names.length)];
    if (name === undefined || random() < 0.4) {
      const next = `widget-${turns}`;
      createWidget(cluster, next);
      names.push(next);
    } else if (random() < 0.3) {
      const labels = { turn: String(turns) };
      cluster.change(WIDGETS, 'shop', name, (is) => ({ ...is, metadata: { ...is.metadata, labels } }));
    } else {
      deleteWidget(cluster, name);
      names.splice(names.indexOf(name), 1);
    }
  }
}
