import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../src/demo/random.ts';
import type { SimulatedCluster } from '../../src/demo/simulated-cluster.ts';
import type { LogRouteChoice } from '../../src/logs/route-chooser.ts';
import { KilledRecording, storyOf } from './killed-recording.ts';
import { judge } from './simulation/judge.ts';
import { programsOf } from './simulation/programs.ts';
import { addTo, noVerdict, type Verdict } from './simulation/verdict.ts';

/** `FARO_SCHEDULES` and `FARO_SEED` play more of them, or one again. */
const SCHEDULES = Number(process.env.FARO_SCHEDULES ?? 30);
const FIRST_SEED = Number(process.env.FARO_SEED ?? 1);

const ROUTES: readonly LogRouteChoice[] = ['auto', 'node-files', 'auto', 'stream'];
const IMAGES = ['sim/calm:1', 'sim/bursts:1', 'sim/crash:1'];

/** What happens to the workload, before a kill and while nobody records. */
const CHANGES: readonly ((cluster: SimulatedCluster, random: () => number) => void)[] = [
  (cluster, random) => change(cluster, { replicas: Math.floor(random() * 4) }),
  (cluster, random) => change(cluster, { template: templateOf(random) }),
  (cluster, random) => {
    const pods = cluster.store.list(cluster.pods, 'shop');
    const pod = pods[Math.floor(random() * pods.length)];
    if (pod !== undefined) cluster.store.delete(cluster.pods, 'shop', pod.metadata.name);
  },
  (cluster) => cluster.store.compact(),
  () => undefined,
];

function change(cluster: SimulatedCluster, spec: object): void {
  cluster.change('deployments.apps', 'shop', 'web', (web) => ({ ...web, spec: { ...(web.spec as object), ...spec } }));
}

function templateOf(random: () => number): object {
  return { spec: { containers: [{ name: 'web', image: IMAGES[Math.floor(random() * IMAGES.length)] }] } };
}

/** Records a workload under changes; kills and resumes the recorder a few times, each with some records not on the disk. */
async function play(seed: number): Promise<Verdict> {
  const random = seededRandom(seed);
  const rest = { isQuiet: false };
  const route = ROUTES[seed % ROUTES.length] ?? 'auto';
  await using recording = await KilledRecording.start({
    seed,
    route,
    programs: programsOf(rest),
    logs: { maxBytes: 500 + Math.floor(random() * 4000), maxFiles: 5, intervalMs: 10_000 },
    nodeSkewsMs: random() < 0.5 ? [0] : [2000, -1500],
    prepare: (cluster) => {
      const spec = { replicas: 2, selector: { matchLabels: { app: 'web' } }, template: templateOf(random) };
      cluster.create('deployments.apps', 'shop', { metadata: { name: 'web', labels: { app: 'web' } }, spec });
    },
    ...(seed % 3 === 0 ? { crowd: 0 } : {}),
  });
  const { cluster } = recording;
  const live = async () => {
    for (let changes = Math.floor(random() * 3); changes >= 0; changes -= 1) {
      await recording.advance(random() * 12_000);
      CHANGES[Math.floor(random() * CHANGES.length)]?.(cluster, random);
    }
  };
  for (let kills = 1 + Math.floor(random() * 3); kills > 0; kills -= 1) {
    await live();
    await recording.advance(random() * 500);
    await recording.kill(Math.floor(random() * 30));
    await live();
    await recording.resume();
  }
  await live();
  rest.isQuiet = true;
  await recording.advance(20_000);
  const to = recording.clock.now();
  await recording.end();
  const { records, listedAt: from, skewMs } = recording;
  return judge({ cluster, story: await storyOf(records), from, to, skewMs, route });
}

test(`${SCHEDULES} captures that are killed and resumed hold every state and line once, or a gap`, async (t) => {
  const sum = noVerdict();
  const failed: string[] = [];
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SCHEDULES; seed += 1)
    try {
      addTo(sum, await play(seed));
    } catch (error) {
      failed.push(`FARO_SEED=${seed} FARO_SCHEDULES=1: ${error instanceof Error ? error.message : String(error)}`);
    }
  t.diagnostic(`${SCHEDULES} schedules from seed ${FIRST_SEED}: ${JSON.stringify(sum)}`);
  assert.deepEqual(failed, []);
});
