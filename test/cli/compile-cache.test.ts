import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryFolder } from '../folder.ts';

test('compiled code lies where only its user can have put it, not among temporary files', () => {
  const folder = temporaryFolder('home');
  const temporary = join(folder, 'tmp');
  mkdirSync(temporary);
  const { NODE_COMPILE_CACHE: _, XDG_CACHE_HOME: _xdg, ...env } = process.env;
  execFileSync(process.execPath, [join(import.meta.dirname, '../../bin/faro.js'), '--version'], {
    env: { ...env, HOME: folder, TMPDIR: temporary },
  });
  assert.deepEqual(readdirSync(temporary), []);
  assert.ok(readdirSync(join(folder, '.cache/faro'), { recursive: true }).length > 10);
});

test('of a command that is killed while it runs the compiled code is kept for the next one', async () => {
  const folder = temporaryFolder('compiled');
  const cache = join(folder, 'cache');
  const faro = spawn(process.execPath, [join(import.meta.dirname, '../../bin/faro.js'), 'demo'], {
    ...{ cwd: folder, stdio: 'ignore' },
    env: { ...process.env, NODE_COMPILE_CACHE: cache },
  });
  const ended = once(faro, 'exit');
  const isKept = () => existsSync(cache) && readdirSync(cache, { recursive: true }).length > 100;
  const hasStory = () => existsSync(join(folder, 'story-demo.json'));
  while (faro.exitCode === null && !hasStory() && !isKept()) await sleep(50);
  const isAtEnd = hasStory() || faro.exitCode !== null;
  faro.kill('SIGKILL');
  await ended;
  rmSync(folder, { recursive: true });
  assert.ok(!isAtEnd, 'it is kept at its end only');
});
