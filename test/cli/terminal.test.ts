import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { faro } from '../e2e/capture.ts';
import { temporaryFolder } from '../folder.ts';
import { onTerminal, skipped } from '../view/terminal/tmux.ts';

const options = { skip: skipped };
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
const ANY_COLOUR = /\u001b\[[0-9;]*m/;
const folder = temporaryFolder('tty');

function demo(name: string, env = ''): string {
  return `${env} ${process.execPath} src/main.ts demo -o ${join(folder, name)}.json`;
}

describe('the live view', { concurrency: true }, () => {
  test('shows the tree while a rollout crashes, follows sizes, and gives the terminal back', options, async () => {
    await using terminal = await onTerminal(demo('tree'), { columns: 110, rows: 40 });
    await terminal.shows(/recording deployments\/web {2}\d+s {2}\d+ objects {2}\d+ events {2}[1-9][\d,]* lines/);
    const rollout = await terminal.shows(/CrashLoopBackOff 0\/1/);
    assert.match(rollout, /^Deployment\/web +1 of 3 replicas are of the newest spec/m);
    assert.equal(rollout.match(/^ {2}ReplicaSet\/web-/gm)?.length, 2);
    assert.match(rollout, /^ {6}web +running {2}\d+ lines/m);
    await terminal.shows(/^[\d:.]+ +\* web-\S+\/web {2}terminated: exit code 3/m);
    await terminal.resize(60, 16);
    const small = await terminal.shows(/^.{0,60}space pauses/m);
    assert.ok(small.split('\n').every((line) => line.length <= 60));
    assert.equal(small.trimEnd().split('\n').length <= 16, true);
    assert.match(small, /^ {2}… \d+ more/m);
    assert.match(await terminal.painted(), ANY_COLOUR);
    await terminal.keys('C-c');
    const after = await terminal.shows(/ended with 0/);
    assert.doesNotMatch(after, /space pauses/);
    // Echo and line editing are back.
    await terminal.keys('typed');
    await terminal.shows(/typed/);
  });

  test('gives the terminal back when it is told to end from outside, or hung up on', options, async () => {
    for (const signal of ['TERM', 'HUP']) {
      const pidFile = join(folder, `${signal}.pid`);
      const command = `(echo $BASHPID > ${pidFile}; exec ${demo(signal)})`;
      await using terminal = await onTerminal(`bash -c '${command}'`);
      await terminal.shows(/recording deployments\/web/);
      process.kill(Number(readFileSync(pidFile, 'utf8')), `SIG${signal}`);
      const after = await terminal.shows(/ended with \d+/);
      assert.doesNotMatch(after, /space pauses/);
      await terminal.keys('typed');
      await terminal.shows(/typed/);
    }
  });

  test('is paused, filtered and ended by keys', options, async () => {
    await using terminal = await onTerminal(demo('keys'), { columns: 110, rows: 40 });
    await terminal.shows(/GET \/cart/);
    await terminal.keys('Space');
    await terminal.shows(/PAUSED[\s\S]*space goes on/);
    await terminal.keys('Space', '/', 'c', 'a', 'r', 't', 'Enter');
    const filtered = await terminal.shows(/only "cart"/);
    const tail = filtered
      .slice(filtered.indexOf('only "cart"'))
      .split('\n')
      .slice(1)
      .filter((line) => line !== '');
    assert.ok(
      tail.every((line) => line.includes('cart')),
      filtered,
    );
    await terminal.keys('Escape');
    await terminal.shows(/^── space pauses/m);
    await terminal.keys('q');
    await terminal.shows(/ending deployments\/web|ended with 0/);
    await terminal.shows(/keys\.json: \d+ objects[\s\S]*ended with 0/);
  });

  test('works without colour, and as plain lines on a terminal that can only print', options, async () => {
    await using plain = await onTerminal(demo('plain', 'NO_COLOR=1'), { columns: 100, rows: 24 });
    await using dumb = await onTerminal(demo('dumb', 'TERM=dumb'), { columns: 160, rows: 50 });
    await plain.shows(/recording deployments\/web[\s\S]*GET \//);
    assert.doesNotMatch(await plain.painted(), ANY_COLOUR);
    const lines = await dumb.shows(/^[\d:.]+ \* Deployment\/web {2}rollout begun/m);
    assert.doesNotMatch(lines, /space pauses/);
    assert.doesNotMatch(await dumb.painted(), ANY_COLOUR);
    for (const terminal of [plain, dumb]) await terminal.keys('C-c');
    for (const terminal of [plain, dumb]) await terminal.shows(/ended with 0/);
  });

  test('is a line for each change where there is no terminal, and nothing with --progress none', options, async () => {
    const lined = faro(['demo', '-o', join(folder, 'lines.json'), '--progress', 'plain']);
    const silent = faro(['demo', '-o', join(folder, 'none.json'), '--progress', 'none']);
    await lined.said('rollout begun');
    lined.interrupt();
    silent.interrupt();
    const { stderr, stdout } = await lined.exit;
    assert.equal(stdout, '');
    assert.ok(!stderr.includes('\u001b'));
    assert.match(stderr, /^\d\d:\d\d:\d\d\.\d{3} E ReplicaSet\/web-\S+ {2}SuccessfulCreate: Created pod/m);
    assert.doesNotMatch((await silent.exit).stderr, /rollout begun|SuccessfulCreate/);
  });
});
