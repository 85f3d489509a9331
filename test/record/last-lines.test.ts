import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../src/model/resource.ts';
import { millisecondsOf } from '../../src/model/time.ts';
import { deployWeb, scaleWeb } from './root.ts';
import { SimulatedRecording } from './simulated-recording.ts';

const GRACE_MS = 500;

/** How many milliseconds a recording goes on after it is told to end. */
async function lastFor(before: (recording: SimulatedRecording) => Promise<void>): Promise<number> {
  await using recording = await SimulatedRecording.start({ seed: 5, runMs: 8000, prepare: deployWeb });
  await recording.advance(5000);
  await before(recording);
  const told = recording.clock.now();
  await recording.end();
  const end = recording.records.at(-1);
  assert.equal(end?.kind, 'end');
  return end?.kind === 'end' ? millisecondsOf(end.time) - told : Number.NaN;
}

/** Nothing runs any more, for a minute. */
async function removed(recording: SimulatedRecording): Promise<void> {
  scaleWeb(recording.cluster, 0);
  await recording.advance(60_000);
}

test('lines of what runs at the end may be on their way for half a second', async () => {
  assert.ok((await lastFor((recording) => recording.advance(20_000))) >= GRACE_MS);
});

test('where nothing runs any more, and nothing has changed for as long, no line is waited for', async () => {
  const lasted = await lastFor(removed);
  assert.ok(lasted < GRACE_MS / 10, `${lasted} ms`);
});

test('what changed just before the end may not have come alone: half a second from then on is waited', async () => {
  const lasted = await lastFor(async (recording) => {
    await removed(recording);
    recording.cluster.change('deployments.apps', 'shop', 'web', noted);
    await recording.advance(200);
  });
  assert.ok(lasted > GRACE_MS / 2 && lasted <= GRACE_MS - 100, `${lasted} ms`);
});

function noted(object: KubeObject): KubeObject {
  return { ...object, metadata: { ...object.metadata, annotations: { note: 'changed' } } };
}
