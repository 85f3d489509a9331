import type { Fault } from '../../../src/demo/faults.ts';
import type { SimulatedCluster } from '../../../src/demo/simulated-cluster.ts';
import { groupResourceOf, type KubeObject } from '../../../src/model/resource.ts';
import type { FaultyDisk } from '../../journal/faulty-disk.ts';

/** What a schedule works on. */
export interface Stage {
  readonly cluster: SimulatedCluster;
  /** The recorder's, once the beginning of the journal is on it. */
  readonly disk: () => FaultyDisk | undefined;
  readonly random: () => number;
  advance(ms: number): Promise<void>;
  /** Kills the recorder; another one goes on with its journal after a time. Absent where nobody kills it. */
  readonly dieFor?: ((ms: number) => Promise<void>) | undefined;
  /** Lets the recorder's machine sleep: its clock jumps, its connections are dead. */
  sleepThrough(ms: number): Promise<void>;
  /** What is under way and must be over before the world is judged. */
  readonly pending: Promise<unknown>[];
}

/** One thing that may happen, and how often compared with the others. */
interface Turn<On = Stage> {
  readonly weight: number;
  readonly happen: (stage: On) => void | Promise<void>;
}

const IMAGES = ['sim/calm:1', 'sim/bursts:1', 'sim/crash:1'];

/** The Deployment that is recorded. */
export function deployWeb({ cluster, random }: Pick<Stage, 'cluster' | 'random'>): void {
  const template = {
    spec: {
      initContainers: random() < 0.3 ? [{ name: 'init', image: 'sim/init:1' }] : [],
      containers: [{ name: 'web', image: pick(IMAGES, random) }],
    },
  };
  cluster.create('deployments.apps', 'shop', {
    metadata: { name: 'web', labels: { app: 'web' } },
    spec: { replicas: 1 + Math.floor(random() * 2), selector: { matchLabels: { app: 'web' } }, template },
  });
}

const CHANGES: readonly Turn<Pick<Stage, 'cluster' | 'random'>>[] = [
  { weight: 3, happen: ({ cluster, random }) => setSpec(cluster, { replicas: Math.floor(random() * 4) }) },
  { weight: 2, happen: ({ cluster, random }) => setImage(cluster, pick(IMAGES, random)) },
  { weight: 2, happen: (stage) => deletePod(stage, false) },
  { weight: 1, happen: (stage) => deletePod(stage, true) },
];

const TROUBLES: readonly Turn[] = [
  { weight: 12, happen: plan },
  { weight: 1, happen: ({ cluster }) => cluster.store.compact() },
  { weight: 2, happen: leaveApiServer },
  {
    weight: 2,
    happen: (stage) => begin(stage, stage.cluster.restartKubelet(nodeOf(stage), 100 + stage.random() * 5000)),
  },
  { weight: 1, happen: (stage) => begin(stage, stage.cluster.loseNode(nodeOf(stage), 5000 + stage.random() * 30_000)) },
  { weight: 1, happen: breakConnections },
  { weight: 1, happen: lagBehind },
  { weight: 1.5, happen: rotateInVain },
  { weight: 1.5, happen: rotateAfterListing },
  { weight: 1.5, happen: cutCompressed },
  { weight: 0.5, happen: withdrawType },
  { weight: 2, happen: failDisk },
  { weight: 0.1, happen: (stage) => stage.sleepThrough(30_000 + stage.random() * 600_000) },
];
const KILLS: readonly Turn[] = [...TROUBLES, { weight: 6, happen: (stage) => stage.dieFor?.(stage.random() * 20_000) }];

/** One change of the workload. */
export async function change({ cluster, random }: Pick<Stage, 'cluster' | 'random'>): Promise<void> {
  await chosen(CHANGES, random).happen({ cluster, random });
}

/** Plays a minute or so in which the workload changes and calls fail. */
export async function play(stage: Stage): Promise<void> {
  const { random } = stage;
  const troubles = stage.dieFor === undefined ? TROUBLES : KILLS;
  const turns = 2 + Math.floor(random() * 5);
  for (let turn = 0; turn < turns; turn += 1) {
    if (random() < 0.6) await chosen(CHANGES, random).happen(stage);
    if (random() < 0.8) await chosen(troubles, random).happen(stage);
    await stage.advance(Math.floor(random() * 15_000));
  }
}

