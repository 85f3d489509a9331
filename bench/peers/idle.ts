import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, type ClusterOptions } from '../../test/cluster/cluster.ts';
import { freshNamespace, startJobs } from './load.ts';
import { measured, serverCpuMs } from './measured.ts';
import { faroArgs } from './run.ts';

/** What a recorder asks the API server, and costs, in a minute in which nothing happens. */
export interface IdleReport {
  readonly containers: number;
  readonly seconds: number;
  readonly requests: number;
  /** What was asked for, with how often: the path, with `*` for each name. */
  readonly asked: Readonly<Record<string, number>>;
  readonly serverCpuMs: number;
}

/** Where nothing was asked for so long, what follows is what an idle capture asks. */
const QUIET_MS = 5000;

const POLICY =
  'apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [ResponseStarted, ResponseComplete, Panic]\nrules: [{level: Metadata}]\n';

/** Containers that wrote a few lines and wait, all of whose logs are followed; the API server's audit log counts requests. */
export async function idle(
  at: ClusterOptions,
  { containers, seconds }: { containers: number; seconds: number },
): Promise<IdleReport> {
  const folder = mkdtempSync(join(tmpdir(), 'faro-idle-'));
  const [policy, audit] = [join(folder, 'policy.yaml'), join(folder, 'audit.log')];
  writeFileSync(policy, POLICY);
  const apiserverArgs = ['--audit-policy-file', policy, '--audit-log-path', audit];
  const cluster = await Cluster.start({ ...at, settings: { apiserverArgs } });
  const namespace = 'idle';
  await freshNamespace(cluster, namespace);
  await startJobs(cluster, namespace, [{ name: 'idle', pods: containers, lines: 5, rate: 0, wait: '1h' }]);
  await cluster.kubectl(['-n', namespace, 'wait', '--for=condition=Ready', 'pod', '--all', '--timeout=300s']);
  const targets = ['job/idle', '-o', join(folder, 'story.json'), '-n', namespace, '--kubeconfig', cluster.kubeconfig];
  const recorder = measured({ args: faroArgs('capture', ...targets, '--drain', '1s'), output: join(folder, 'out') });
  await recorder.said('"msg":"recording"');
  await untilIdle(audit, containers);
  const [before, server] = [requestsIn(audit).length, serverCpuMs(cluster)];
  await sleep(seconds * 1000);
  const asked = requestsIn(audit).slice(before).map(wordsOf);
  const report = {
    containers,
    seconds,
    requests: asked.length,
    asked: Object.fromEntries([...Map.groupBy(asked, (one) => one)].map(([one, { length }]) => [one, length])),
    serverCpuMs: serverCpuMs(cluster) - server,
  };
  recorder.interrupt();
  await recorder.done;
  rmSync(folder, { recursive: true, force: true });
  return report;
}

/**
 * Until every log was read and its stream asked for, and then nothing for a while. Silence alone tells nothing: on a machine
 * that is busy enough a recorder that has hardly begun asks for nothing for seconds.
 */
async function untilIdle(audit: string, containers: number): Promise<void> {
  for (let before = -1; ; ) {
    const requests = requestsIn(audit);
    const streams = requests.filter((event) => event.includes('/containerLogs/')).length;
    if (streams >= containers && requests.length === before) return;
    before = requests.length;
    await sleep(QUIET_MS);
  }
}

/** Requests of faro so far, as the audit log has them; its user agent tells them from the cluster's own. */
function requestsIn(audit: string): string[] {
  return readFileSync(audit, 'utf8')
    .split('\n')
    .filter((line) => line.includes('"userAgent":"faro/'));
}

/** A request's verb and path, without the names of pods and what else differs from one to the next. */
function wordsOf(event: string): string {
  const { verb, requestURI } = JSON.parse(event) as { readonly verb: string; readonly requestURI: string };
  const [path = '', query] = requestURI.split('?');
  const words = path.replace(/(?<=containerLogs\/).*/, '*').replace(/(?<=logs\/pods\/).*/, '*');
  return `${verb} ${words}${query === undefined ? '' : '?…'}`;
}
