import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { testNamespace, workload } from '../test/e2e/cluster.ts';
import { measured, residentMiBOf } from './peers/measured.ts';
import { faroArgs } from './peers/run.ts';

/**
 * Memory of a capture of 20,000 log lines a second: the peak of each minute, printed as it passes, and that of the last
 * beside that of the first. `node bench/soak.ts [MINUTES]`, 10 by default.
 */
const MINUTES = Number(process.argv[2] ?? 10);
const [PODS, RATE] = [2, 10_000];
const SAMPLE_MS = 200;

await using ns = await testNamespace('bench-soak');
const containers = [workload('app', `-n -1 -rate ${RATE} -size 60 -tag S`)];
await ns.apply({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'loud' },
  spec: {
    replicas: PODS,
    selector: { matchLabels: { app: 'loud' } },
    template: { metadata: { labels: { app: 'loud' } }, spec: { terminationGracePeriodSeconds: 1, containers } },
  },
});
await ns.until('it writes', ['deployment/loud'], ({ status }) => status.readyReplicas === PODS);
const folder = mkdtempSync(join(tmpdir(), 'faro-soak-'));
const at = ['-n', ns.name, '--kubeconfig', ns.cluster.kubeconfig, '-o', join(folder, 'story.json.zst')];
const recorder = measured({ args: faroArgs('capture', 'deployment/loud', ...at), output: join(folder, 'out') });
await recorder.said('"msg":"recording"');
process.stdout.write(`| ${PODS * RATE} lines/s, load ${loadavg()[0]?.toFixed(1)} | peak MiB |\n| --- | --- |\n`);
const peaks: number[] = [];
for (let minute = 1; minute <= MINUTES; minute += 1) {
  const peak = await peakOfMinute();
  peaks.push(peak);
  process.stdout.write(`| minute ${minute} | ${Math.round(peak)} |\n`);
}
recorder.interrupt();
const { peakMiB } = await recorder.done;
rmSync(folder, { recursive: true, force: true });
const [first = 0, last = 0] = [peaks[0], peaks.at(-1)];
process.stdout.write(`| with its story | ${Math.round(peakMiB)} |\n\n`);
process.stdout.write(`soak: last minute / first minute ${(last / first).toFixed(2)}\n`);

async function peakOfMinute(): Promise<number> {
  let peak = 0;
  for (const end = performance.now() + 60_000; performance.now() < end; await sleep(SAMPLE_MS)) {
    const resident = residentMiBOf(recorder.pid);
    if (resident === 0) throw new Error('the recorder ended early');
    peak = Math.max(peak, resident);
  }
  return peak;
}
