import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { JournalReader } from '../../src/journal/reader.ts';
import type { Story } from '../../src/story/document.ts';
import { faro } from '../e2e/capture.ts';
import { checkStory } from '../e2e/checker.ts';
import { temporaryFolder } from '../folder.ts';

const folder = temporaryFolder('demo');

function read(file: string): Story {
  return JSON.parse(readFileSync(file, 'utf8')) as Story;
}

test('the demo records a rollout that crashes, is rolled back and recovers, completely', async () => {
  const output = join(folder, 'story.json');
  const { code, stderr } = await faro(['demo', '-o', output], { npm_command: 'run' }).exit;
  assert.equal(code, 0, stderr);
  const story = read(output);
  checkStory(story);
  assert.equal(story.metadata.complete, true, story.metadata.incomplete.join('; '));
  const crashes = story.containers.filter(({ exitCode }) => exitCode === 3);
  assert.ok(crashes.length >= 2);
  for (const [index, { exitCode }] of story.containers.entries()) {
    if (exitCode !== 3) continue;
    const lines = story.timeline.flatMap((entry) =>
      entry.type === 'log' && entry.container === index ? [entry.line] : [],
    );
    assert.equal(lines.at(-1), 'fatal: cannot reach db');
  }
  const phases = story.timeline.flatMap((entry) =>
    entry.type === 'lifecycle' && entry.what === 'phase' ? [`${String(entry.from)} to ${String(entry.to)}`] : [],
  );
  // As a real kubelet tells it: a pod that crashes runs.
  assert.ok(phases.includes('Pending to Running') && !phases.includes('Running to Pending'), phases.join());
  const whats = story.timeline.flatMap((entry) =>
    entry.type === 'lifecycle' && entry.object === 0 ? [entry.what] : [],
  );
  assert.equal(whats.filter((what) => what === 'rolloutBegun').length, 2);
  assert.ok(whats.lastIndexOf('rolloutFinished') > whats.lastIndexOf('rolloutBegun'));
  assert.ok(!JSON.stringify(story).includes('correct horse'));
  assert.ok(!existsSync(`${output}.journal`));
  assert.match(stderr, /jq/);
  assert.match(stderr, /npx faro explain/, 'as npm has run it');
  assert.match(readFileSync(join(folder, 'story.html'), 'utf8'), /^<!doctype html>[\s\S]*Content-Security-Policy/);
});

/** Whether something worth killing for is in a journal that is being written. */
async function hasLogLines(journal: string): Promise<boolean> {
  if (!existsSync(join(journal, '000001.faroj'))) return false;
  await using reader = await JournalReader.open(journal);
  for await (const { record } of reader.records()) if (record.kind === 'log') return true;
  return false;
}

test('a recording that was killed leaves a journal, of which recover makes a story', async () => {
  const output = join(folder, 'killed.json');
  const child = spawn(process.execPath, ['src/main.ts', 'demo', '-o', output], { stdio: 'ignore' });
  while (!(await hasLogLines(`${output}.journal`))) await sleep(20);
  child.kill('SIGKILL');
  await new Promise((resolve) => child.on('close', resolve));
  assert.ok(!existsSync(output));
  const { code, stderr } = await faro(['recover', `${output}.journal`, '-o', output]).exit;
  assert.equal(code, 0, stderr);
  const story = read(output);
  checkStory(story);
  assert.equal(story.metadata.ended, 'killed');
  assert.equal(story.metadata.complete, false);
  assert.ok(story.metadata.counts.logLines > 0);
});

test('a story goes to standard output whole, and nothing else does', async () => {
  const command = faro(['demo', '-o', '-']);
  await command.said('/web  started'); // the demo takes twelve seconds; a part of it will do
  command.interrupt();
  const { code, stdout } = await command.exit;
  assert.equal(code, 0);
  checkStory(JSON.parse(stdout) as Story);
});

test('version, help and completions are printed, and mistakes are answered with the way to help', async () => {
  assert.match((await faro(['version']).exit).stdout, /^faro \d+\.\d+\.\d+/);
  assert.match((await faro(['capture', '--help']).exit).stdout, /Examples:[\s\S]*Exit codes:/);
  for (const shell of ['bash', 'zsh', 'fish'])
    assert.match((await faro(['completion', shell]).exit).stdout, /max-log-streams/);
  const { code, stderr } = await faro(['completion', 'tcsh']).exit;
  assert.deepEqual([code, /there is no completion for "tcsh"/.test(stderr)], [2, true]);
  const wrong = await faro(['capture', 'deploy/web']).exit;
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /required option '-o/);
});
