import { CommanderError } from 'commander';
import { splitCommand } from './cli/ci/command.ts';
import { AROUND, exitCodeOfSignal } from './cli/ci/outcome.ts';
import { type CommandContext, systemClock } from './cli/context.ts';
import { describeError, EXIT, exitCodeOf } from './cli/exit.ts';
import { Interrupt } from './cli/interrupt.ts';
import { createProgram } from './cli/program.ts';
import { Terminal } from './cli/terminal.ts';

/** The command: the real world comes in here, and an exit code goes out. */
async function main(): Promise<number> {
  const first = new AbortController();
  const second = new AbortController();
  const interrupt = (signal: NodeJS.Signals) => (first.signal.aborted ? second : first).abort(new Interrupt(signal));
  let isHeeded = false;
  const onSignal = (signal: NodeJS.Signals) => {
    // What is temporary goes with the process; what it had come to is nothing that anyone waits for.
    if (!isHeeded) process.exit(exitCodeOfSignal(signal));
    interrupt(signal);
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  // A reader that goes away (`| head`) is told to whoever writes, by its own callback; unheard, it would end the process.
  process.stdout.on('error', () => undefined);
  // What faro says of itself is no part of the story: a recording outlives whoever listened (`2>&1 | head`, a lost terminal).
  process.stderr.on('error', () => undefined);
  const keyboard = process.stdin.isTTY === true ? process.stdin : undefined;
  const terminal = process.stderr.isTTY === true ? new Terminal(process.stderr, keyboard) : undefined;
  const { own, command } = splitCommand(process.argv);
  const context: CommandContext = {
    env: process.env,
    cwd: process.cwd(),
    clock: systemClock,
    random: Math.random,
    stdout: process.stdout,
    stderr: terminal === undefined ? process.stderr : { write: (text) => terminal.say(text), isTTY: true },
    terminal,
    interrupt,
    get interrupts() {
      isHeeded = true;
      return { first: first.signal, second: second.signal };
    },
    isInteractive: process.stdin.isTTY === true && process.stderr.isTTY === true,
    isOnTerminal: [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY === true),
    command,
  };
  // Nothing that is still under way is waited for, and what is temporary goes with the process.
  const leaveAtOnce = (left: number) => (second.signal.aborted ? process.exit(left) : left);
  let code: number = EXIT.done;
  try {
    const program = createProgram(context, (result) => {
      code = result;
    });
    await program.parseAsync(own);
  } catch (error) {
    return leaveAtOnce(codeOf(error, context));
  }
  return leaveAtOnce(code);
}

/** The exit code of what stopped the command; says it, unless commander has. */
function codeOf(error: unknown, { command, stderr }: CommandContext): number {
  const isAround = command !== undefined;
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.done;
    return isAround ? AROUND.faro : EXIT.usage;
  }
  if (error instanceof Interrupt) {
    stderr.write(`faro: ${error.message}: no story was written\n`);
    return exitCodeOfSignal(error.signal);
  }
  stderr.write(describeError(error));
  return isAround ? AROUND.faro : exitCodeOf(error);
}

/** What a command waits for will never come. Node would end in silence, as if all were well. */
function stuck(): void {
  process.stderr.write(
    describeError(new Error('nothing is left to wait for, and the command has not come to its end')),
  );
  process.exitCode = splitCommand(process.argv).command === undefined ? EXIT.story : AROUND.faro;
}

process.once('beforeExit', stuck);
// No await out here: a single executable runs this as CommonJS, which has none.
void main().then((code) => {
  process.off('beforeExit', stuck);
  process.exitCode = code;
});
