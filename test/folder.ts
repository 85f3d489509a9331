import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where the tests of a whole run make their folders: the run takes them away, once it has looked through them. */
const OF_RUN = 'FARO_TEST_FOLDERS';
const NAME = /^faro-test-(\d+)-/;
let own: string | undefined;

/** A new folder, which is gone when the tests have ended; `title` begins its name. */
export function temporaryFolder(title: string): string {
  own ??= process.env[OF_RUN] ?? folderOfProcess();
  return mkdtempSync(join(own, `${title}-`));
}

/** From now on the folders of this process, and of those that it starts, are made in this one. */
export function keepFoldersIn(folder: string): void {
  mkdirSync(folder);
  process.env[OF_RUN] = folder;
}

/** A new folder, which this process takes away at its end; and what killed processes have left goes now. */
export function folderOfProcess(): string {
  for (const name of readdirSync(tmpdir())) {
    const owner = NAME.exec(name)?.[1];
    if (owner !== undefined && !isAlive(Number(owner))) remove(join(tmpdir(), name));
  }
  const folder = mkdtempSync(join(tmpdir(), `faro-test-${process.pid}-`));
  process.once('exit', () => remove(folder));
  return folder;
}

function isAlive(id: number): boolean {
  try {
    return process.kill(id, 0);
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

/** Disks that a killed test had mounted in it would stay, and hold it, for as long as the machine runs. */
function remove(folder: string): void {
  for (const mounted of mountedIn(folder)) execFileSync('umount', ['--lazy', mounted]);
  // A program that the tests have just ended may still write its last.
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
}

function mountedIn(folder: string): readonly string[] {
  const mounts = '/proc/self/mounts';
  if (!existsSync(mounts)) return [];
  const places = readFileSync(mounts, 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
  return places.filter((place) => place.startsWith(`${folder}/`)).reverse();
}
