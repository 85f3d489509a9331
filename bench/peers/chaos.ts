import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Cluster, IMAGE } from '../../test/cluster/cluster.ts';
import { type Judgement, judge } from './judge.ts';
import { freshNamespace } from './load.ts';
import { measured } from './measured.ts';
import { faroArgs } from './run.ts';
import { numbersByTag } from './tally.ts';

export interface ChaosReport {
  readonly runs: number;
  readonly faro: Judgement;
  readonly sternLost: number;
  readonly peakMiB: number;
}

/**
 * Minutes of trouble: small log files that rotate, containers that crash every few seconds, pods that are deleted, a
 * kubelet and twice an API server that are started again; against the record that the containers keep themselves.
 */
export async function chaos(
  cluster: Cluster,
  { sternProgram, seconds, random }: { sternProgram: string; seconds: number; random: () => number },
): Promise<ChaosReport> {
  const namespace = `chaos-${Date.now().toString(36)}`;
  const folder = mkdtempSync(join(tmpdir(), 'faro-chaos-'));
  const record = join(folder, 'record');
  mkdirSync(record);
  const [story, sternOutput] = [join(folder, 'story.json'), join(folder, 'stern.txt')];
  await freshNamespace(cluster, namespace);
  const at = ['-n', namespace, '--kubeconfig', cluster.kubeconfig];
  const targets = ['deployment/crash', 'deployment/steady', '-o', story, '--wait', '--for', `${seconds + 30}s`];
  const recorder = measured({ args: faroArgs('capture', ...targets, ...at), output: `${story}.out` });
  await recorder.said('"msg":"recording"');
  const peer = measured({
    args: [sternProgram, '.', '--output', 'raw', '--color', 'never', '--max-log-requests', '500', ...at],
    output: sternOutput,
  });
  const load = [
    deployment('crash', 3, { args: '-n 1000 -rate 200 -exit 3', record }),
    deployment('steady', 3, { args: '-n -1 -rate 1000', record }),
  ];
  await cluster.kubectl(
    [...at.slice(0, 2), 'apply', '-f', '-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items: load }),
  );
  await trouble(cluster, namespace, { seconds, random });
  await cluster.kubectl([...at.slice(0, 2), 'delete', 'deployment', '--all', '--wait=true']);
  const took = await recorder.done;
  peer.interrupt();
  await peer.done;
  try {
    const truth = truthIn(record);
    const bySternTag = await numbersByTag(sternOutput, truth);
    const written = [...truth.values()].reduce((sum, lines) => sum + lines, 0);
    const sternGot = [...bySternTag.values()].reduce((sum, numbers) => sum + new Set(numbers).size, 0);
    const faro = await judge(story, truth);
    return { runs: truth.size, faro, sternLost: written - sternGot, peakMiB: took.peakMiB };
  } finally {
    await cluster.kubectl(['delete', 'namespace', namespace, '--wait=false']);
    if (process.env.FARO_KEEP === undefined) rmSync(folder, { recursive: true, force: true });
    else process.stderr.write(`kept: ${folder}\n`);
  }
}

/** A pod every quarter of a minute, the kubelet once, the API server twice. */
async function trouble(
  cluster: Cluster,
  namespace: string,
  { seconds, random }: { seconds: number; random: () => number },
): Promise<void> {
  const startedAt = Date.now();
  const due = [
    { at: seconds * 0.3, run: () => cluster.restart('kubelet') },
    { at: seconds * 0.5, run: () => cluster.restart('kube-apiserver') },
    { at: seconds * 0.75, run: () => cluster.restart('kube-apiserver') },
    ...Array.from({ length: Math.floor(seconds / 15) }, (_, index) => ({
      at: 10 + index * 15,
      run: () => deletePod(cluster, namespace, random),
    })),
  ].sort((a, b) => a.at - b.at);
  for (const { at, run } of due) {
    await sleep(Math.max(0, startedAt + at * 1000 - Date.now()));
    await run();
  }
  await sleep(Math.max(0, startedAt + seconds * 1000 - Date.now()));
}

async function deletePod(cluster: Cluster, namespace: string, random: () => number): Promise<void> {
  const pods = (await cluster.kubectl(['-n', namespace, 'get', 'pods', '-o', 'name'])).trim().split('\n');
  const pod = pods[Math.floor(random() * pods.length)];
  if (pod === undefined || pod === '') return;
  await cluster.kubectl(['-n', namespace, 'delete', pod, '--wait=false', '--ignore-not-found']); // it may be gone by now
}

function deployment(name: string, replicas: number, { args, record }: { args: string; record: string }): object {
  const labels = { app: name };
  const container = {
    name: 'app',
    image: IMAGE,
    imagePullPolicy: 'Never',
    args: [...args.split(' '), '-size', '60', '-record', '/record', '-tag', 'T$(POD)'],
    env: [{ name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
    volumeMounts: [{ name: 'record', mountPath: '/record' }],
  };
  const spec = {
    terminationGracePeriodSeconds: 2,
    volumes: [{ name: 'record', hostPath: { path: record } }],
    containers: [container],
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
}

/** How many lines each run has written, as it noted itself. */
function truthIn(record: string): ReadonlyMap<string, number> {
  return new Map(readdirSync(record).map((tag) => [tag, Number(readFileSync(join(record, tag), 'latin1')) || 0]));
}
