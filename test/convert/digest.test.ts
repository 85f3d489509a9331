import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { countTokens } from 'gpt-tokenizer';
import { canonical } from '../story/sample.ts';
import { StoryMaker } from '../view/html/story-maker.ts';
import { converted, folder, hostileStory, rolloutStory, type Sample, sampleOf } from './stories.ts';

let rollout: Sample;
let hostile: Sample;

before(async () => {
  rollout = await sampleOf(await rolloutStory());
  hostile = await sampleOf(hostileStory());
});

test('md: whatever the budget, a real tokenizer counts no more, and the first cause is on the first page', async () => {
  for (const sample of [rollout, hostile])
    for (const budget of [500, 1000, 2000, 4000, 8000, 20_000, 100_000]) {
      const text = await converted(sample, 'md', budget);
      assert.ok(countTokens(text) <= budget, `${countTokens(text)} of ${budget}`);
      assert.match(text, /^# Story of /);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
      assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
    }
  const text = await converted(rollout, 'md');
  const cause = rollout.head.verdict?.firstCause?.summary.slice(0, 20) ?? '';
  assert.ok(text.includes(cause.replace(/[\\`*_[\]<>|#~]/g, '\\$&')), `the first cause "${cause}"`);
  assert.match(text, /fatal: cannot reach db/);
  assert.match(text, /rollout begun/);
});

test('md: where there is no room for every moment, those that the verdict rests on stay, in their order', async () => {
  const text = await converted(rollout, 'md', 2500);
  const times = [...text.matchAll(/^- (\d\d:\d\d:\d\d(?:\.\d{3})?) (.*)/gm)].map(([, time = '', what = '']) => ({
    time,
    what,
  }));
  assert.ok(times.length > 5 && times.length < 60, `${times.length} moments`);
  assert.ok(
    times.some(({ what }) => /image "shop\/web:2\.0\.0"/.test(what)),
    text,
  );
  assert.ok(times.filter(({ what }) => /#\d+ terminated: exit code 3/.test(what)).length >= 2, text);
  assert.match(text, /^\(\d+ more\)$/m);
});

test('md: nothing in a line ends its block or becomes markup', async () => {
  const text = await converted(hostile, 'md', 100_000);
  let fence: string | undefined;
  for (const line of text.split('\n')) {
    const [mark] = /^`{3,}/.exec(line) ?? [];
    if (mark === undefined) assert.ok(fence !== undefined || !line.includes('<script>'), line);
    else if (fence === undefined) fence = mark;
    else if (mark === fence) fence = undefined;
    else assert.ok(mark.length < fence.length, line);
  }
  assert.equal(fence, undefined);
});

/** Two pods of the old release end as they are told to, then the new one's container crashes. */
function rolloutThatCrashes(): StoryMaker {
  const maker = new StoryMaker();
  for (const name of ['web-1-a', 'web-1-b']) {
    const pod = maker.object('Pod', name);
    const container = maker.container(pod, 'app');
    for (let line = 0; line < 30; line += 1) maker.log(container, line, `${name} ${'serves '.repeat(20)}`);
    maker.tell({ at: 100, type: 'lifecycle', object: pod, what: 'deletionRequested', gracePeriodSeconds: 30 });
    end(maker, { pod, container, at: 200, exitCode: 143 });
  }
  const pod = maker.object('Pod', 'web-2-a');
  const container = maker.container(pod, 'app');
  maker.log(container, 300, 'fatal: cannot reach db');
  const evidence = [end(maker, { pod, container, at: 400, exitCode: 3 })];
  const firstCause = { rule: 'crash-loop', summary: 'app crashes', object: pod, container, evidence, over: false };
  maker.verdict = { status: 'failed', firstCause, consequences: [] };
  return maker;
}

function end(maker: StoryMaker, run: { pod: number; container: number; at: number; exitCode: number }): number {
  const { pod, container, at, exitCode } = run;
  const described = maker.containers[container];
  assert.ok(described);
  Object.assign(described, { exitCode, reason: 'Error' });
  const what = { what: 'terminated', containerName: 'app', container, restart: 0, exitCode, reason: 'Error' };
  return maker.tell({ at, type: 'lifecycle', object: pod, ...what });
}

test('md: a run that ended as its pod was told to go is no failed one, and never takes the room of the crash', async () => {
  const file = join(folder, 'told.json');
  writeFileSync(file, canonical(rolloutThatCrashes().finish(1000)));
  const sample = await sampleOf(file);
  for (const budget of [600, 1000, 8000]) {
    const text = await converted(sample, 'md', budget);
    const failed = text.slice(
      text.indexOf('## Failed runs'),
      text.indexOf('\n## ', text.indexOf('## Failed runs') + 1),
    );
    assert.match(failed, /### web-2-a\/app#0: exit code 3[\s\S]*fatal: cannot reach db/, `within ${budget}`);
    assert.doesNotMatch(failed, /web-1-/);
  }
  assert.match(await converted(sample, 'md'), /## Other runs\n\n### web-1-a\/app#0: exit code 143/);
});

test('md: runs of one container that end alike are shown once, with the newest lines, however many they are', async () => {
  const maker = new StoryMaker();
  const pod = maker.object('Pod', 'web-1');
  const runs = 1000;
  for (let run = 0; run < runs; run += 1) {
    const container = maker.container(pod, 'app', run);
    maker.log(container, 10 * run, `run ${run} cannot reach db`);
    end(maker, { pod, container, at: 10 * run + 5, exitCode: run === 500 ? 2 : 3 });
  }
  const file = join(folder, 'loop.json');
  writeFileSync(file, canonical(maker.finish(10 * runs)));
  const text = await converted(await sampleOf(file), 'md');
  const headings = [...text.matchAll(/^### .*$/gm)].map(([heading]) => heading);
  assert.deepEqual(headings, [
    '### web-1/app#999: exit code 3 (Error), 1 line, like 998 other runs of it',
    '### web-1/app#500: exit code 2 (Error), 1 line',
  ]);
  assert.match(text, /run 999 cannot reach db/);
  assert.match(text, /^1 object, 1,000 container runs, 1,000 log lines, 0 events, 0 gaps\. Story /m);
});

test('md: the verdict tells what was changed before it, and what was over; times and names are as a person reads them', async () => {
  const maker = rolloutThatCrashes();
  const { verdict } = maker;
  assert.ok(verdict?.firstCause);
  const after = 'deployment web was changed (image of app from web:1 to web:2) by kubectl just before';
  const earlier = [{ rule: 'unschedulable', summary: 'pod web-0 waited for room', evidence: [], over: true }];
  maker.verdict = { ...verdict, firstCause: { ...verdict.firstCause, after }, earlier };
  maker.tell({ at: 90, type: 'lifecycle', object: 0, what: 'rolloutBegun', precision: '1s' });
  const file = join(folder, 'after.json');
  writeFileSync(file, canonical(maker.finish(1000)));
  const text = await converted(await sampleOf(file), 'md');
  assert.match(text, /\ndeployment web was changed \(image of app from web:1 to web:2\) by kubectl just before\.\n/);
  assert.match(text, /Earlier, and over:\n- pod web-0 waited for room/);
  assert.match(text, /- \d\d:\d\d:\d\d Pod \S+ rollout begun/);
  assert.match(text, /terminated: exit code 3, reason Error/);
});
