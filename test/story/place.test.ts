import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkPlace } from '../../src/story/place.ts';
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
