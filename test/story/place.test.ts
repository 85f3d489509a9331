import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkPlace, placeFile } from '../../src/story/place.ts';
import { temporaryFolder } from '../folder.ts';

const folder = temporaryFolder('place');

test('a device, or a pipe, is not replaced by a file, not even by force', async () => {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  for (const force of [false, true])
    await assert.rejects(checkPlace(pipe, { force }), { code: 'output', message: /is no regular file/ });
  assert.ok(statSync(pipe).isFIFO());
});

test('a file is overwritten by force alone, a folder never', async () => {
  const file = join(folder, 'story.json');
  await checkPlace(file, { force: false });
  writeFileSync(file, '');
  await assert.rejects(checkPlace(file, { force: false }), /exists already/);
  await checkPlace(file, { force: true });
  await assert.rejects(checkPlace(folder, { force: true }), /is a folder/);
});

test('a large file goes to the disk while it is written, and is not put in place where that failed', async (t) => {
  const large = join(folder, 'large.json');
  writeFileSync(large, 'before');
  await using some = await open(large, 'r');
  const { mock } = t.mock.method(Object.getPrototypeOf(some) as typeof some, 'datasync', () =>
    Promise.reject(Object.assign(new Error('EIO: i/o error'), { code: 'EIO' })),
  );
  const placed = placeFile(large, 'name another file', async (write) => {
    await write(Buffer.alloc(64 * 1024 * 1024));
    assert.equal(mock.callCount(), 1);
    await write(Buffer.from('the rest'));
  });
  await assert.rejects(placed, { code: 'output', message: /large.json could not be written: EIO/ });
  assert.equal(statSync(large).size, 'before'.length);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith('.tmp')),
    [],
  );
});
