import assert from 'node:assert/strict';
import { test } from 'node:test';
import { detailText, wordsOf } from '../../src/story/words.ts';

test('names of the format are words for a person', () => {
  assert.deepEqual(['rolloutBegun', 'ready', 'exitCode'].map(wordsOf), ['rollout begun', 'ready', 'exit code']);
});

test('a detail of a change has its name, but for what needs none', () => {
  const details: readonly (readonly [string, unknown, string])[] = [
    ['exitCode', 3, 'exit code 3'],
    ['reason', 'Error', 'reason Error'],
    ['isOutOfMemory', true, 'is out of memory'],
    ['message', 'back-off 10s', 'back-off 10s'],
    ['condition', 'Available', 'Available'],
  ];
  for (const [name, value, text] of details) assert.equal(detailText('condition', name, value), text);
});
