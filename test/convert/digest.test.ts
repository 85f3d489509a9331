import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { countTokens } from 'gpt-tokenizer';
import { converted, hostileStory, rolloutStory, type Sample, sampleOf } from './stories.ts';

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
  assert.match(text, /rolloutBegun/);
});

test('md: where there is no room for every moment, those that the verdict rests on stay, in their order', async () => {
  const text = await converted(rollout, 'md', 2500);
  const times = [...text.matchAll(/^- (\d\d:\d\d:\d\d\.\d{3}) (.*)/gm)].map(([, time = '', what = '']) => ({
    time,
    what,
  }));
  assert.ok(times.length > 5 && times.length < 60, `${times.length} moments`);
  assert.ok(
    times.some(({ what }) => /image "shop\/web:2\.0\.0"/.test(what)),
    text,
  );
  assert.ok(times.filter(({ what }) => /#\d+ terminated: exitCode 3/.test(what)).length >= 2, text);
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
