import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from './cluster/build.ts';
import { temporaryFolder } from './folder.ts';
import { helpCpuMs } from './start-up.ts';

test('npm run sea makes one file that records without anything beside it', { timeout: 300_000 }, async () => {
  const folder = temporaryFolder('sea');
  try {
    const faro = (await run(process.execPath, ['scripts/build-executable.ts', folder])).trim();
    const alone = { cwd: folder, env: { HOME: folder } };
    const ms = await helpCpuMs(faro, { ...alone, env: { ...alone.env, PATH: process.env.PATH } });
    assert.ok(ms < 300, `its help takes ${ms} ms of CPU`);
    await run(faro, ['demo', '-o', 'story.json'], alone);
    const story = JSON.parse(readFileSync(join(folder, 'story.json'), 'utf8')) as { kind: string; timeline: unknown[] };
    assert.equal(story.kind, 'Story');
    assert.ok(story.timeline.length > 100);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
