import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { testNamespace, workload } from '../test/e2e/cluster.ts';
import { installedCommand } from './command.ts';

/**
 * Start-up to the first established watch, then CPU and memory over an idle minute, with 200 pods that no node runs:
 * faro beside `kubectl get --watch -o json` of the same pods, in one run. Prints a Markdown table with ratios.
 */
const PODS = 200;
const IDLE_MS = Number(process.argv[2] ?? 60) * 1000;
const TICKS_PER_SECOND = 100;

interface Row {
  readonly name: string;
  readonly startMs: number;
  readonly startCpuMs: number;
  readonly idleCpuMs: number;
  readonly peakMiB: number;
}

await using ns = await testNamespace('bench');
const labels = { app: 'idle' };
const spec = { schedulingGates: [{ name: 'faro.test/hold' }], containers: [workload('app', '-n 1')] };
await ns.apply({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'idle' },
  spec: { replicas: PODS, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
});
await ns.until('all pods are there', ['deploy/idle'], ({ status }) => status.replicas === PODS);

const { kubeconfig, kubectlPath } = ns.cluster;
const at = ['-n', ns.name, '--kubeconfig', kubeconfig];
const folder = mkdtempSync(join(tmpdir(), 'faro-bench-'));
const story = join(folder, 'story.json');
const faro = [
  await installedCommand(),
  'capture',
  'deployment/idle',
  '-o',
  story,
  '--log-level',
  'info',
  '--log-format',
  'json',
  ...at,
];
const rows = [
  await measure(
    'kubectl get pods --watch -o json',
    spawn(kubectlPath, ['get', 'pods', '--watch', '-o', 'json', ...at]),
    'stdout',
    '"Pod"',
  ),
  await measure('faro capture deployment/idle', spawn(process.execPath, faro), 'stderr', '"msg":"recording"'),
];
rmSync(folder, { recursive: true, force: true });
const [kubectl, own] = rows;
const ratio = (pick: (row: Row) => number) =>
  kubectl === undefined || own === undefined ? '' : (pick(own) / Math.max(1, pick(kubectl))).toFixed(2);
const line = (cells: readonly (string | number)[]) => process.stdout.write(`| ${cells.join(' | ')} |\n`);
line([`${PODS} pods, idle for ${IDLE_MS / 1000} s`, 'start-up ms', 'CPU to there ms', 'CPU while idle ms', 'peak MiB']);
line(['---', '---', '---', '---', '---']);
for (const { name, startMs, startCpuMs, idleCpuMs, peakMiB } of rows)
  line([name, startMs, startCpuMs, idleCpuMs, peakMiB]);
line([
  'ratio faro / kubectl',
  ratio(({ startMs }) => startMs),
  ratio(({ startCpuMs }) => startCpuMs),
  ratio(({ idleCpuMs }) => idleCpuMs),
  ratio(({ peakMiB }) => peakMiB),
]);

/** Waits for the text that tells that the watch stands, then for the idle time. */
async function measure(name: string, child: ChildProcess, from: 'stdout' | 'stderr', text: string): Promise<Row> {
  const startedAt = performance.now();
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  let output = '';
  child[from]?.on('data', (chunk: Buffer) => {
    output = (output + chunk).slice(-4096);
    if (output.includes(text)) resolve();
  });
  child[from === 'stdout' ? 'stderr' : 'stdout']?.resume();
  await ready;
  const startMs = Math.round(performance.now() - startedAt);
  const pid = child.pid ?? 0;
  const startCpuMs = cpuMs(pid);
  await sleep(IDLE_MS);
  const idleCpuMs = cpuMs(pid) - startCpuMs;
  const peakMiB = Math.round(
    Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024,
  );
  child.kill('SIGINT');
  await new Promise((done) => child.on('close', done));
  return { name, startMs, startCpuMs, idleCpuMs, peakMiB };
}

/** User and system time so far, from /proc. */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}
