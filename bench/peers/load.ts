import type { Cluster } from '../../test/cluster/cluster.ts';
import { IMAGE } from '../../test/cluster/cluster.ts';

/** Pods that write numbered lines, as an indexed Job; the tag of each is `TNAME-INDEX`, unless said otherwise. */
export interface LoadJob {
  readonly name: string;
  readonly pods: number;
  /** Of each pod. */
  readonly lines: number;
  /** Lines a second; 0 as fast as it can. */
  readonly rate: number;
  readonly wait?: string;
  /** What all lines begin with, before their number; nothing fills them up then. */
  readonly tag?: string;
}

/** Bytes of padding: with time, tag and number a record takes about 110 bytes, as in docs of the log routes. */
const SIZE = 60;

export function jobOf({ name, pods, lines, rate, wait = '0s', tag }: LoadJob): object {
  const how = `-n ${lines} -rate ${rate} -size ${tag === undefined ? SIZE : 0} -wait ${wait}`;
  const args = [...how.split(' '), '-tag', tag ?? `T${name}-$(JOB_COMPLETION_INDEX)`];
  const container = { name: 'app', image: IMAGE, imagePullPolicy: 'Never', args };
  const template = { spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 1, containers: [container] } };
  const spec = { completionMode: 'Indexed', completions: pods, parallelism: pods, backoffLimit: 0, template };
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec };
}

/** The lines that the pods of some Jobs write in all, by tag. */
export function linesOf(jobs: readonly LoadJob[]): ReadonlyMap<string, number> {
  return new Map(
    jobs.flatMap(({ name, pods, lines }) =>
      Array.from({ length: pods }, (_, index) => [`T${name}-${index}`, lines] as const),
    ),
  );
}

/** A namespace with nothing in it but its service account. */
export async function freshNamespace(cluster: Cluster, name: string): Promise<void> {
  await cluster.kubectl(['create', 'namespace', name]);
  for (;;) {
    const accounts = await cluster.kubectl(['-n', name, 'get', 'serviceaccounts', '-o', 'name']);
    if (accounts.includes('/default')) return;
  }
}

export async function startJobs(cluster: Cluster, namespace: string, jobs: readonly LoadJob[]): Promise<void> {
  const list = { apiVersion: 'v1', kind: 'List', items: jobs.map(jobOf) };
  await cluster.kubectl(['-n', namespace, 'apply', '-f', '-'], JSON.stringify(list));
}

export async function jobsComplete(cluster: Cluster, namespace: string): Promise<void> {
  await cluster.kubectl(['-n', namespace, 'wait', '--for=condition=Complete', 'job', '--all', '--timeout=400s']);
}
