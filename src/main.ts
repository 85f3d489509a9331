import { CommanderError } from 'commander';
import { splitCommand } from './cli/ci/command.ts';
import { AROUND } from './cli/ci/outcome.ts';
import { type CommandContext, systemClock } from './cli/context.ts';
import { describeError, EXIT, exitCodeOf } from './cli/exit.ts';
import { Interrupt } from './cli/interrupt.ts';
import { createProgram } from './cli/program.ts';

/** The command: the real world comes in here, and an exit code goes out. */
async function main(): Promise<number> {
  const first = new AbortController();
  const second = new AbortController();
  const interrupt = (signal: NodeJS.Signals) => (first.signal.aborted ? second : first).abort(new Interrupt(signal));
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  const context: CommandContext = {
    env: process.env,
    cwd: process.cwd(),
    clock: systemClock,
    random: Math.random,
    stdout: process.stdout,
    stderr: process.stderr,
    interrupts: { first: first.signal, second: second.signal },
    isInteractive: process.stdin.isTTY === true && process.stderr.isTTY === true,
    isOnTerminal: [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY === true),
  };
  const { own, command } = splitCommand(process.argv);
  let code: number = EXIT.done;
  try {
    const done = (result: number) => {
      code = result;
    };
    const program = createProgram(context, { command, done });
    await program.parseAsync(own);
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done;
    if (command !== undefined) {
      if (!(error instanceof CommanderError)) process.stderr.write(describeError(error));
      return AROUND.faro;
    }
    if (error instanceof CommanderError) return EXIT.usage;
    if (first.signal.aborted && error === first.signal.reason) return EXIT.done;
    process.stderr.write(describeError(error));
    return exitCodeOf(error);
  }
  return code;
}

process.exitCode = await main();
