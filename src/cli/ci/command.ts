import { type ChildProcess, spawn } from 'node:child_process';
import { messageOf } from '../../model/errors.ts';
import type { CommandContext } from '../context.ts';
import type { CommandOutcome } from './outcome.ts';

/** What stands before and after the first `--` of a capture, the only command of faro's that is made around another. */
export function splitCommand(args: readonly string[]): {
  readonly own: readonly string[];
  readonly command: readonly string[] | undefined;
} {
  const at = args.indexOf('--');
  return at === -1 || args[CAPTURE_AT] !== 'capture'
    ? { own: args, command: undefined }
    : { own: args.slice(0, at), command: args.slice(at + 1) };
}

/** Where a command runs. */
export type CommandWorld = Pick<CommandContext, 'cwd' | 'env' | 'interrupts' | 'isOnTerminal'>;

/** After node's own path and the script's. */
const CAPTURE_AT = 2;

/** A terminal sends these to every process in front of it, so that the command hears them without faro. */
const FROM_TERMINALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGHUP'];
const PASSED_ON: readonly NodeJS.Signals[] = [...FROM_TERMINALS, 'SIGTERM'];

/**
 * Runs a command with faro's own input, output and environment, and passes signals on to it. Faro waits for its end
 * whatever happens: the command does the user's work, and faro never stands in its way. Only a second interrupt kills it.
 */
export function runCommand(command: readonly string[], context: CommandWorld): Promise<CommandOutcome> {
  const [program = '', ...args] = command;
  const { cwd, env, interrupts } = context;
  const { promise, resolve } = Promise.withResolvers<CommandOutcome>();
  let child: ChildProcess;
  try {
    child = spawn(program, args, { cwd, env, stdio: 'inherit' });
  } catch (error) {
    return Promise.resolve(notStarted(error)); // what cannot be an argument at all, e.g. a NUL
  }
  const passOn = (signal: NodeJS.Signals) => void child.kill(signal);
  const passed = context.isOnTerminal ? PASSED_ON.filter((signal) => !FROM_TERMINALS.includes(signal)) : PASSED_ON;
  // Listened to even where the terminal tells the command itself: without a listener the signal would end faro.
  const ignore = () => undefined;
  const kill = () => void child.kill('SIGKILL');
  for (const signal of PASSED_ON) process.on(signal, passed.includes(signal) ? passOn : ignore);
  interrupts.second.addEventListener('abort', kill, { once: true });
  child.on('error', (error) => {
    if (child.pid === undefined) resolve(notStarted(error)); // else a signal could not be sent: it has ended
  });
  child.on('exit', (code, signal) => {
    if (signal !== null) resolve({ type: 'killed', signal });
    else resolve({ type: 'exited', code: code ?? 0 });
  });
  return promise.finally(() => {
    for (const signal of PASSED_ON) process.off(signal, passOn).off(signal, ignore);
    interrupts.second.removeEventListener('abort', kill);
  });
}

function notStarted(error: unknown): CommandOutcome {
  const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
  return { type: isMissing ? 'notFound' : 'notRunnable', message: messageOf(error) };
}
