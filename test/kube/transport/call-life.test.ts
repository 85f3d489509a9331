import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallLife } from '../../../src/kube/transport/channel.ts';
import { heldMemory } from '../../held-memory.ts';

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
  const { heapUsed: before } = await heldMemory();
  for (let calls = 0; calls < 10_000; calls += 1) call();
  const held = ((await heldMemory()).heapUsed - before) / 10_000;
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
