import type { Goal } from '../../record/goal.ts';
import type { Recorded } from './around.ts';
import { describeOutcome, hasSucceeded, isUnstarted, type Ran } from './outcome.ts';

/** What a capture has come to, for those who read it in a pipeline: annotations, JUnit, the summary. */
export interface Conclusion extends Recorded {
  readonly targets: readonly string[];
  readonly goal: Goal | undefined;
  readonly command: (Ran & { readonly argv: readonly string[] }) | undefined;
  /** The file of the story. */
  readonly output: string;
  /** From the start of the recording to its end. */
  readonly seconds: number;
  /** What the story's verdict names first. */
  readonly firstCause: string | undefined;
}

export function hasFailed({ command, result }: Conclusion): boolean {
  return result.goal === 'failed' || (command !== undefined && !hasSucceeded(command.outcome));
}

/** What came of it, in one sentence without its cause. */
export function headlineOf(conclusion: Conclusion): string {
  const { command, result, goal } = conclusion;
  const targets = conclusion.targets.join(' ');
  if (command !== undefined && !hasSucceeded(command.outcome))
    return `${commandLine(command.argv)} ${describeOutcome(command.outcome)}`;
  switch (result.goal) {
    case 'met':
      return `${targets}: ${goal}`;
    case 'failed':
      return `${targets}: not ${goal}`;
    case 'none':
      return `${targets}: recorded (${result.ended})`;
  }
}

/**
 * Why, as far as it is known: the first cause of the story's verdict, else what decided the goal. A command that was never
 * started failed for no reason of the workload's.
 */
export function causeOf({ command, firstCause, result }: Conclusion): string | undefined {
  if (command !== undefined && isUnstarted(command.outcome)) return undefined;
  return firstCause ?? (result.reason === '' ? undefined : result.reason);
}

const SHOWN = 120;

/** A command as a person recognises it; never all of a long one. */
export function commandLine(argv: readonly string[]): string {
  const line = argv.join(' ');
  return line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line;
}
