import { createHash } from 'node:crypto';
import type { FileAccess } from '../../../src/demo/node.ts';
import { seededRandom } from '../../../src/demo/random.ts';
import type { SimulatedCluster } from '../../../src/demo/simulated-cluster.ts';
import { FRAME_HEADER_BYTES } from '../../../src/journal/frame.ts';
import { SEGMENT_HEADER_BYTES, segmentName } from '../../../src/journal/segment.ts';
import type { LogRouteChoice } from '../../../src/logs/route-chooser.ts';
import type { JournalRecord } from '../../../src/model/record.ts';
import type { FaultyDisk } from '../../journal/faulty-disk.ts';
import { SimulatedRecording } from '../simulated-recording.ts';
import { WIDGET_TYPE } from '../widgets.ts';
import { FirstCalls } from './first-calls.ts';
import { programsOf } from './programs.ts';
import { refuseTypes } from './refusals.ts';
import { deployWeb, pick, play } from './schedule.ts';
import { JOURNAL, type ReadStory, storyOn } from './story.ts';
import { playWidgets } from './strangers.ts';

/** The world, a story of it, and what a judge must know beside. */
export interface Told {
  readonly cluster: SimulatedCluster;
  readonly story: ReadStory;
  /** The recorded time in milliseconds of the API server's clock: from when every first list was answered. */
  readonly from: number;
  readonly to: number;
  /** By how much the recorder's clock was ahead of the API server's. */
  readonly skewMs: number;
  readonly route: LogRouteChoice;
  /** Set where `from` is before the first lists: where each type stood then. What was over by then is before the story. */
  readonly firstLists?: ReadonlyMap<string, number>;
  /** When the recording began: from then on all is told of these types, or in a gap, for their first lists failed. */
  readonly began?: { readonly at: number; readonly failed: ReadonlySet<string> };
}

/** How one schedule ended: its recording, and what its journal told, at the end and where it was cut off before. */
export interface Outcome extends AsyncDisposable {
  readonly records: readonly JournalRecord[];
  readonly told: readonly Told[];
}

const REFUSALS: readonly FileAccess[] = ['disabled', 'missing', 'forbidden'];
const ROUTES: readonly LogRouteChoice[] = ['auto', 'node-files', 'auto', 'stream'];
/** How often each turn of a schedule ends with a look at what a cut would have left of the journal. */
const CUTS = 0.05;
/** A journal that holds nothing tells nothing. */
const LEAST_CUT_MS = 3000;
/** So long only the outage at the beginning goes on. */
const OUT_AT_FIRST_MS = 10_000;
/** How often bits are flipped in what a killed recorder leaves. */
const DAMAGED = 0.7;
const FIRST_SEGMENT = `${JOURNAL}/${segmentName(1)}`;
const SKEWS_MS = [0, 0, 0, 3000, -3000, 180_000, -180_000];

/** What is done to the recorder beside the faults of its calls and its disk. */
export interface Harm {
  /** It is killed now and then, and resumed. */
  readonly isKilled: boolean;
  /** It holds so little in memory that states give way where its disk takes nothing. */
  readonly holdsLittle: boolean;
  /** Most of its nodes cannot be asked when it begins, for some seconds. */
  readonly isOutAtFirst: boolean;
  /** Types may not be read for a while, are not served, or fail, one after the other; from the beginning on, or later. */
  readonly isRefused: boolean;
  /** The Deployment comes to own objects of a type that it is not known to own. */
  readonly hasStrangers: boolean;
  /** Bits are flipped in most of the journals that it leaves when it is killed. */
  readonly isDamaged: boolean;
}

/** Of a seed, whatever its route and its crowd. */
export function harmOf(seed: number): Harm {
  const isDamaged = seed % 17 === 7;
  return {
    isKilled: seed % 7 < 2 || isDamaged,
    holdsLittle: seed % 5 === 0,
    isOutAtFirst: seed % 9 === 5,
    isRefused: seed % 11 === 3,
    hasStrangers: seed % 13 === 4,
    isDamaged,
  };
}

