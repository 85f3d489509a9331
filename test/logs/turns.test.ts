import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '../../src/demo/clock.ts';
import { Turns } from '../../src/logs/turns.ts';

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Who had a turn, in order, and a way to ask for one. */
function queue() {
  const clock = new SimulatedClock();
  const stop = new AbortController();
  const turns = new Turns(3000, clock, stop.signal);
  const had: string[] = [];
  const ask = (name: string) => {
    const leave = new AbortController();
    const asked = turns.next(leave.signal).then(
      () => void had.push(name),
      () => undefined, // it left
    );
    return { leave: () => leave.abort(), asked };
  };
  return { clock, stop, had, ask, pass: (ms: number) => clock.advance(ms, settle) };
}

test('one alone has its turn at once, others one after the other, so far apart', async () => {
  const { had, ask, pass } = queue();
  for (const name of ['a', 'b', 'c']) ask(name);
  await settle();
  assert.deepEqual(had, ['a']);
  await pass(2999);
  assert.deepEqual(had, ['a']);
  await pass(1);
  assert.deepEqual(had, ['a', 'b']);
  await pass(3000);
  assert.deepEqual(had, ['a', 'b', 'c']);
  await pass(60_000);
  ask('d');
  await settle();
  assert.deepEqual(had, ['a', 'b', 'c', 'd']);
});

test('who leaves takes no turn from the next', async () => {
  const { had, ask, pass } = queue();
  ask('a');
  const second = ask('b');
  ask('c');
  await settle();
  second.leave();
  await second.asked;
  await pass(3000);
  assert.deepEqual(had, ['a', 'c']);
});

test('the end of all leaves no timer behind', async () => {
  const { clock, stop, ask, had } = queue();
  ask('a');
  await settle();
  stop.abort();
  await settle();
  ask('b');
  await settle();
  assert.deepEqual([had, clock.now()], [['a', 'b'], new SimulatedClock().now()]);
});
