import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cluster } from '../../test/cluster/cluster.ts';
import { freshNamespace, jobsComplete, type LoadJob, linesOf, startJobs } from './load.ts';
import { measured, serverCpuMs } from './measured.ts';
import { COMMAND, faroArgs, RECORDED, type Row } from './run.ts';
import { tally, tallyStory } from './tally.ts';

/** One finished container with many lines, read whole by each tool, again and again from the same node. */
export async function* drain(cluster: Cluster, sternProgram: string, lines: number): AsyncGenerator<Row> {
  const job: LoadJob = { name: 'drain', pods: 1, lines, rate: 0 };
  const namespace = `bench-drain-${Date.now().toString(36)}`;
  await freshNamespace(cluster, namespace);
  await startJobs(cluster, namespace, [job]);
  await jobsComplete(cluster, namespace);
  const { name, uid } = await podOf(cluster, namespace);
  const folder = mkdtempSync(join(tmpdir(), 'faro-bench-'));
  const output = join(folder, 'story.json');
  const pki = (file: string) => join(cluster.folder, 'pki', file);
  const server = JSON.parse(await cluster.kubectl(['config', 'view', '-o', 'json'])) as {
    clusters: { cluster: { server: string } }[];
  };
  const url = `${server.clusters[0]?.cluster.server}/api/v1/nodes/node1/proxy/logs/pods/${namespace}_${name}_${uid}/app/0.log`;
  const at = ['-n', namespace, '--kubeconfig', cluster.kubeconfig];
  const how = ['--until', 'complete', '--settle', '0s', '--force'];
  const curl = ['--silent', '--cert', pki('admin.crt'), '--key', pki('admin.key'), '--cacert', pki('ca.crt'), url];
  const stern = [sternProgram, '.', '--no-follow', '--color', 'never', ...at] as const;
  const tools: Readonly<Record<string, readonly [string, ...string[]]>> = {
    curl: ['curl', ...curl],
    faro: faroArgs('capture', 'job/drain', '-o', output, ...at, ...how),
    'faro --log-route stream': faroArgs('capture', 'job/drain', '--log-route', 'stream', '-o', output, ...at, ...how),
    stern: [...stern, '--output', 'raw'],
    // What a story says of a line, too: when, and of which container.
    'stern --output json --timestamps': [...stern, '--output', 'json', '--timestamps'],
    kubectl: [cluster.kubectlPath, 'logs', name, ...at],
  };
  try {
    // As in any run but the first, the command's code is compiled.
    await measured({ args: faroArgs('capture', 'job/drain', '-o', output, ...at, ...how), output: `${output}.out` })
      .done;
    for (const [tool, args] of Object.entries(tools)) {
      const isFaro = args[1] === COMMAND;
      // What stands there is freed by whoever takes its place: by faro within its time, for the others before theirs.
      rmSync(output, { force: true });
      const before = serverCpuMs(cluster);
      const took = await measured({ args, output: isFaro ? `${output}.out` : output, mark: RECORDED }).done;
      const counted = await (isFaro ? tallyStory : tally)(output, linesOf([job]));
      yield { tool, ...took, ...counted, serverCpuMs: serverCpuMs(cluster) - before };
    }
  } finally {
    await cluster.kubectl(['delete', 'namespace', namespace, '--wait=false']);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function podOf(cluster: Cluster, namespace: string): Promise<{ name: string; uid: string }> {
  const text = await cluster.kubectl(['-n', namespace, 'get', 'pods', '-o', 'json']);
  const { items } = JSON.parse(text) as { items: { metadata: { name: string; uid: string } }[] };
  const [pod] = items;
  if (pod === undefined) throw new Error('the Job has no pod');
  return pod.metadata;
}
