import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gatherings } from '../../src/model/gathering.ts';

test('memory to gather in goes from one to the next, and never to two at once', () => {
  const gatherings = new Gatherings();
  const first = gatherings.lend();
  first.gathering.add(Buffer.alloc(100_000, 'a'));
  const second = gatherings.lend();
  second.gathering.add(Buffer.from('b'));
  assert.notEqual(first.gathering, second.gathering);
  for (let times = 0; times < 2; times += 1) first[Symbol.dispose]();
  using third = gatherings.lend();
  assert.equal(third.gathering, first.gathering);
  using fourth = gatherings.lend();
  assert.notEqual(fourth.gathering, first.gathering);
  assert.deepEqual([third.gathering.size, third.gathering.room >= 100_000], [0, true]);
  assert.equal(String(second.gathering.bytes), 'b');
});

test('what many needed at once, or one needed very much of, is let go', () => {
  const gatherings = new Gatherings();
  const many = Array.from({ length: 100 }, () => gatherings.lend());
  for (const { gathering } of many) gathering.add(Buffer.alloc(1));
  for (const lent of many) lent[Symbol.dispose]();
  const again = Array.from({ length: 100 }, () => gatherings.lend().gathering);
  assert.equal(again.filter(({ room }) => room > 0).length, 8);
  const large = new Gatherings();
  {
    using lent = large.lend();
    lent.gathering.add(Buffer.alloc(2 * 1024 * 1024));
  }
  assert.equal(large.lend().gathering.room, 0);
});
