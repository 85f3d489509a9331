import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Waiters } from '../../src/model/waiters.ts';

test('a wake reaches everyone who waits, in order, and nobody who comes after it', async () => {
  const waiters = new Waiters();
  const { signal } = new AbortController();
  const woken: string[] = [];
  const first = waiters.wait(signal).then(() => woken.push('first'));
  const second = waiters.wait(signal).then(() => woken.push('second'));
  waiters.wake();
  const late = waiters.wait(signal).then(() => woken.push('late'));
  await Promise.all([first, second]);
  assert.deepEqual(woken, ['first', 'second']);
  waiters.wake();
  await late;
  assert.equal(waiters.size, 0);
});

test('who gives up leaves at once', async () => {
  const waiters = new Waiters();
  const over = new AbortController();
  const waiting = waiters.wait(over.signal);
  assert.equal(waiters.size, 1);
  over.abort();
  assert.equal(waiters.size, 0);
  await waiting;
  await waiters.wait(over.signal);
  assert.equal(waiters.size, 0);
});
