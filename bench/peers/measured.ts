import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import type { Cluster } from '../../test/cluster/cluster.ts';

/** What a command took, as a whole process. */
export interface Measured {
  readonly wallMs: number;
  /** User and system time. */
  readonly cpuMs: number;
  readonly peakMiB: number;
  /** Time, and CPU until then, at which standard error first held the mark. */
  readonly mark: { readonly wallMs: number; readonly cpuMs: number } | undefined;
}

export interface MeasuredCommand {
  readonly args: readonly [string, ...string[]];
  /** Its standard output goes there. */
  readonly output: string;
  readonly mark?: string;
  readonly cwd?: string;
}

/** A command under way. */
export interface Running {
  /** Of the command itself, while it runs. */
  readonly pid: number | undefined;
  readonly done: Promise<Measured>;
  /** Resolves when standard error holds a text. */
  said(text: string): Promise<void>;
  /** Ends it as Ctrl-C does, if it has not ended by itself. */
  interrupt(): void;
}

const SAMPLE_MS = 50;
const TICKS_PER_SECOND = 100;

/** Runs a command and samples its CPU and memory from /proc; the last sample before its end counts. */
export function measured({ args: [program, ...args], output, mark, cwd }: MeasuredCommand): Running {
  const out = openSync(output, 'w');
  const startedAt = performance.now();
  // bash's own `time` says what the kernel charged for the whole process, also after its end.
  const timed = 'TIMEFORMAT="measured-cpu %U %S"; time "$0" "$@"';
  const shell = spawn('bash', ['-c', timed, program, ...args], {
    stdio: ['ignore', out, 'pipe'],
    ...(cwd ? { cwd } : {}),
  });
  closeSync(out);
  let errors = '';
  let peakMiB = 0;
  let marked: Measured['mark'];
  const waiting: { text: string; resolve: () => void; reject: (error: Error) => void }[] = [];
  shell.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk;
    if (mark !== undefined && marked === undefined && errors.includes(mark))
      marked = { wallMs: performance.now() - startedAt, cpuMs: cpuMsOf(childOf(shell.pid)) };
    for (const { text, resolve } of waiting) if (errors.includes(text)) resolve();
  });
  const sampler = setInterval(() => {
    peakMiB = Math.max(peakMiB, peakMiBOf(childOf(shell.pid)));
  }, SAMPLE_MS);
  const { promise: done, resolve, reject } = Promise.withResolvers<Measured>();
  shell.on('close', (code) => {
    clearInterval(sampler);
    const [, user, system] = /measured-cpu ([\d.]+) ([\d.]+)/.exec(errors) ?? [];
    for (const { text, reject: fail } of waiting)
      fail(new Error(`${program} ended without saying "${text}": ${errors}`));
    if (user === undefined) reject(new Error(`${program} ended with ${code}: ${errors}`));
    const cpuMs = (Number(user) + Number(system)) * 1000;
    resolve({ wallMs: performance.now() - startedAt, cpuMs, peakMiB, mark: marked });
  });
  return {
    done,
    get pid() {
      return childOf(shell.pid);
    },
    said: (text) =>
      new Promise((heard, failed) => {
        if (errors.includes(text)) return heard();
        waiting.push({ text, resolve: heard, reject: failed });
      }),
    interrupt() {
      const child = childOf(shell.pid);
      if (child !== undefined) process.kill(child, 'SIGINT');
    },
  };
}

/** The shell's only child: the command itself. Never 0, which as a process to be signalled means this one and its group. */
function childOf(shell = 0): number | undefined {
  const pid = Number(readProc(`/proc/${shell}/task/${shell}/children`).trim().split(' ')[0]);
  return pid > 0 ? pid : undefined;
}

function peakMiBOf(pid: number | undefined): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readProc(`/proc/${pid}/status`))?.[1] ?? 0) / 1024;
}

/** What a process holds in memory now; 0 if it has ended. */
export function residentMiBOf(pid: number | undefined): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readProc(`/proc/${pid}/status`))?.[1] ?? 0) / 1024;
}

/** User and system time of a process so far, in milliseconds. */
function cpuMsOf(pid: number | undefined): number {
  const stat = readProc(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * 1000) / TICKS_PER_SECOND;
}

/** CPU that kubelet and API server have taken so far, in milliseconds. */
export function serverCpuMs(cluster: Cluster): number {
  return (['kubelet', 'kube-apiserver'] as const).reduce((sum, name) => sum + cpuMsOf(cluster.pid(name)), 0);
}

function readProc(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return ''; // the process has ended
  }
}
