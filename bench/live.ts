import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { testNamespace, workload } from '../test/e2e/cluster.ts';
import { onTerminal } from '../test/view/terminal/tmux.ts';
import { installedCommand } from './command.ts';

/**
 * CPU of a capture of 20,000 log lines a second with the live view on a terminal, beside the same without it, in turns.
 * Prints a Markdown table of seconds of CPU for each second of recording; the ratio is the quotient of the medians.
 */
const RATE = 20_000;
const SECONDS = Number(process.argv[2] ?? 10);
const ROUNDS = Number(process.argv[3] ?? 3);
const TICKS_PER_SECOND = 100;
const MODES = ['none', 'tty'] as const;
const command = await installedCommand();

await using ns = await testNamespace('bench-live');
await ns.apply({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'loud' },
  spec: { terminationGracePeriodSeconds: 1, containers: [workload('app', `-n -1 -rate ${RATE} -size 100 -tag L`)] },
});
await ns.until('it writes', ['pod/loud'], ({ status }) => status.phase === 'Running');
const rates: string[] = [];
const cpu = new Map<string, number[]>(MODES.map((mode) => [mode, []]));
for (let round = 0; round < ROUNDS; round += 1) for (const mode of MODES) cpu.get(mode)?.push(await measure(mode));
const median = (mode: string) => cpu.get(mode)?.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0;
const line = (...cells: readonly (string | number)[]) => process.stdout.write(`| ${cells.join(' | ')} |\n`);
line(`${RATE} lines/s, ${SECONDS} s, ${ROUNDS} rounds, load ${loadavg()[0]?.toFixed(1)}`, 'CPU s/s, median', 'all');
line('---', '---', '---');
for (const mode of MODES)
  line(
    `--progress ${mode}`,
    median(mode).toFixed(3),
    cpu
      .get(mode)
      ?.map((value) => value.toFixed(3))
      .join(' ') ?? '',
  );
line('ratio', (median('tty') / median('none')).toFixed(2), `lines/s that the view showed: ${rates.join(' ')}`);

/** Seconds of CPU for each second, once the recording is under way. */
async function measure(mode: (typeof MODES)[number]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'faro-live-'));
  const pidFile = join(folder, 'pid');
  const args = `capture pod/loud -n ${ns.name} --kubeconfig ${ns.cluster.kubeconfig} --tail 0 --progress ${mode} -o ${join(folder, 'story.json')}`;
  await using terminal = await onTerminal(`echo $$ > ${pidFile}; exec ${process.execPath} ${command} ${args}`, {
    columns: 120,
    rows: 40,
  });
  const journal = join(folder, 'story.json.journal', '000001.faroj');
  while (sizeOf(journal) < 500_000) await sleep(50); // until lines come
  const pid = Number(readFileSync(pidFile, 'utf8'));
  const [cpuBefore, before] = [cpuSeconds(pid), performance.now()];
  await sleep(SECONDS * 1000);
  const used = (cpuSeconds(pid) - cpuBefore) / ((performance.now() - before) / 1000);
  if (mode === 'tty') rates.push(/([\d,]+)\/s/.exec(await terminal.shows(/[\d,]+\/s/))?.[1] ?? '');
  process.kill(pid, 'SIGKILL'); // the story of it is not wanted
  rmSync(folder, { recursive: true, force: true });
  return used;
}

function sizeOf(file: string): number {
  try {
    return readFileSync(file).length;
  } catch {
    return 0; // not there yet
  }
}

/** User and system time so far, from /proc. */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