const FAULTS: readonly ((random: () => number) => Fault)[] = [
  (random) => ({ type: 'cut', afterBytes: Math.floor(random() * 4000) }),
  (random) => endElsewhere(Math.floor(random() * 4000)),
  (random) => ({ type: 'stall', afterBytes: Math.floor(random() * 4000) }),
  (random) => ({ type: 'delay', ms: random() * 8000 }),
  () => ({ type: 'status', status: 500, reason: 'InternalError' }),
  (random) => ({ type: 'status', status: 429, reason: 'TooManyRequests', retryAfter: Math.ceil(random() * 5) }),
  () => ({ type: 'status', status: 410, reason: 'Expired' }),
  () => ({ type: 'status', status: 401, reason: 'Unauthorized' }),
  () => ({ type: 'status', status: 503, reason: 'ServiceUnavailable' }),
  () => ({ type: 'watchError', status: 410, reason: 'Expired' }),
  () => ({ type: 'watchError', status: 500, reason: 'InternalError' }),
];

/**
 * Ends each call at another byte. Where two streams of a log end at the same one, within a line after the container's end,
 * that looks like a last line that its container did not end.
 */
function endElsewhere(bytes: number): Fault {
  let next = bytes;
  return {
    type: 'end',
    get afterBytes() {
      next += 1;
      return next - 1;
    },
  };
}

const VERBS = ['watch', 'watch', 'list', 'get', 'log', 'log', 'files', 'files', 'other'];

/** The next few calls of a kind fail in some way, and now and then connections break so that they come soon. */
function plan(stage: Stage): void {
  const { cluster, random } = stage;
  const verb = pick(VERBS, random);
  const fault = pick(FAULTS, random)(random);
  const share = 0.3 + random() * 0.7;
  cluster.faults.add((request) => request.verb === verb && random() < share, fault, Math.ceil(random() * 5));
  if (random() < 0.5) breakConnections(stage);
}

/** The API server is away for a while: only the way to it, or it has begun anew and knows of no change before. */
function leaveApiServer(stage: Stage): void {
  const { cluster, random } = stage;
  const ms = Math.floor(100 + random() * 20_000);
  begin(stage, ms % 2 === 0 ? cluster.loseWay(ms) : cluster.restartApiServer(ms));
}

function breakConnections({ cluster }: Stage): void {
  cluster.api.server.breakConnections();
}

/** Watches come back, and many of them lag behind what happens: each by as much as it likes. */
function lagBehind(stage: Stage): void {
  const { cluster, random } = stage;
  for (let watch = 0; watch < 20; watch += 1)
    cluster.faults.add(({ verb }) => verb === 'watch' && random() < 0.5, { type: 'lag', ms: random() * 1000 });
  breakConnections(stage);
}

/** Rotations that fail for a while, as where the runtime cannot open a new file. */
function rotateInVain(stage: Stage): void {
  const tries = async () => {
    for (let tries = 0; tries < 5; tries += 1) {
      const { node, log } = aLog(stage);
      if (node.kubelet.isUp) log?.rotateInVain(node.logs.maxFiles);
      await stage.cluster.api.clock.sleep(1000 + stage.random() * 4000);
    }
  };
  begin(stage, tries());
}

/** The next listings of log files are out of date before what they name is asked for. */
function rotateAfterListing(stage: Stage): void {
  const { cluster, random } = stage;
  const rotate = () => {
    const { node, log } = aLog(stage);
    if (node.kubelet.isUp) log?.rotate(node.logs.maxFiles);
  };
  // Every call takes longer than that: this one is answered, and the next one finds something else.
  const strike = () => void cluster.api.clock.sleep(1).then(rotate);
  const isListing = ({ verb, path }: { verb: string; path: string }) => verb === 'files' && path.endsWith('/');
  cluster.faults.add(
    (request) => {
      if (isListing(request) && random() < 0.5) strike();
      return false;
    },
    { type: 'delay', ms: 0 },
  );
}

