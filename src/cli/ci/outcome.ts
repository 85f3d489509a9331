import { constants } from 'node:os';

/** How a command that faro ran came to its end. */
export type CommandOutcome =
  | { readonly type: 'exited'; readonly code: number }
  | { readonly type: 'killed'; readonly signal: NodeJS.Signals }
  /** It was never started; `message` is the system's. */
  | { readonly type: 'notFound' | 'notRunnable'; readonly message: string };

/** A command that faro ran. */
export interface Ran {
  readonly outcome: CommandOutcome;
  /** From its start to its end. */
  readonly seconds: number;
}

/** Exit codes of a capture around a command, as `timeout`, `env` and `docker run` give them. */
export const AROUND = {
  /** Faro itself failed. */
  faro: 125,
  notRunnable: 126,
  notFound: 127,
} as const;

/** What stands for a signal: 128 and its number. */
export function exitCodeOfSignal(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

export function exitCodeOfOutcome(outcome: CommandOutcome): number {
  switch (outcome.type) {
    case 'exited':
      return outcome.code;
    case 'killed':
      return exitCodeOfSignal(outcome.signal);
    case 'notFound':
    case 'notRunnable':
      return AROUND[outcome.type];
  }
}

/** `exited with code 3`; completes a sentence that begins with the command. */
export function describeOutcome(outcome: CommandOutcome): string {
  switch (outcome.type) {
    case 'exited':
      return `exited with code ${outcome.code}`;
    case 'killed':
      return `was killed by ${outcome.signal}`;
    case 'notFound':
      return 'was not found';
    case 'notRunnable':
      return `could not be run: ${outcome.message}`;
  }
}

/** One word for the story's `ended`. */
export function endedBy(outcome: CommandOutcome): string {
  switch (outcome.type) {
    case 'exited':
      return outcome.code === 0 ? 'command' : `command failed: ${outcome.code}`;
    case 'killed':
      return `command failed: ${outcome.signal}`;
    case 'notFound':
    case 'notRunnable':
      return 'command failed: not started';
  }
}

export function hasSucceeded(outcome: CommandOutcome): boolean {
  return outcome.type === 'exited' && outcome.code === 0;
}

export function isUnstarted({ type }: CommandOutcome): boolean {
  return type === 'notFound' || type === 'notRunnable';
}
