import assert from 'node:assert/strict';
import { test } from 'node:test';
import { steadyTime } from '../../src/cli/context.ts';

/** A machine whose two clocks are set by hand. */
function machine() {
  const at = { wall: 1_000_000, steady: 50.25 };
  const now = steadyTime({ wall: () => at.wall, steady: () => at.steady });
  const pass = (ms: number) => {
    at.wall += ms;
    at.steady += ms;
  };
  return { at, now, pass };
}

test('time goes on to the microsecond as the steady clock does', () => {
  const { at, now, pass } = machine();
  pass(10.125);
  assert.equal(now(), 1_000_010.125);
  at.wall += 400; // drift and small corrections of the wall clock are not followed
  assert.equal(now(), 1_000_010.125);
});

test('an hour in which the machine slept has passed, though the steady clock stood still', () => {
  const { at, now, pass } = machine();
  at.wall += 3_600_000;
  assert.equal(now(), 4_600_000);
  pass(5);
  assert.equal(now(), 4_600_005);
});

test('a wall clock that is set back while a story is recorded does not turn its order', () => {
  const { at, now, pass } = machine();
  pass(1000);
  at.wall -= 240_000;
  const before = now();
  pass(10);
  assert.ok(now() > before);
  assert.equal(now(), 1_001_010);
});
