import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pacedClock } from '../../src/demo/clock.ts';
import type { Clock } from '../../src/model/time.ts';

/** A clock whose sleeps are over at once, and noted. */
function noting(slept: number[]): Clock {
  return {
    now: () => 7,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      slept.push(ms);
    },
  };
}

test('a paced sleep is as long as another, in steps between which the process does what waits', async () => {
  for (const [ms, steps] of [
    [900, 20],
    [60_000, 20],
    [100, 10],
    [15, 1],
    [0, 1],
  ] as const) {
    const slept: number[] = [];
    await pacedClock(noting(slept)).sleep(ms);
    assert.equal(slept.length, steps, `${ms} ms`);
    assert.ok(Math.abs(slept.reduce((sum, step) => sum + step, 0) - ms) < 1e-6);
  }
  assert.equal(pacedClock(noting([])).now(), 7);
});

test('a paced sleep ends when it is aborted, with its reason', async () => {
  const slept: number[] = [];
  const stop = new AbortController();
  const clock = noting(slept);
  const paced = pacedClock({
    ...clock,
    sleep: async (ms, signal) => {
      await clock.sleep(ms, signal);
      if (slept.length === 3) stop.abort('enough');
    },
  });
  await assert.rejects(paced.sleep(1000, stop.signal), (reason) => reason === 'enough');
  assert.equal(slept.length, 3);
});
