import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Story } from '../../src/story/document.ts';
import type { Cluster } from '../../test/cluster/cluster.ts';
import { freshNamespace, jobsComplete, type LoadJob, startJobs } from './load.ts';
import { measured } from './measured.ts';
import { faroArgs } from './run.ts';

const TAGS: Readonly<Record<string, string>> = {
  klog: 'I1126 12:00:00.000000    1007 token_manager.go:121] "Refreshing service account token" pod="shop/web-0" attempt',
  logfmt: 'level=info msg="user authenticated" component=api auth=true tokens=5 path=/v1/items duration=17ms item',
};

/** Finished containers with many lines, recorded with redaction and without it, in turns: CPU of the whole command, a row for each. */
export async function* redaction(cluster: Cluster, lines: number, pairs: number): AsyncGenerator<string> {
  const namespace = `bench-redaction-${Date.now().toString(36)}`;
  const folder = mkdtempSync(join(tmpdir(), 'faro-bench-'));
  const output = join(folder, 'story.json');
  const jobs = Object.entries(TAGS).map(([name, tag]): LoadJob => ({ name, pods: 1, lines, rate: 0, tag }));
  await freshNamespace(cluster, namespace);
  try {
    await startJobs(cluster, namespace, jobs);
    await jobsComplete(cluster, namespace);
    const at = [
      '-n',
      namespace,
      '--kubeconfig',
      cluster.kubeconfig,
      '--until',
      'complete',
      '--settle',
      '0s',
      '--force',
    ];
    yield `| ${lines} lines, median of ${pairs} pairs | CPU ms | redacted | ratio |\n|---|---|---|---|\n`;
    for (const { name } of jobs) {
      const record = async (...more: string[]) => {
        const args = faroArgs('capture', `job/${name}`, '-o', output, ...at, ...more);
        return (await measured({ args, output: `${output}.out` }).done).cpuMs;
      };
      await record(); // compiles the command's code
      check(output, lines);
      const took: { readonly off: number; readonly on: number }[] = [];
      for (let pair = 0; pair < pairs; pair += 1) {
        const first = await record(...(pair % 2 === 0 ? ['--no-redact'] : []));
        const second = await record(...(pair % 2 === 0 ? [] : ['--no-redact']));
        took.push(pair % 2 === 0 ? { off: first, on: second } : { off: second, on: first });
      }
      const [off, on] = [median(took.map((pair) => pair.off)), median(took.map((pair) => pair.on))];
      const ratio = median(took.map((pair) => pair.on / pair.off));
      yield `| ${name} | ${off.toFixed(0)} | ${on.toFixed(0)} | ${ratio.toFixed(2)} |\n`;
    }
  } finally {
    await cluster.kubectl(['delete', 'namespace', namespace, '--wait=false']);
    rmSync(folder, { recursive: true, force: true });
  }
}

function check(output: string, lines: number): void {
  const { containers } = JSON.parse(readFileSync(output, 'utf8')) as Story;
  const ledger = containers[0]?.ledger;
  if (ledger?.end !== 'proven' || ledger.lines !== lines)
    throw new Error(`${lines} lines were written, and told are ${JSON.stringify(ledger)}`);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
