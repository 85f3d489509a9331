import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process that was started, told apart from a later one of the same number by its start time. */
interface Started {
  readonly pid: number;
  readonly startTime: string;
}

/** Starts a component in the background; its output goes to a log file, its identity to a pid file. */
export function start(
  folder: string,
  name: string,
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): void {
  const log = openSync(join(folder, 'log', `${name}.log`), 'a');
  const child = spawn(command, args, { cwd: folder, env, detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  if (child.pid === undefined) throw new Error(`${command} could not be started`);
  child.unref();
  writeFileSync(
    pidFile(folder, name),
    JSON.stringify({ pid: child.pid, startTime: startTimeOf(child.pid) } satisfies Started),
  );
}

/** The number of a component's process, if it runs. */
export function pidOf(folder: string, name: string): number | undefined {
  if (!existsSync(pidFile(folder, name))) return undefined;
  const { pid, startTime } = JSON.parse(readFileSync(pidFile(folder, name), 'utf8')) as Started;
  return startTime !== '' && startTimeOf(pid) === startTime ? pid : undefined;
}

/** Ends a component, gently at first, and waits until it is gone. */
export async function stop(folder: string, name: string): Promise<void> {
  const pid = pidOf(folder, name);
  if (pid !== undefined) await end(pid);
  rmSync(pidFile(folder, name), { force: true });
}

/** containerd's shims outlive it by design: those whose arguments name this folder are this cluster's. */
export async function stopShims(folder: string): Promise<void> {
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const args = readProc(entry, 'cmdline').split('\0');
    if (args[0]?.endsWith('containerd-shim-runc-v2') === true && args.some((arg) => arg.startsWith(`${folder}/`)))
      await killTree(Number(entry));
  }
}

/** A shim's children are containers; killed with it, because nothing is left to end them. */
async function killTree(pid: number): Promise<void> {
  const children = readProc(String(pid), `task/${pid}/children`).split(' ').filter(Boolean);
  for (const child of children) await killTree(Number(child));
  signal(pid, 'SIGKILL');
}

async function end(pid: number): Promise<void> {
  signal(pid, 'SIGTERM');
  for (let tries = 0; startTimeOf(pid) !== ''; tries += 1) {
    if (tries === 100) signal(pid, 'SIGKILL');
    await sleep(100);
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** Field 22 of /proc/PID/stat; empty where there is no such process, or only its zombie. */
function startTimeOf(pid: number): string {
  const stat = readProc(String(pid), 'stat');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? '' : (fields[19] ?? '');
}

function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return ''; // it has ended
  }
}

function pidFile(folder: string, name: string): string {
  return join(folder, `${name}.pid`);
}
