import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { explanationOf } from '../../src/cli/explanation.ts';
import type { Story, StoryFinding } from '../../src/story/document.ts';
import { temporaryFolder } from '../folder.ts';

const folder = temporaryFolder('explain');

function recorded(name: string): Story {
  return JSON.parse(gunzipSync(readFileSync(`test/verdict/stories/${name}.json.gz`)).toString()) as Story;
}

function explain(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['src/main.ts', 'explain', ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

test('the first cause stands on the first line, with what shows it, and the exit code tells how the story ends', async () => {
  for (const [name, code, first] of [
    ['image-deadline', 1, /^failed: image registry\.invalid\/late:1 .*cannot be pulled/],
    ['rolled-back', 0, /^recovered: image /],
    ['rollout', 0, /^healthy: nothing failed$/],
  ] as const) {
    const answer = await explain(`test/verdict/stories/${name}.json.gz`);
    const lines = answer.stdout.trimEnd().split('\n');
    assert.match(lines[0] ?? '', first);
    assert.equal(answer.code, code);
    assert.ok(lines.length <= 10);
  }
});

test('what shows the first cause is named as the command that shows it, whatever the name of the file', async () => {
  const path = join(folder, "it's a story.json");
  writeFileSync(path, JSON.stringify(recorded('crash-loop')));
  const { stdout } = await explain(path);
  const [, command = '', numbers = ''] = /; (faro view .* --entry ([\d,]+)) shows it$/m.exec(stdout) ?? [];
  const faro = `faro() { "${process.execPath}" src/main.ts "$@"; }; `;
  const shown = execFileSync('sh', ['-c', `${faro}${command}`], { encoding: 'utf8' });
  const lines = shown.split('\n').filter((line) => /^\d\d:/.test(line));
  assert.ok(lines.length > 1 && lines.length === numbers.split(',').length, shown);
  assert.match(shown, /terminated: .*exit code/);
});

test('a story that lacks something is healthy as far as is known, and says first what is not', async () => {
  const story = recorded('rollout');
  story.metadata.complete = false;
  story.metadata.incomplete = ['gap in the log of shop/a/b#0 (rotation)', 'gap in the log of shop/a/b#1 (rotation)'];
  const path = join(folder, 'lost.json');
  writeFileSync(path, JSON.stringify(story));
  const [first] = (await explain(path)).stdout.split('\n');
  assert.match(
    first ?? '',
    /^healthy as far as is known: nothing that was recorded failed, but gap in the log of shop/,
  );
  for (const { ledger } of story.containers.slice(1)) ledger.end = 'not proven';
  writeFileSync(path, JSON.stringify(story));
  const { stdout, code } = await explain(path);
  const count = story.containers.length;
  assert.ok(
    stdout.startsWith(
      `healthy as far as is known: nothing that was recorded failed, but the logs of ${count - 1} of ${count} container runs are not whole\n`,
    ),
    stdout,
  );
  assert.equal(code, 0);
});

test('a story of an older faro, without a verdict, is judged by its timeline', async () => {
  const { verdict, ...old } = recorded('crash-loop');
  const path = join(folder, 'old.json');
  writeFileSync(path, JSON.stringify(old));
  const { code, stdout } = await explain(path, '--json');
  assert.equal(code, 1);
  assert.equal((JSON.parse(stdout) as { firstCause: StoryFinding }).firstCause.rule, 'crash-loop');
});

test('what is no story is told so', async () => {
  const path = join(folder, 'none.json');
  writeFileSync(path, '{"kind": "List"}');
  const { code, stdout, stderr } = await explain(path);
  assert.deepEqual([code, stdout], [4, '']);
  assert.match(stderr, /none\.json/);
});

test('it takes ten lines at most, and nothing of a story moves the cursor', () => {
  const story = recorded('crash-loop');
  const finding: StoryFinding = {
    rule: 'crash-loop',
    summary: 'container \u001b[2J of pod x\nforged',
    object: 0,
    after: 'deployment x was changed',
    evidence: Array.from({ length: 40 }, (_, index) => index),
    time: story.metadata.startTime,
    lines: Array.from({ length: 40 }, () => '\u202eline\r'),
  };
  const many = Array.from({ length: 40 }, () => finding);
  const head = { ...story, path: 'x.json' };
  const text = explanationOf(
    { status: 'failed', firstCause: finding, consequences: many, unrelated: many, earlier: many },
    head,
  );
  assert.ok(text.trimEnd().split('\n').length <= 10, text);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
  assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u202e]/);
  assert.match(text, /and 39 more/);
  const { after, lines, ...bare } = finding;
  const few = explanationOf({ status: 'failed', firstCause: bare, consequences: [bare, bare], unrelated: many }, head);
  assert.deepEqual(
    few.split('\n').map((line) => /^(then|also):/.exec(line)?.[1]),
    [undefined, undefined, 'then', 'then', ...Array.from({ length: 5 }, () => 'also'), undefined, undefined],
  );
  assert.match(few, /^also: .*; and 35 more$/m);
});
