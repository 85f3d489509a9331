import { type ErrorCode, FaroError } from '../model/errors.ts';

/** What the command's exit code means; documented in docs/cli.md. */
export const EXIT = {
  done: 0,
  /** `--until` failed or timed out; the story is written. */
  goalFailed: 1,
  usage: 2,
  /** The cluster could not be reached, or refused access. */
  cluster: 3,
  /** The story could not be written. */
  story: 4,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

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
};

export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof FaroError ? BY_CODE[error.code] : EXIT.story;
}

/** One line for what happened, one for the way out; a stack only for what can only be a bug. */
export function describeError(error: unknown): string {
  if (error instanceof FaroError)
    return `faro: ${error.message}\n${error.hint === undefined ? '' : `  ${error.hint}\n`}`;
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `faro: this is a bug in faro, please report it:\n${stack}\n`;
}
