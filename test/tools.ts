import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Programs that tests drive, by Debian's names of the packages that bring them. */
const PACKAGES = {
  chromium: 'chromium',
  tmux: 'tmux',
  jq: 'jq',
  zstd: 'zstd',
  python3: 'python3',
  'mkfs.ext4': 'e2fsprogs',
};

/**
 * Installs what tests drive (a browser, a terminal) where this machine lets it: as root on Debian. Otherwise says in a
 * line what is missing; the tests that need it are skipped, which CI does not allow.
 */
export function installTools(): void {
  const missing = Object.entries(PACKAGES).flatMap(([program, name]) => (isThere(program) ? [] : [name]));
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !isThere('apt-get')) {
    process.stdout.write(`install ${missing.join(' and ')} for the tests that drive them\n`);
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

/** Why a test that drives these programs is skipped; false where they are there, and in CI, where nothing is. */
export function lacks(...programs: readonly string[]): string | false {
  const missing = programs.filter((program) => !isThere(program));
  return missing.length > 0 && process.env.CI !== 'true' && `${missing.join(', ')}: not installed`;
}

function isThere(program: string): boolean {
  if (program === 'chromium' && process.env.FARO_TEST_CHROMIUM !== undefined) return true;
  return (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, program)));
}
