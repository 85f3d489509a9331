/** What stopped, in a word to branch on. The command maps codes to exit codes; nothing branches on messages. */
export type ErrorCode =
  | 'usage'
  | 'kubeconfig'
  | 'unreachable'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'unknown-type'
  | 'ambiguous-type'
  | 'expired'
  | 'protocol'
  | 'api'
  | 'output'
  | 'journal'
  | 'story'
  /** A file that is not there, or is none of ours. */
  | 'no-story';

/**
 * An error that an operator can act on: `message` names the thing and the place, `hint` the way out.
 * Neither ever holds a secret.
 */
export class FaroError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'FaroError';
    this.code = code;
    this.hint = options.hint;
  }
}

/** The text of anything thrown, for messages that wrap it. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Makes the compiler prove that every variant of a union was handled. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}

/** The system's code of an error, e.g. `ENOENT`; undefined where it has none. */
export function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** What was thrown, as an Error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
