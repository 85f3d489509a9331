import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { Cluster, obstacle } from '../test/cluster/cluster.ts';

/**
 * `npm run acceptance`: the rows that take too long for `npm test` (many simulated schedules, repeated scenarios on the
 * real cluster, benchmarks), with a dated report in docs/acceptance/.
 */
const rows: readonly { readonly title: string; readonly args: readonly string[]; readonly env?: NodeJS.ProcessEnv }[] =
  [
    {
      title: '10,000 simulated schedules',
      args: ['--test', 'test/record/simulation.test.ts'],
      env: { FARO_SCHEDULES: '10000', FARO_SEED: '1000' },
    },
    ...[1, 2, 3].map((round) => ({
      title: `scenarios on the real cluster, round ${round}`,
      args: ['--test', 'test/e2e/scenarios.test.ts', 'test/e2e/permissions.test.ts'],
    })),
    {
      title: 'verdicts of the whole table of broken, recovered and healthy workloads',
      args: ['--test', 'test/e2e/verdict.test.ts'],
      env: { FARO_VERDICT: 'all' },
    },
    { title: 'Kubernetes 1.34.4, and servers without WatchList and events.k8s.io', args: ['test/e2e/versions.ts'] },
    { title: 'a node that is lost, and one that comes back', args: ['--test', 'test/e2e/verdict/node-lost.ts'] },
    {
      title: 'the report of 900,000 lines in a browser',
      args: ['--test', 'test/view/html/page/report.test.ts'],
      env: { FARO_REPORT_LINES: '900000' },
    },
    { title: 'the single executable', args: ['--test', 'test/executable.acceptance.ts'] },
    {
      title: '10,000 pods, 300 types, 50,000 changes',
      args: ['bench/large.ts', '--changes', '50000', '--rate', '500'],
    },
    { title: 'start-up and an idle minute', args: ['bench/idle.ts'] },
    ...['hot', 'hot25', 'wide', 'drain', 'idle', 'short', 'chaos'].map((load) => ({
      title: `beside stern and kubectl: ${load}`,
      args: ['bench/peers/main.ts', load],
    })),
    { title: 'a story of ten million lines', args: ['bench/assemble.ts'] },
    { title: 'CPU of the live view', args: ['bench/live.ts'] },
  ];

const reason = obstacle();
if (reason !== undefined && process.env.FARO_TEST_KUBECONFIG === undefined)
  throw new Error(`acceptance needs a real cluster: ${reason}`);
const cluster = process.env.FARO_TEST_KUBECONFIG === undefined ? await Cluster.start() : undefined;
const env =
  cluster === undefined
    ? process.env
    : { ...process.env, FARO_TEST_KUBECONFIG: cluster.kubeconfig, FARO_TEST_KUBECTL: cluster.kubectlPath };
const date = new Date().toISOString().slice(0, 10);
const report = [`# Acceptance, ${date}`, '', `${cpus().length} cores, Node ${process.versions.node}`];
let failed = 0;
for (const { title, args, env: more } of rows) {
  process.stderr.write(`${title}\n`);
  const startedAt = Date.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    env: { ...env, ...more },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) failed += 1;
  const said = `${stdout}${stderr}`
    .split('\n')
    .filter((line) => /^\s*(✔|✖|\||ℹ (pass|fail)|crash loop|\d+ (schedules|lines)|(idle|short|chaos): )/.test(line));
  report.push(
    '',
    `## ${title}: ${status === 0 ? 'holds' : 'FAILS'} (${Math.round((Date.now() - startedAt) / 1000)} s)`,
    '',
    ...said.map((line) => (line.startsWith('|') ? line : `    ${line}`)),
  );
}
mkdirSync('docs/acceptance', { recursive: true });
writeFileSync(`docs/acceptance/${date}.md`, `${report.join('\n')}\n`);
process.stdout.write(`docs/acceptance/${date}.md\n`);
process.exitCode = failed === 0 ? 0 : 1;
