import { accessSync, constants, statSync } from 'node:fs';
import { posix, win32 } from 'node:path';

/** What the system is asked to start. */
export interface Invocation {
  readonly file: string;
  readonly args: readonly string[];
  /** Windows only: the arguments are one ready command line. */
  readonly verbatim: boolean;
}

/** Tells whether a path is a file that may be run. */
export type IsExecutable = (path: string) => boolean;

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false; // Missing, or not ours to run: the search goes on.
  }
}

/**
 * Finds a command as Go's exec.LookPath does: one with a separator is taken as it is, another looked for in PATH, whose
 * relative folders do not count (what lies in the current folder must not run by accident). Undefined: not found.
 */
export function findCommand(
  command: string,
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform = process.platform,
  runs: IsExecutable = isExecutable,
): string | undefined {
  const path = platform === 'win32' ? win32 : posix;
  const endings = platform === 'win32' ? ['', ...(env.PATHEXT || '.COM;.EXE;.BAT;.CMD').split(';')] : [''];
  const isPath = command.includes('/') || (platform === 'win32' && /[\\:]/.test(command));
  const folders = isPath ? [''] : (pathOf(env, platform) ?? '').split(path.delimiter).filter((f) => path.isAbsolute(f));
  return folders
    .flatMap((folder) => endings.map((ending) => (isPath ? command : path.join(folder, command)) + ending))
    .find(runs);
}

function pathOf(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string | undefined {
  const name = platform === 'win32' ? Object.keys(env).find((key) => key.toUpperCase() === 'PATH') : 'PATH';
  return env[name ?? 'PATH'];
}

/** How to start a found command: Windows starts .cmd and .bat files only through cmd.exe. */
export function invocationOf(
  file: string,
  args: readonly string[],
  platform: NodeJS.Platform = process.platform,
): Invocation {
  if (platform !== 'win32' || !/\.(?:cmd|bat)$/i.test(file)) return { file, args, verbatim: false };
  const line = [caretEscape(file), ...args.map((arg) => caretEscape(quote(arg)))].join(' ');
  return { file: 'cmd.exe', args: ['/d', '/s', '/c', `"${line}"`], verbatim: true };
}

/** Quotes one argument for a Windows program's own splitting: backslashes count double before a quote. */
function quote(arg: string): string {
  return `"${arg.replaceAll(/(\\*)"/g, '$1$1\\"').replace(/(\\*)$/, '$1$1')}"`;
}

function caretEscape(text: string): string {
  return text.replaceAll(/[()\][%!^"`<>&|;, *?]/g, '^$&');
}
