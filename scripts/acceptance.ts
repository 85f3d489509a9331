import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { Cluster, obstacle } from '../test/cluster/cluster.ts';

/** For rows that look for what no fixed seed shows; the report tells it. */
const NEW_SEED = String(Date.now() % 1_000_000_000);

/**
 * `npm run acceptance`: the rows that take too long for `npm test` (many simulated schedules, repeated scenarios on the
 * real cluster, benchmarks), with a dated report in docs/acceptance/. Arguments name some of them by words of their
 * titles; the day's report keeps what it said of the others. It is written after each row: what ran is told.
 */
const rows: readonly { readonly title: string; readonly args: readonly string[]; readonly env?: NodeJS.ProcessEnv }[] =
  [
    {
      title: '10,000 simulated schedules',
      args: ['--test', 'test/record/simulation.test.ts'],
      env: { FARO_SCHEDULES: '10000', FARO_SEED: '1000', FARO_STRICT: '1' },
    },
    {
      title: 'a thousand simulated schedules that nobody played before',
      args: ['--test', 'test/record/simulation.test.ts'],
      env: { FARO_SCHEDULES: '1000', FARO_SEED: NEW_SEED, FARO_STRICT: '1' },
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
    {
      title: 'trouble of a real cluster: restarts, an upgrade, lost history, darkness, refusals, wrong clocks',
      args: ['--test', 'test/e2e/cluster-trouble.acceptance.ts'],
    },
    { title: 'a node that is lost, and one that comes back', args: ['--test', 'test/e2e/verdict/node-lost.ts'] },
    {
      title: 'the report of 900,000 lines in a browser',
      args: ['--test', 'test/view/html/page/report.test.ts'],
      env: { FARO_REPORT_LINES: '900000' },
    },
    {
      title: '30 captures on the real cluster that are killed, recovered and resumed',
      args: ['--test', 'test/e2e/resume.test.ts'],
      env: { FARO_RESUMES: '30', FARO_SEED: NEW_SEED },
    },
    {
      title: 'a disk that fills up under a busy workload, until room is made, and to the end',
      args: ['--test', 'test/e2e/full-disk.test.ts'],
      env: { FARO_DISK_LINES: '200000' },
    },
    {
      title: '500 simulated captures that are killed and resumed',
      args: ['--test', 'test/record/resume-schedules.test.ts'],
      env: { FARO_SCHEDULES: '500', FARO_SEED: '1000', FARO_STRICT: '1' },
    },
    {
      title: 'every property test with thirty times the inputs, from a seed that nobody tried before',
      args: ['--test', '--test-timeout=3600000', ...propertyTests()],
      env: { FARO_TIMES: '30', FARO_SEED: NEW_SEED },
    },
    {
      title: 'the decoders with 20,000 inputs each',
      args: ['--test', 'test/fuzz/decoders.test.ts'],
      env: { FARO_TIMES: '67', FARO_SEED: NEW_SEED },
    },
    {
      title: 'what redaction of log lines costs',
      args: ['bench/redact.ts'],
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
    { title: 'memory over ten minutes of 20,000 lines/s', args: ['bench/soak.ts'] },
    { title: 'CPU of the live view', args: ['bench/live.ts'] },
  ];

const wanted = process.argv.slice(2);
const chosen = rows.filter(({ title }) => wanted.length === 0 || wanted.some((word) => title.includes(word)));
if (chosen.length === 0)
  throw new Error(`no row is called ${wanted.join(', ')}; there are:\n${rows.map(({ title }) => title).join('\n')}`);
const reason = obstacle();
if (reason !== undefined && process.env.FARO_TEST_KUBECONFIG === undefined)
  throw new Error(`acceptance needs a real cluster: ${reason}`);
const wasRunning = Cluster.isUp();
const cluster = process.env.FARO_TEST_KUBECONFIG === undefined ? await Cluster.start() : undefined;
const env =
  cluster === undefined
    ? process.env
    : { ...process.env, FARO_TEST_KUBECONFIG: cluster.kubeconfig, FARO_TEST_KUBECTL: cluster.kubectlPath };
const date = new Date().toISOString().slice(0, 10);
const path = `docs/acceptance/${date}.md`;
const sections = new Map(existsSync(path) ? sectionsOf(readFileSync(path, 'utf8')) : []);
mkdirSync('docs/acceptance', { recursive: true });
let failed = 0;
try {
  for (const { title, args, env: more } of chosen) {
    process.stderr.write(`${title}\n`);
    const startedAt = Date.now();
    const load = loadavg()[0]?.toFixed(1);
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      env: { ...env, ...more },
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    const isTest = args[0] === '--test';
    if (status !== 0) {
      failed += 1;
      // Node's test runner tells on its standard output what failed, a seed for instance.
      process.stderr.write(isTest ? stdout : stderr);
    }
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    const settings = Object.entries(more ?? {}).map(([name, value]) => `${name}=${value}`);
    const conditions = [`${seconds} s`, `load ${load} at its start`, ...settings].join(', ');
    const outcome = `${status === 0 ? 'Holds' : 'FAILS'} (${conditions}).`;
    const said = (isTest ? `${stdout}${stderr}` : stdout)
      .split('\n')
      .filter((line) => !isTest || /^\s*(✔|✖|\||ℹ (pass|fail)|crash loop|\d[\d,]* (schedules|lines))/.test(line))
      .map((line) => (line === '' || line.startsWith('|') ? line : `    ${line}`));
    sections.set(title, [outcome, '', ...said].join('\n').trimEnd());
    writeFileSync(path, reportOf(sections));
  }
} finally {
  if (cluster !== undefined && !wasRunning) await Cluster.stop();
}
process.stdout.write(`${path}: ${chosen.length - failed} rows hold, ${failed} fail\n`);
process.exitCode = failed === 0 ? 0 : 1;

function propertyTests(): readonly string[] {
  return globSync('test/**/*.test.ts')
    .filter((path) => /\/property\.ts'/.test(readFileSync(path, 'utf8')) && !path.includes('/e2e/'))
    .sort();
}

function reportOf(sections: ReadonlyMap<string, string>): string {
  const known = rows.filter(({ title }) => sections.has(title));
  const told = known.map(({ title }) => `## ${title}\n\n${sections.get(title)}\n`);
  return [`# Acceptance, ${date}\n`, `${cpus().length} cores, Node ${process.versions.node}\n`, ...told].join('\n');
}

/** Title and text of each section of a report. */
function sectionsOf(report: string): [string, string][] {
  return report
    .split('\n## ')
    .slice(1)
    .map((section) => {
      const end = section.indexOf('\n');
      return [section.slice(0, end), section.slice(end).trim()];
    });
}
