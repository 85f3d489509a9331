import { seededRandom } from '../../../src/demo/random.ts';
import type { SimulatedCluster } from '../../../src/demo/simulated-cluster.ts';
import type { LogRouteChoice } from '../../../src/logs/route-chooser.ts';
import type { JournalRecord } from '../../../src/model/record.ts';
import { SimulatedRecording } from '../simulated-recording.ts';
import { programsOf } from './programs.ts';
import { deployWeb, play } from './schedule.ts';

/** How one schedule ended: the world, what was recorded of it, and what a judge must know. */
export interface Outcome {
  readonly cluster: SimulatedCluster;
  readonly records: readonly JournalRecord[];
  /** The recorded time in milliseconds of the API server's clock: from when every first list was answered. */
  readonly from: number;
  readonly to: number;
  /** By how much the recorder's clock was ahead of the API server's. */
  readonly skewMs: number;
  readonly route: LogRouteChoice;
}

const ROUTES: readonly LogRouteChoice[] = ['auto', 'node-files', 'auto', 'stream'];
const SKEWS_MS = [0, 0, 0, 3000, -3000, 180_000, -180_000];

/** Records the simulated cluster for a minute or so of its own time, while a seeded schedule changes and breaks it. */
export async function simulate(seed: number): Promise<Outcome> {
  const random = seededRandom(seed);
  const rest = { isQuiet: false };
  const skew = () => SKEWS_MS[Math.floor(random() * SKEWS_MS.length)] ?? 0;
  const skewMs = random() < 0.8 ? 0 : skew();
  const isLate = random() < 0.5;
  const route = ROUTES[seed % ROUTES.length] ?? 'auto';
  const recording = await SimulatedRecording.start({
    seed,
    nodeSkewsMs: random() < 0.5 ? [0] : [skew(), skew()],
    logs: { maxBytes: 500 + Math.floor(random() * 4000), maxFiles: 5, intervalMs: 10_000 },
    programs: programsOf(rest),
    prepare: (cluster) => (isLate ? undefined : deployWeb({ cluster, random })),
    skewMs,
    random,
    streamingList: random() < 0.5,
    route,
    // Every third watches the members of each type one by one, as in a crowded namespace.
    ...(seed % 3 === 0 ? { crowd: 0 } : {}),
  });
  const { cluster, records } = recording;
  await recording.advance(Math.floor(random() * 2000));
  if (isLate) deployWeb({ cluster, random });
  const pending: Promise<unknown>[] = [];
  const advance = (ms: number) => recording.advance(ms);
  await play({ cluster, random, advance, sleepThrough: (ms) => recording.sleepThrough(ms), pending });
  cluster.faults.clear();
  await recording.through(Promise.all(pending));
  rest.isQuiet = true;
  cluster.api.server.breakConnections(); // what stalled unnoticed comes to light
  await recording.advance(45_000); // whatever backs off has come back by now
  const to = recording.clock.now();
  await recording.end();
  return { cluster, records, from: recording.listedAt, to, skewMs, route };
}
