import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { noDisks } from './cli/small-disk.ts';
import { temporaryFolder } from './folder.ts';

/** A process that makes a folder in `place`, and lives for as long as its standard input is open. */
async function maker(place: string): Promise<{ folder: string; end: (signal?: NodeJS.Signals) => Promise<void> }> {
  const env: NodeJS.ProcessEnv = { ...process.env, TMPDIR: place };
  delete env.FARO_TEST_FOLDERS;
  const script = `import { temporaryFolder } from ${JSON.stringify(join(import.meta.dirname, 'folder.ts'))};
    process.stdin.resume();
    console.log(temporaryFolder('made'));`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { env });
  child.stderr.pipe(process.stderr);
  const [folder] = await once(child.stdout.setEncoding('utf8'), 'data');
  const end = async (signal?: NodeJS.Signals) => {
    if (signal === undefined) child.stdin.end();
    else child.kill(signal);
    await once(child, 'close');
  };
  return { folder: String(folder).trim(), end };
}

test('a folder is gone when its process has ended, and no other one', async () => {
  const place = temporaryFolder('folders');
  const [first, second] = [await maker(place), await maker(place)];
  assert.ok(existsSync(first.folder) && existsSync(second.folder));
  await first.end();
  assert.deepEqual([existsSync(first.folder), existsSync(second.folder)], [false, true]);
  await second.end();
  assert.deepEqual(readdirSync(place), []);
});

test('what a killed process left, disks too, goes when the next one begins', { skip: noDisks }, async () => {
  const place = temporaryFolder('folders');
  const killed = await maker(place);
  const disk = join(killed.folder, 'disk');
  mkdirSync(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
  await killed.end('SIGKILL');
  assert.ok(existsSync(disk));
  const next = await maker(place);
  assert.equal(existsSync(killed.folder), false);
  await next.end();
  assert.deepEqual(readdirSync(place), []);
});
