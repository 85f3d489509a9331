import { spawn } from 'node:child_process';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { CommandContext } from './context.ts';

/** Less shows colours, ends at once where all fits, and leaves what it showed; as git starts it. */
const LESS = 'FRX';
const DEFAULT_PAGER = 'less';

/** Where text goes that a person may want to read page by page. */
export type Output = Pick<CommandContext, 'env' | 'stdout' | 'interrupts'>;

/**
 * Writes text to standard output, on a terminal through `$PAGER` (less by default; an empty one or `cat` for none). Who
 * stops reading ends the writing.
 */
export async function page(text: AsyncIterable<string>, context: Output, wantsPager: boolean): Promise<void> {
  const { env, stdout } = context;
  const command = env.PAGER ?? DEFAULT_PAGER;
  const isPaged = wantsPager && stdout.isTTY === true && command !== '' && command !== 'cat';
  if (!isPaged || !(await tryPager(text, command, context))) await copy(text, stdout, { end: false });
}

/** False where the pager is not there, and nothing was read of the text. */
async function tryPager(text: AsyncIterable<string>, command: string, context: Output): Promise<boolean> {
  if (command === DEFAULT_PAGER && !(await isThere(command))) return false;
  void context.interrupts; // from now on Ctrl-C is the pager's: it has the terminal until it is left
  // As git does it: the variable holds a command line, not only a program's name.
  const child = spawn('sh', ['-c', command], { env: { LESS, ...context.env }, stdio: ['pipe', 'inherit', 'inherit'] });
  const closed = new Promise<void>((resolve) => child.on('close', () => resolve()));
  await copy(text, child.stdin, { end: true });
  await closed;
  return true;
}

function isThere(program: string): Promise<boolean> {
  const child = spawn('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
  return new Promise((resolve) => child.on('close', (code) => resolve(code === 0)));
}

/** A reader that has gone away, as `head` or a pager that was left, is no error. */
async function copy(text: AsyncIterable<string>, to: Writable, options: { readonly end: boolean }): Promise<void> {
  try {
    await pipeline(Readable.from(text), to, options);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'EPIPE' && code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}