/** Records the simulated cluster for a minute or so of its own time, while a seeded schedule changes and breaks it. */
export async function simulate(
  seed: number,
  { isKilled, holdsLittle, isOutAtFirst, isRefused, hasStrangers, isDamaged }: Harm = harmOf(seed),
): Promise<Outcome> {
  const random = seededRandom(seed);
  const rest = { isQuiet: false };
  const skew = () => SKEWS_MS[Math.floor(random() * SKEWS_MS.length)] ?? 0;
  const skewMs = random() < 0.8 ? 0 : skew();
  const isLate = random() < 0.5;
  const route = ROUTES[seed % ROUTES.length] ?? 'auto';
  const pending: Promise<unknown>[] = [];
  let firstCalls: FirstCalls | undefined;
  const recording = await SimulatedRecording.start({
    seed,
    nodeSkewsMs: random() < 0.5 ? [0] : [skew(), skew()],
    logs: {
      maxBytes: 500 + Math.floor(random() * 4000),
      maxFiles: 5,
      intervalMs: 10_000,
      ...(random() < 0.2 ? { streamLimitMs: 5000 + random() * 60_000 } : {}),
    },
    programs: programsOf(rest),
    tolerationMs: 20_000,
    ...(hasStrangers ? { types: [WIDGET_TYPE] } : {}),
    prepare: (cluster) => {
      for (const node of cluster.nodes) if (random() < 0.05) node.fileAccess = pick(REFUSALS, random);
      if (!isLate) deployWeb({ cluster, random });
      if (isOutAtFirst) pending.push(...outAtFirst(cluster, random));
      if (hasStrangers) pending.push(playWidgets(cluster, random));
      if (isRefused) pending.push(...refuseTypes(cluster, random));
      firstCalls = new FirstCalls(cluster);
    },
    skewMs,
    random,
    streamingList: random() < 0.5,
    crossAfter: seed % 5,
    route,
    // Every third watches the members of each type one by one, as in a crowded namespace.
    ...(seed % 3 === 0 ? { crowd: 0 } : {}),
    // A journal as short as a schedule's would not be compressed: of sixteen one is.
    ...(seed % 16 === 0 ? { plainBytes: 0 } : {}),
    ...(holdsLittle ? { heldBytes: 20_000 } : {}),
  });
  const { cluster } = recording;
  const startedAt = recording.clock.now();
  await recording.advance(Math.floor(random() * 2000));
  if (isLate) deployWeb({ cluster, random });
  if (isOutAtFirst) await recording.advance(OUT_AT_FIRST_MS);
  const beganAt = recording.clock.now();
  const begun = recording.disk.bytes(FIRST_SEGMENT).length;
  const cuts: { readonly disk: FaultyDisk; readonly at: number }[] = [];
  const isSynced = () => recording.clock.now() - beganAt > LEAST_CUT_MS;
  /** A power cut, or only the process is gone: then all that was written is there. */
  const left = () => (random() < 0.7 ? recording.disk.afterPowerCut(random) : recording.disk.afterKill());
  const advance = async (ms: number) => {
    await recording.advance(ms);
    if (cuts.length > 0 || !isSynced() || random() >= CUTS) return;
    cuts.push({ disk: left(), at: recording.clock.now() });
  };
  // Not before the beginning of the journal is on it: a journal that holds nothing tells nothing.
  const disk = () => (isSynced() ? recording.disk : undefined);
  const kill = async (ms: number) => {
    if (!isSynced()) return;
    const found = left();
    if (isDamaged && random() < DAMAGED) await flipBits(found, { begun, random });
    await recording.kill(found);
    await recording.advance(ms);
    await recording.resume();
  };
  const dieFor = isKilled ? kill : undefined;
  await play({ cluster, disk, dieFor, random, advance, sleepThrough: (ms) => recording.sleepThrough(ms), pending });
  cluster.faults.clear();
  await recording.through(Promise.all(pending));
  rest.isQuiet = true;
  cluster.api.server.breakConnections(); // what stalled unnoticed comes to light
  await recording.advance(45_000); // whatever backs off has come back by now
  const to = recording.clock.now();
  await recording.end();
  const began = { at: startedAt, failed: firstCalls?.failed ?? new Set<string>() };
  const common = { cluster, from: recording.listedAt, began, skewMs, route };
  const told: Told[] = [{ ...common, to, story: await storyOn(recording.disk) }];
  for (const { disk, at } of cuts) told.push({ ...common, to: at, story: await storyOn(disk) });
  return { records: recording.records, told, [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose]() };
}

/**
 * Flips a bit or two of a journal, behind what its recorder began it with: what was before is not of the story. Nor is its first
 * record struck, which may have been on its way to the disk then: without it nothing tells what was recorded.
 */
async function flipBits(
  disk: FaultyDisk,
  { begun, random }: { readonly begun: number; readonly random: () => number },
): Promise<void> {
  const names = (await disk.list(JOURNAL)).filter((name) => name.endsWith('.faroj')).sort();
  for (let flips = 1 + Math.floor(random() * 2); flips > 0; flips -= 1) {
    const path = `${JOURNAL}/${pick(names, random)}`;
    const bytes = Buffer.from(disk.bytes(path));
    const first = path === FIRST_SEGMENT ? Math.max(begun, endOfFirstFrame(bytes)) : SEGMENT_HEADER_BYTES;
    if (bytes.length <= first) continue;
    const at = first + Math.floor(random() * (bytes.length - first));
    bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << Math.floor(random() * 8)), at);
    disk.set(path, bytes);
  }
}

function endOfFirstFrame(segment: Buffer): number {
  return SEGMENT_HEADER_BYTES + FRAME_HEADER_BYTES + segment.readUInt32LE(SEGMENT_HEADER_BYTES);
}

/** Kubelets that go down soon after the beginning, and come back. */
function outAtFirst(cluster: SimulatedCluster, random: () => number): Promise<void>[] {
  return cluster.nodes
    .filter(() => random() < 0.8)
    .map(async (node) => {
      await cluster.api.clock.sleep(random() * 3000);
      await cluster.restartKubelet(node, 3500 + random() * 5000);
    });
}

/** The same for two outcomes that are the same in every record and every byte of their stories. */
export function digestOf({ records, told }: Outcome): string {
  const hash = createHash('sha256').update(JSON.stringify(records));
  for (const { story } of told) hash.update(JSON.stringify(story));
  return hash.digest('hex');
}
