import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { Branch } from '../../src/model/branch.ts';

test('a branch aborts with its stem, and with the same reason', () => {
  const stem = new AbortController();
  const branch = new Branch(stem.signal);
  assert.equal(branch.signal.aborted, false);
  stem.abort('it is over');
  assert.equal(branch.signal.reason, 'it is over');
});

test('a branch of what has aborted is aborted', () => {
  assert.equal(new Branch(AbortSignal.abort('gone')).signal.reason, 'gone');
});

test('a branch aborts alone, and leaves nothing with its stem', () => {
  const stem = new AbortController();
  const [told, left] = [new Branch(stem.signal), new Branch(stem.signal)];
  told.abort('silent for too long');
  left[Symbol.dispose]();
  assert.equal(told.signal.reason, 'silent for too long');
  assert.equal(left.signal.aborted, true);
  assert.equal(stem.signal.aborted, false);
  assert.deepEqual(getEventListeners(stem.signal, 'abort'), []);
});
