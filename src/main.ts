import { CommanderError } from 'commander';
import { type CommandContext, systemClock } from './cli/context.ts';
import { describeError, EXIT, exitCodeOf } from './cli/exit.ts';
import { createProgram } from './cli/program.ts';

/** The command: the real world comes in here, and an exit code goes out. */
async function main(): Promise<number> {
  const first = new AbortController();
  const second = new AbortController();
  const interrupt = () => (first.signal.aborted ? second : first).abort();
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
  };
  let code: number = EXIT.done;
  try {
    const program = createProgram(context, (result) => {
      code = result;
    });
    await program.parseAsync(process.argv);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (first.signal.aborted && error === first.signal.reason) return EXIT.done;
    process.stderr.write(describeError(error));
    return exitCodeOf(error);
  }
  return code;
}

process.exitCode = await main();
