import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { CallLife } from '../../../src/kube/transport/channel.ts';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

/** A time limit goes in two turns: its signal first, then its timer. */
async function heldBytes(): Promise<number> {
  for (let turns = 0; turns < 3; turns += 1) {
    collect();
    await new Promise(setImmediate);
  }
  collect();
  return process.memoryUsage().heapUsed;
}

test('of a call that has ended nothing is kept, though its caller and its time limits go on', async () => {
  const request = {
    method: 'GET',
    path: '/',
    headers: {},
    lane: 'logs',
    maxSilenceMs: 30_000,
    maxMs: 600_000,
  } as const;
  const caller = new AbortController();
  const call = () => new CallLife(request, 'https://api', caller.signal).end();
  for (let calls = 0; calls < 1000; calls += 1) call();
  const before = await heldBytes();
  for (let calls = 0; calls < 10_000; calls += 1) call();
  const held = ((await heldBytes()) - before) / 10_000;
  assert.ok(held < 100, `${held.toFixed(0)} bytes of each`);
});

test('a call ends when its caller does, before it began or later', () => {
  const request = { method: 'GET', path: '/', headers: {}, lane: 'logs', maxSilenceMs: 30_000 } as const;
  const caller = new AbortController();
  const early = new CallLife(request, 'https://api', caller.signal);
  caller.abort(new Error('enough'));
  const late = new CallLife(request, 'https://api', caller.signal);
  for (const life of [early, late]) {
    assert.equal(life.signal.reason, caller.signal.reason);
    life.end();
  }
});
