import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Programs that tests drive, by Debian's names of the packages that bring them. */
const PACKAGES = { chromium: 'chromium', tmux: 'tmux' };

/**
 * Installs what tests drive (a browser, a terminal) where this machine lets it: as root on Debian. Otherwise says in a
 * line what is missing; the tests that need it are skipped, which CI does not allow.
 */
export function installTools(): void {
  const missing = Object.entries(PACKAGES).flatMap(([program, name]) => (isThere(program) ? [] : [name]));
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !isThere('apt-get')) {
    process.stdout.write(`install ${missing.join(' and ')} for the tests of the report and the terminal\n`);
    return;
  }
  process.stdout.write(`tests: installing ${missing.join(', ')}\n`);
  for (const args of [
    ['update', '-q'],
    ['install', '-y', '-q', '--no-install-recommends', ...missing],
  ]) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const { status, stderr } = spawnSync('apt-get', args, { env, encoding: 'utf8' });
    if (status !== 0) process.stdout.write(`apt-get ${args.join(' ')} failed: ${stderr.trim()}\n`);
  }
}

function isThere(program: string): boolean {
  if (program === 'chromium' && process.env.FARO_TEST_CHROMIUM !== undefined) return true;
  return (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, program)));
}
