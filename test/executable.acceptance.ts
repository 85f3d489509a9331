import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from './cluster/build.ts';

test('npm run sea makes one file that records without anything beside it', { timeout: 300_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'faro-sea-'));
  try {
    const faro = (await run(process.execPath, ['scripts/build-executable.ts', folder])).trim();
    const alone = { cwd: folder, env: { HOME: folder } };
    const times: number[] = [];
    for (let n = 0; n < 10; n += 1) {
      const startedAt = performance.now();
      assert.match(await run(faro, ['--help'], alone), /^Usage: faro/);
      times.push(performance.now() - startedAt);
    }
    assert.ok(Math.min(...times) < 300, `${times.map(Math.round)} ms`);
    await run(faro, ['demo', '-o', 'story.json'], alone);
    const story = JSON.parse(readFileSync(join(folder, 'story.json'), 'utf8')) as { kind: string; timeline: unknown[] };
    assert.equal(story.kind, 'Story');
    assert.ok(story.timeline.length > 100);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
