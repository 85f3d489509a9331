import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { ADMIN_TOKEN } from '../src/demo/simulated-cluster.ts';
import { Cluster, obstacle } from './cluster/cluster.ts';
import { credential, noted, noteTo } from './credentials.ts';
import { folderOfProcess, keepFoldersIn } from './folder.ts';
import { LeakSearch } from './leaks.ts';
import { SEED } from './property.ts';
import { installTools } from './tools.ts';

/**
 * `npm test`: types and lint, then every test, on the real cluster too, with the coverage of src/. Arguments name test
 * files instead of all. The last line counts what really ran.
 */
const LEAST_COVERAGE = 85;
/** A test that hangs must not take the whole of CI's time with it: after this long the rest is ended, and has failed. */
const LONGEST_MS = 45 * 60_000;
const files = process.argv.slice(2);
const isWhole = files.length === 0;
const folder = folderOfProcess();
const [notes, folders] = [join(folder, 'notes'), join(folder, 'folders')];
const isCi = process.env.CI === 'true';

if (isWhole)
  for (const [command, ...args] of [
    ['tsc', '--noEmit'],
    ['tsc', '--noEmit', '-p', 'src/view/html/page'],
    ['tsc', '--noEmit', '-p', 'test/view/html/page'],
    ['biome', 'check', '.'],
  ])
    check(command ?? '', args);
process.stdout.write(`random inputs from seed ${SEED}; FARO_SEED plays others\n`);
installTools();
const cluster = await startCluster().catch(giveUp);
mkdirSync(notes);
noteTo(notes);
// Every test file and every command of a test is a process that would compile all of src/ anew.
process.env.NODE_COMPILE_CACHE ??= join(folder, 'code');
keepFoldersIn(folders);
noteOwnCredentials();
try {
  process.exitCode = await runTests(isWhole ? globSync('test/**/*.test.ts').sort() : files);
} finally {
  if (cluster.isOurs) await Cluster.stop();
}

function check(command: string, args: readonly string[]): void {
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  if (status === 0) return;
  process.stdout.write(`${command} ${args.join(' ')} failed\n0 passed, 1 failed\n`);
  process.exit(1);
}

/** What a machine lacks is told in a line; the last one counts, as always. */
function giveUp(error: unknown): never {
  process.stdout.write(`${error instanceof Error ? error.message : error}\n0 passed, 1 failed\n`);
  process.exit(1);
}

/** Starts the real cluster once for all test files; they find it by its kubeconfig. */
async function startCluster(): Promise<{ readonly isOurs: boolean }> {
  if (process.env.FARO_TEST_KUBECONFIG !== undefined) return { isOurs: false };
  const reason = obstacle();
  if (reason !== undefined) {
    if (isCi) throw new Error(`CI must test on a real cluster, but ${reason}`);
    process.stdout.write(`no real cluster, its tests are skipped: ${reason}\n`);
    return { isOurs: false };
  }
  const wasRunning = Cluster.isUp();
  const started = await Cluster.start();
  process.env.FARO_TEST_KUBECONFIG = started.kubeconfig;
  process.env.FARO_TEST_KUBECTL = started.kubectlPath;
  return { isOurs: !wasRunning };
}

async function runTests(paths: readonly string[]): Promise<number> {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  let coverage: number | undefined;
  const tests = run({
    files: [...paths],
    concurrency: 2,
    timeout: 300_000,
    signal: AbortSignal.timeout(LONGEST_MS),
    coverage: isWhole,
    coverageIncludeGlobs: ['src/**/*.ts'],
  });
  tests.on('test:summary', ({ file, counts: found }) => {
    if (file !== undefined) return;
    counts.passed = found.passed;
    counts.failed = found.tests - found.passed - found.skipped - found.todo;
    counts.skipped = found.skipped;
  });
  tests.on('test:coverage', ({ summary }) => {
    coverage = summary.totals.coveredLinePercent;
  });
  const output: string[] = [];
  const told = tests.compose(spec).on('data', (text: unknown) => void output.push(String(text)));
  await new Promise<void>((resolve) => told.on('end', resolve).pipe(process.stdout));
  const hasLeaks = await tellLeaks(output.join(''));
  const isCovered = coverage === undefined || coverage >= LEAST_COVERAGE;
  if (coverage !== undefined)
    process.stdout.write(`coverage of src/: ${coverage.toFixed(1)} % of lines (at least ${LEAST_COVERAGE} %)\n`);
  if (isCi && counts.skipped > 0) process.stdout.write('CI may skip nothing\n');
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
  process.stdout.write(`${counts.passed} passed, ${counts.failed} failed${skipped}\n`);
  return counts.failed === 0 && counts.passed > 0 && !hasLeaks && isCovered && !(isCi && counts.skipped > 0) ? 0 : 1;
}

/** Those that every test may use: the administrator of the real cluster, and of the simulated ones. */
function noteOwnCredentials(): void {
  credential(ADMIN_TOKEN);
  const { FARO_TEST_KUBECONFIG: kubeconfig } = process.env;
  if (kubeconfig === undefined) return;
  for (const [, key = ''] of readFileSync(kubeconfig, 'utf8').matchAll(/client-key-data"?: *"?([A-Za-z0-9+/=]+)/g)) {
    credential(key);
    credential(Buffer.from(key, 'base64').toString());
  }
}

/** Looks for every credential in all that the tests said, and in the stories and journals that they left. */
async function tellLeaks(output: string): Promise<boolean> {
  const { credentials, said } = noted(notes);
  const search = new LeakSearch(credentials);
  search.take('the output of the tests', output);
  for (const text of said) search.take('what a command said', text);
  await search.takeFolder(folders);
  for (const { place, beginning } of search.leaks.slice(0, 20))
    process.stdout.write(`a credential (${beginning}) stands in ${place}\n`);
  const found = search.leaks.length === 0 ? 'none found' : `found in ${search.leaks.length} places`;
  process.stdout.write(
    `${credentials.length} credentials looked for in ${Math.round(search.searched / 2 ** 20)} MiB of output, stories and journals: ${found}\n`,
  );
  return search.leaks.length > 0;
}
