import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The folder for compiled code: the user's own for caches, and not Node's choice, which is the one for temporary files.
 * V8 runs what it finds there, and there somebody else may have put it. Undefined where the user has no home; Node goes by
 * `NODE_COMPILE_CACHE` first.
 *
 * @returns {string | undefined}
 */
export function codeFolder() {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  try {
    if (process.platform === 'win32') return LOCALAPPDATA && join(LOCALAPPDATA, 'faro', 'Cache');
    if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'faro');
    return join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'faro');
  } catch {
    return undefined; // a user whom the system does not know
  }
}
