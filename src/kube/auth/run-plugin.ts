import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../../model/time.ts';
import { type Invocation, invocationOf } from './command.ts';

/** Credentials are small; whoever prints more has lost its way. */
const MAX_STDOUT_BYTES = 4 * 1024 * 1024;

/** How long a plugin that is asked to end may take before it is killed. */
const GRACE_MS = 2_000;

export interface PluginProcess {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Whether it gets Faro's standard input. */
  readonly interactive: boolean;
  /** Where its standard error goes; undefined: to Faro's own. */
  readonly stderr: Writable | undefined;
  readonly clock: Clock;
}

/** How a plugin ended: with an exit code, by a signal, or it never began (`failed`: the system's error code). */
export type PluginEnd =
  | { readonly exitCode: number; readonly stdout: Buffer }
  | { readonly killedBy: string }
  | { readonly tooMuch: true }
  | { readonly failed: string };

/** Runs a plugin to its end; when the signal aborts, stops it, waits until it is gone and throws the signal's reason. */
export async function runPlugin(plugin: PluginProcess, signal: AbortSignal): Promise<PluginEnd> {
  const child = start(plugin, invocationOf(plugin.file, plugin.args));
  const stop = (): void => void end(child, plugin.clock);
  signal.addEventListener('abort', stop, { once: true });
  try {
    const result = await outcome(child, plugin.stderr);
    signal.throwIfAborted();
    return result;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function start(plugin: PluginProcess, { file, args, verbatim }: Invocation): ChildProcess {
  return spawn(file, args, {
    env: plugin.env,
    stdio: [plugin.interactive ? 'inherit' : 'ignore', 'pipe', plugin.stderr === undefined ? 'inherit' : 'pipe'],
    windowsHide: true,
    windowsVerbatimArguments: verbatim,
  });
}

async function outcome(child: ChildProcess, stderr: Writable | undefined): Promise<PluginEnd> {
  if (stderr !== undefined) child.stderr?.pipe(stderr, { end: false });
  try {
    const printing = child.stdout === null ? Buffer.alloc(0) : collect(child.stdout, child);
    const [[code, killedBy], stdout] = await Promise.all([once(child, 'close'), printing]);
    if (stdout === undefined) return { tooMuch: true };
    return typeof code === 'number' ? { exitCode: code, stdout } : { killedBy: String(killedBy) };
  } catch (error) {
    // The system's error repeats the arguments, which may hold a secret: only its code goes on.
    return { failed: error instanceof Error && 'code' in error ? String(error.code) : 'unknown' };
  }
}

async function collect(stdout: Readable, child: ChildProcess): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdout) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_STDOUT_BYTES) {
      child.kill('SIGKILL');
      return undefined;
    }
  }
  return Buffer.concat(chunks);
}

/** Asks a plugin to end and kills it where it does not; what it started itself may hold its output open. */
async function end(child: ChildProcess, clock: Clock): Promise<void> {
  child.kill('SIGTERM');
  const gone = new AbortController();
  child.once('exit', () => gone.abort());
  if (child.exitCode !== null || child.signalCode !== null) gone.abort();
  await clock.sleep(GRACE_MS, gone.signal).then(
    () => child.kill('SIGKILL'),
    () => false, // It has ended by itself.
  );
  child.stdout?.destroy();
  child.stderr?.destroy();
}
