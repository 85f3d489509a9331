import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../cluster/build.ts';

const tmux = ['/usr/bin/tmux', '/usr/local/bin/tmux'].find((path) => existsSync(path));
const skip = tmux === undefined && process.env.CI !== 'true' ? 'tmux is not installed' : false;

test('on a terminal one line says what is recorded, and Ctrl-C ends it with the story', {
  skip,
  timeout: 60_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'faro-tty-'));
  const name = `faro-${randomUUID()}`;
  const screen = () => run('tmux', ['capture-pane', '-p', '-t', name]);
  const shows = async (pattern: RegExp) => {
    for (let tries = 0; tries < 300; tries += 1) {
      const text = await screen();
      if (pattern.test(text)) return text;
      await sleep(50); // a screen cannot be waited for otherwise
    }
    throw new Error(`the terminal never showed ${pattern}:\n${await screen()}`);
  };
  const command = `${process.execPath} src/main.ts demo -o ${join(folder, 'story.json')}; echo ended with $?`;
  await run('tmux', ['new-session', '-d', '-s', name, '-x', '100', '-y', '30', command.replace(/$/, '; sleep 30')]);
  try {
    const text = await shows(/recording deployments\/web {2}\d+s {2}\d+ objects {2}\d+ events {2}[1-9]\d* lines/);
    assert.ok(text.split('\n').filter((line) => line.includes('recording deployments')).length === 1);
    await run('tmux', ['send-keys', '-t', name, 'C-c']);
    const after = await shows(/ended with 0/);
    assert.doesNotMatch(after, /recording deployments/);
    assert.match(after, /story\.json: \d+ objects/);
  } finally {
    await run('tmux', ['kill-session', '-t', name]);
  }
});
