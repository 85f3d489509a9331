import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../../test/cluster/cluster.ts';
import { installedCommand } from '../command.ts';
import { freshNamespace, jobsComplete, type LoadJob, linesOf, startJobs } from './load.ts';
import { type Measured, measured, type Running, serverCpuMs } from './measured.ts';
import { type Tally, tally, tallyStory } from './tally.ts';

/** One line of a table: a tool at a load. */
export interface Row extends Measured, Tally {
  readonly tool: string;
  /** Of kubelet and API server together, while the tool ran. */
  readonly serverCpuMs: number;
}

/** A program under test: how it is started, and how it is told that the load is over. */
export interface Tool {
  readonly name: string;
  /** Whether it follows pods that are yet to come; else it is started when all run. */
  readonly waitsForPods: boolean;
  start(at: {
    readonly namespace: string;
    readonly jobs: readonly LoadJob[];
    readonly output: string;
  }): Promise<Running>;
  /** Whether it ends by itself when the Jobs are complete. */
  readonly endsItself: boolean;
  /** How the lines came out in what it wrote. */
  readonly tally: (output: string, expected: ReadonlyMap<string, number>) => Promise<Tally>;
}

/** Lets a tool follow a load from its first line to its last, in a namespace of its own. */
export async function follow(cluster: Cluster, tool: Tool, jobs: readonly LoadJob[]): Promise<Row> {
  const namespace = `bench-${tool.name.replaceAll(/[^a-z]+/g, '-')}-${Date.now().toString(36)}`;
  await freshNamespace(cluster, namespace);
  const folder = mkdtempSync(join(tmpdir(), 'faro-bench-'));
  const output = join(folder, 'story.json');
  try {
    const before = serverCpuMs(cluster);
    let running = tool.waitsForPods ? await tool.start({ namespace, jobs, output }) : undefined;
    await startJobs(cluster, namespace, jobs);
    if (running === undefined) {
      await cluster.kubectl(['-n', namespace, 'wait', '--for=condition=Ready', 'pod', '--all', '--timeout=60s']);
      running = await tool.start({ namespace, jobs, output });
    }
    await jobsComplete(cluster, namespace);
    // What follows for ever gets the time to deliver what was written.
    if (!tool.endsItself) {
      await sleep(5000);
      running.interrupt();
    }
    const process = await running.done;
    const counted = await tool.tally(output, linesOf(jobs));
    return { tool: tool.name, ...process, ...counted, serverCpuMs: serverCpuMs(cluster) - before };
  } finally {
    await cluster.kubectl(['delete', 'namespace', namespace, '--wait=false']);
    if (process.env.FARO_KEEP === undefined) rmSync(folder, { recursive: true, force: true });
    else process.stderr.write(`kept: ${folder}\n`);
  }
}

export function faro(cluster: Cluster, ...more: string[]): Tool {
  return {
    name: ['faro', ...more].join(' '),
    waitsForPods: true,
    endsItself: true,
    tally: tallyStory,
    async start({ namespace, jobs, output }) {
      const targets = jobs.map(({ name }) => `job/${name}`);
      const at = ['-n', namespace, '--kubeconfig', cluster.kubeconfig, '-o', output, '--force'];
      const how = ['--wait', '--until', 'complete', '--settle', '0s'];
      const args = faroArgs('capture', ...targets, ...at, ...how, ...more);
      const running = measured({ args, output: `${output}.out`, mark: RECORDED });
      await running.said('"msg":"recording"');
      return running;
    },
  };
}

export const COMMAND = await installedCommand();

/** The command, which says in its log what it does. */
export function faroArgs(...args: readonly string[]): readonly [string, ...string[]] {
  return [process.execPath, COMMAND, ...args, '--log-level', 'info', '--log-format', 'json'];
}

/** When it says so, every line is on the disk, and the story is not begun. */
export const RECORDED = 'recorded; writing the story';

export function stern(cluster: Cluster, program: string): Tool {
  return {
    name: 'stern',
    waitsForPods: true,
    endsItself: false,
    tally,
    async start({ namespace, output }) {
      const at = ['-n', namespace, '--kubeconfig', cluster.kubeconfig];
      const how = ['--output', 'raw', '--color', 'never', '--max-log-requests', '500'];
      return measured({ args: [program, '.', ...at, ...how], output });
    },
  };
}

export function kubectlLogs(cluster: Cluster): Tool {
  return {
    name: 'kubectl logs -f',
    waitsForPods: false,
    endsItself: false,
    tally,
    async start({ namespace, output }) {
      const at = ['-n', namespace, '--kubeconfig', cluster.kubeconfig];
      const how = ['logs', '-f', '-l', 'batch.kubernetes.io/job-name', '--tail=-1', '--max-log-requests=500'];
      return measured({ args: [cluster.kubectlPath, ...how, ...at], output });
    },
  };
}

/** A Markdown table's head, to be printed before its rows: each row is printed when it is there, for a load takes minutes. */
export function headOf(title: string): string {
  const head = [title, 'wall s', 'client CPU s', 'to the synced journal: wall s', 'CPU s', 'server CPU s', 'peak MiB'];
  const lines = ['lines expected', 'got', 'repeated', 'missing, stated', 'in silence', 'over-stated', 'complete'];
  const columns = [...head, ...lines];
  return lineOf(columns) + lineOf(columns.map(() => '---'));
}

export function rowOf(row: Row): string {
  const { tool, wallMs, cpuMs, mark, serverCpuMs, peakMiB } = row;
  const { expected, got, repeated, stated, silent, overStated = '', complete = '' } = row;
  const marked = mark === undefined ? ['', ''] : [seconds(mark.wallMs), seconds(mark.cpuMs)];
  const measures = [seconds(wallMs), seconds(cpuMs), ...marked, seconds(serverCpuMs), Math.round(peakMiB)];
  return lineOf([tool, ...measures, expected, got, repeated, stated, silent, overStated, String(complete)]);
}

function lineOf(cells: readonly (string | number)[]): string {
  return `| ${cells.join(' | ')} |\n`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(ms < 10_000 ? 2 : 1);
}
