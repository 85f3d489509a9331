import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '../../src/demo/clock.ts';
import { drain } from '../../src/record/drain.ts';
import { settle } from './simulated-recording.ts';

/** When the logs of what still runs are read for the last time, and when it is over, in milliseconds. */
async function play(lateMs: number | undefined) {
  const clock = new SimulatedClock();
  const from = clock.now();
  const lastReadings: number[] = [];
  const followers = { areOver: false, settle: async () => void lastReadings.push(clock.now() - from) };
  const lastStates = async (signal: AbortSignal) => {
    if (lateMs !== undefined) await clock.sleep(lateMs, signal);
    return lateMs !== undefined;
  };
  const how = { clock, followers, drainMs: 10_000, mayBeOver: false, synced: Promise.resolve(), changedAt: () => from };
  let overMs = Number.NaN;
  void drain({ ...how, lastStates }, new AbortController().signal).then(() => {
    overMs = clock.now() - from;
  });
  await clock.advance(20_000, settle);
  return { lastReadings, overMs };
}

test('logs are read for the last time when the states that lag behind have come: what is written meanwhile is in them', async () => {
  assert.deepEqual(await play(3000), { lastReadings: [3500], overMs: 3500 });
});

test('where no states lag behind, they are not waited for', async () => {
  assert.deepEqual(await play(undefined), { lastReadings: [500], overMs: 500 });
});