/** Compressed files come cut short. */
function cutCompressed({ cluster, random }: Stage): void {
  const type = random() < 0.5 ? 'cut' : 'end';
  const fault = { type, afterBytes: Math.floor(random() * 300) } as const;
  cluster.faults.add(({ verb, path }) => verb === 'files' && path.endsWith('.gz'), fault, Math.ceil(random() * 4));
}

/** One of the containers' logs whose file is to be rotated. */
function aLog(stage: Stage) {
  const node = nodeOf(stage);
  const newest = [...node.allRuns().values()].flatMap((runs) => runs.at(-1) ?? []);
  const due = newest.filter((log) => log.isDue(node.logs.maxBytes));
  return { node, log: due[Math.floor(stage.random() * due.length)] };
}

const CHANGING = ['append', 'sync', 'createFile', 'syncFolder', 'truncate'];

/** The recorder's disk takes nothing for a while, or fails now and then; what it was given may be written in part. */
function failDisk(stage: Stage): void {
  const { cluster, random } = stage;
  const disk = stage.disk();
  if (disk === undefined) return;
  const code = pick(['EIO', 'ENOSPC', 'EDQUOT', 'EROFS'], random);
  const share = pick([0.2, 0.6, 1], random);
  disk.fault = ({ call }) => {
    if (!CHANGING.includes(call) || random() >= share) return undefined;
    return { code, bytes: Math.floor(random() * 3000) };
  };
  const fails = async () => {
    await cluster.api.clock.sleep(500 + random() * 20_000);
    disk.fault = () => undefined;
  };
  begin(stage, fails());
}

/** A type is not served for a while, as during an upgrade. */
function withdrawType(stage: Stage): void {
  const { cluster, random } = stage;
  const storage = pick(['replicasets.apps', 'pods', 'configmaps', 'statefulsets.apps'], random);
  const type = cluster.api.types.find((served) => groupResourceOf(served) === storage);
  if (type === undefined) return; // withdrawn already
  const withdrawn = async () => {
    cluster.withdraw(type);
    await cluster.api.clock.sleep(1000 + random() * 10_000);
    cluster.serve(type);
  };
  begin(stage, withdrawn());
}

function begin({ pending }: Stage, trouble: Promise<unknown>): void {
  pending.push(trouble);
}

function nodeOf({ cluster, random }: Stage) {
  const node = cluster.nodes[Math.floor(random() * cluster.nodes.length)];
  if (node === undefined) throw new Error('a cluster without nodes');
  return node;
}

function deletePod({ cluster, random }: Pick<Stage, 'cluster' | 'random'>, isForced: boolean): void {
  const pods = cluster.store.list(cluster.pods, 'shop');
  const pod = pods[Math.floor(random() * pods.length)];
  if (pod === undefined) return;
  if (isForced) cluster.store.delete(cluster.pods, 'shop', pod.metadata.name);
  else
    cluster.store.update(cluster.pods, pod, (current) => ({
      ...current,
      metadata: { ...current.metadata, deletionTimestamp: cluster.store.now() },
    }));
}

function setSpec(cluster: SimulatedCluster, spec: object): void {
  cluster.change('deployments.apps', 'shop', 'web', (web) => ({ ...web, spec: { ...(web.spec as object), ...spec } }));
}

function setImage(cluster: SimulatedCluster, image: string): void {
  const withImage = (web: KubeObject) => {
    const spec = web.spec as { template: { spec: object } };
    const template = { spec: { ...spec.template.spec, containers: [{ name: 'web', image }] } };
    return { ...web, spec: { ...spec, template } };
  };
  cluster.change('deployments.apps', 'shop', 'web', withImage);
}

function chosen<On>(turns: readonly Turn<On>[], random: () => number): Turn<On> {
  let at = random() * turns.reduce((sum, { weight }) => sum + weight, 0);
  for (const turn of turns) {
    at -= turn.weight;
    if (at < 0) return turn;
  }
  throw new Error('no turn was chosen');
}

export function pick<T>(items: readonly T[], random: () => number): T {
  return items[Math.floor(random() * items.length)] as T;
}
