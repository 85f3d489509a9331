import type { Fault, FaultRequest } from '../../../src/demo/faults.ts';
import type { SimulatedCluster } from '../../../src/demo/simulated-cluster.ts';
import { pick } from './schedule.ts';

const RESOURCES = ['deployments', 'replicasets', 'pods', 'events', 'configmaps'];
const ANSWERS: readonly (Fault | undefined)[] = [
  { type: 'status', status: 403, reason: 'Forbidden' },
  { type: 'status', status: 404, reason: 'NotFound' },
  { type: 'status', status: 503, reason: 'ServiceUnavailable' },
  undefined,
];
const LONGEST_MS = 40_000;
const VERBS = ['watch', 'list', 'get'];

/** Some types may not be read, are not served or fail, one after the other, and are served in between. */
export function refuseTypes(cluster: SimulatedCluster, random: () => number): Promise<void>[] {
  return RESOURCES.filter(() => random() < 0.4).map((resource) => refuse(cluster, resource, random));
}

async function refuse({ api, faults }: SimulatedCluster, resource: string, random: () => number): Promise<void> {
  let now: Fault | undefined;
  for (const fault of ANSWERS) {
    if (fault === undefined) continue;
    const isMeant = (request: FaultRequest) =>
      request.resource === resource && now === fault && VERBS.includes(request.verb);
    faults.add(isMeant, fault, Number.POSITIVE_INFINITY);
  }
  if (random() < 0.5) await api.clock.sleep(random() * LONGEST_MS);
  for (let phases = 1 + Math.floor(random() * 3); phases > 0; phases -= 1) {
    now = pick(ANSWERS, random);
    api.server.breakConnections();
    await api.clock.sleep(random() * LONGEST_MS);
  }
  now = undefined;
}
