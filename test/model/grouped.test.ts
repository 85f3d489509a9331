import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grouped } from '../../src/model/grouped.ts';

test('a whole number is grouped as English writes it', () => {
  for (const value of [0, 7, 999, 1000, 10_000, 123_456, 1_234_567, 9_007_199_254_740_991, -1234])
    assert.equal(grouped(value), value.toLocaleString('en-US'));
});
