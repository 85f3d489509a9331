import { parseArgs } from 'node:util';
import { seededRandom } from '../../src/demo/random.ts';
import { Cluster, type ClusterOptions } from '../../test/cluster/cluster.ts';
import { chaos } from './chaos.ts';
import { drain } from './drain.ts';
import { idle } from './idle.ts';
import type { LoadJob } from './load.ts';
import { buildStern } from './peers.ts';
import { redaction } from './redaction.ts';
import { faro, follow, headOf, kubectlLogs, type Row, rowOf, stern } from './run.ts';
import { shortLived } from './short.ts';
import { defectsOf, type Tally } from './tally.ts';

/**
 * Faro beside its peers on the testbed: `node bench/peers/main.ts [hot|hot25|wide|drain|redaction|idle|short|chaos …] [--seconds 60]`.
 * Prints a Markdown table for each load, row by row. It starts a cluster of its own. It fails where a story lacks lines and
 * does not say so, holds one twice, or is called complete and is not.
 */
process.on('exit', (code) => {
  // Whatever ends it, a run that ended early never looks like one that had nothing to say.
  if (code !== 0) process.stderr.write(`ended with ${code}: not everything was measured\n`);
});
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '60' },
    rounds: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
    cluster: { type: 'string', default: '7' },
  },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
const chosen = positionals.length > 0 ? positionals : ['hot', 'hot25', 'wide', 'drain', 'idle', 'short', 'chaos'];
const sternProgram = await buildStern();

const slow: LoadJob = { name: 'slow', pods: 8, lines: 1000 * seconds, rate: 1000 };
interface Load {
  readonly title: string;
  readonly jobs: readonly LoadJob[];
}
const loads: Readonly<Record<string, Load>> = {
  hot: {
    title: `one container at 10,000 lines/s beside eight at 1,000, ${seconds} s`,
    jobs: [{ name: 'hot', pods: 1, lines: 10_000 * seconds, rate: 10_000 }, slow],
  },
  hot25: {
    title: `one container at 25,000 lines/s beside eight at 1,000, ${seconds} s`,
    jobs: [{ name: 'hot', pods: 1, lines: 25_000 * seconds, rate: 25_000 }, slow],
  },
  wide: {
    title: `100 containers at 50 lines/s, ${seconds} s`,
    jobs: [{ name: 'wide', pods: 100, lines: 50 * seconds, rate: 50 }],
  },
};
const at: ClusterOptions = { number: Number(values.cluster) };
let defects = 0;
try {
  for (const name of chosen) {
    process.stdout.write('\n');
    for await (const text of measureLoad(name)) process.stdout.write(text);
  }
} finally {
  await Cluster.stop(at);
}
if (defects > 0) process.exitCode = 1;

/** What there is to print of a load, as it comes. */
async function* measureLoad(name: string): AsyncGenerator<string> {
  const load = loads[name];
  if (load !== undefined) yield* followed(name, load);
  else if (name === 'idle') yield said(name, await idle(at, { containers: 200, seconds }));
  else if (name === 'short') yield said(name, await shortLived(await Cluster.start(at), 200));
  else if (name === 'chaos') {
    const cluster = await Cluster.start({ ...at, settings: { logMaxSize: '1Mi' } });
    const random = seededRandom(Number(values.seed));
    const report = await chaos(cluster, { sternProgram, seconds: 5 * seconds, random });
    const { written: expected, once: got, ...faro } = report.faro;
    check(name, { expected, got, ...faro });
    yield said(name, report);
  } else if (name === 'drain') {
    // Rotation out of the way: every tool reads the same one file.
    const cluster = await Cluster.start({ ...at, settings: { logMaxSize: '1Gi' } });
    yield headOf('1,000,000 lines of a finished container');
    for await (const row of drain(cluster, sternProgram, 1_000_000)) yield checked(row);
  } else if (name === 'redaction') {
    const cluster = await Cluster.start({ ...at, settings: { logMaxSize: '1Gi' } });
    yield* redaction(cluster, 500_000, 12);
  } else
    throw new Error(`unknown load ${name}: ${Object.keys(loads).join(', ')}, drain, redaction, idle, short, chaos`);
}

async function* followed(name: string, { title, jobs }: Load): AsyncGenerator<string> {
  const cluster = await Cluster.start(at);
  const tools = [faro(cluster), stern(cluster, sternProgram)];
  if (name !== 'wide') tools.splice(1, 0, faro(cluster, '--log-route', 'stream'));
  if (name !== 'wide') tools.push(kubectlLogs(cluster));
  yield headOf(title);
  for (let round = 0; round < (name === 'wide' ? rounds : 1); round += 1)
    for (const tool of tools) yield checked(await follow(cluster, tool, jobs));
}

function checked(row: Row): string {
  if (row.complete !== undefined) check(row.tool, row);
  return rowOf(row);
}

function check(what: string, tally: Tally): void {
  for (const defect of defectsOf(tally)) {
    defects += 1;
    process.stderr.write(`${what}: ${defect}\n`);
  }
}

function said(name: string, report: object): string {
  return `${name}: ${JSON.stringify(report)}\n`;
}
