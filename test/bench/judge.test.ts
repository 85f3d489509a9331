import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Judgement, judge } from '../../bench/peers/judge.ts';
import { temporaryFolder } from '../folder.ts';
import { sampleStory } from '../story/sample.ts';

const folder = temporaryFolder('judge');

/** Lines of `Tweb`, a second apart from 12:00:01 on, in the pod's first run; gaps as `[run, from, to]` in seconds. */
async function judged(numbers: readonly number[], gaps: readonly (readonly [number, string, string])[], written = 6) {
  const lines = numbers.map((number) => [0, `Tweb ${number} xxx`] as const);
  const story = sampleStory(lines);
  const time = (seconds: string) => `2026-11-23T12:00:${seconds.padEnd(12, '.000000000')}Z`;
  const stated = gaps.map(([container, from, to]) => ({
    ...{ of: { container }, from: time(from), to: time(to) },
    ...{ certainty: 'suspected' as const, cause: 'rotation', evidence: '' },
  }));
  const file = join(folder, 'story.json');
  writeFileSync(file, JSON.stringify({ ...story, gaps: stated }));
  return await judge(file, new Map([['Tweb', written]]));
}

function counts({ once, repeated, stated, silent, overStated }: Judgement) {
  return { once, repeated, stated, silent, overStated };
}

test('lines that came once, came twice, or are missing in silence are counted', async () => {
  const { examples, ...judgement } = await judged([0, 1, 1, 4, 5], []);
  assert.deepEqual(counts(judgement as Judgement), { once: 4, repeated: 1, stated: 0, silent: 2, overStated: 0 });
  assert.deepEqual(examples, ['Tweb: 2 to 3 of 6']);
});

test('missing lines are stated where gaps of their run cover all of the time from the line before to the line after', async () => {
  const numbers = [0, 1, 4, 5]; // 2 and 3 were written between :02 and :03
  const cases: readonly (readonly [boolean, readonly (readonly [number, string, string])[]])[] = [
    [true, [[0, '02', '03']]],
    [false, [[1, '02', '03']]],
    [false, [[0, '02', '02.500000000']]],
    [false, [[0, '02.500000000', '03']]],
    [false, [[0, '01', '01.900000000']]],
    [true, [[0, '02', '02.500000000'], [0, '02.400000000', '03']]], // biome-ignore format: one case a line
    [false, [[0, '02', '02.400000000'], [0, '02.500000000', '03']]], // biome-ignore format: one case a line
  ];
  for (const [isStated, gaps] of cases) {
    const { stated, silent } = await judged(numbers, gaps);
    assert.deepEqual({ stated, silent }, isStated ? { stated: 2, silent: 0 } : { stated: 0, silent: 2 }, String(gaps));
  }
});

test('lines within a gap that came are over-stated; those at its edges are not', async () => {
  const { overStated } = await judged([0, 1, 2, 3, 4, 5], [[0, '02', '05']]);
  assert.equal(overStated, 2);
});
