import { type ErrorCode, FaroError } from '../model/errors.ts';
import { safeLine } from './ci/platform.ts';

/** What the command's exit code means; documented in docs/cli.md. */
export const EXIT = {
  done: 0,
  /** `--until` failed or timed out; the story is written. */
  goalFailed: 1,
  /** `faro verify` found that a story is cut, damaged, or contradicts itself. */
  refuted: 1,
  usage: 2,
  /** The cluster could not be reached, or refused access. */
  cluster: 3,
  /** The story could not be written. */
  story: 4,
} as const;

/** One of `EXIT`, or around a command that command's own, or one of `AROUND`. */
export type ExitCode = number;

const BY_CODE: Readonly<Record<ErrorCode, ExitCode>> = {
  usage: EXIT.usage,
  kubeconfig: EXIT.usage,
  'unknown-type': EXIT.usage,
  'ambiguous-type': EXIT.usage,
  'not-found': EXIT.usage,
  unreachable: EXIT.cluster,
  unauthorized: EXIT.cluster,
  forbidden: EXIT.cluster,
  expired: EXIT.cluster,
  protocol: EXIT.cluster,
  api: EXIT.cluster,
  output: EXIT.story,
  journal: EXIT.story,
  story: EXIT.story,
  'no-story': EXIT.story,
};

export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof FaroError ? BY_CODE[error.code] : EXIT.story;
}

/** One line for what happened, one for the way out; a stack only for what can only be a bug. */
export function describeError(error: unknown): string {
  if (error instanceof FaroError)
    return `faro: ${lines(error.message)}\n${error.hint === undefined ? '' : `  ${lines(error.hint)}\n`}`;
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `faro: this is a bug in faro, please report it:\n${stack}\n`;
}

/** Messages hold what servers and kubeconfigs say. */
function lines(text: string): string {
  return text.split('\n').map(safeLine).join('\n');
}
