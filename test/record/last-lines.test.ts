import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimulatedCluster } from '../../src/demo/simulated-cluster.ts';
import type { KubeObject } from '../../src/model/resource.ts';
import { millisecondsOf } from '../../src/model/time.ts';
import type { EndConditions } from '../../src/record/end.ts';
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
  return endOf(recording) - told;
}

/** How many milliseconds it lasts, where nothing had run for a minute, and the goal is met all the time. */
async function lastForGoal(
  end: Partial<EndConditions>,
  meanwhile: (recording: SimulatedRecording) => Promise<void> = () => Promise.resolve(),
): Promise<number> {
  const prepare = (cluster: SimulatedCluster) => {
    deployWeb(cluster);
    scaleWeb(cluster, 0);
  };
  const how = { seed: 5, runMs: 60_000, prepare, end: { until: 'ready', ...end } } as const;
  await using recording = await SimulatedRecording.start(how);
  const begun = recording.clock.now();
  await meanwhile(recording);
  assert.equal((await recording.ended())?.goal, 'met');
  return endOf(recording) - begun;
}

function endOf({ records }: SimulatedRecording): number {
  const end = records.at(-1);
  assert.equal(end?.kind, 'end');
  return end?.kind === 'end' ? millisecondsOf(end.time) : Number.NaN;
}

test('lines of what runs at the end may be on their way for half a second', async () => {
  assert.ok((await lastFor((recording) => recording.advance(20_000))) >= GRACE_MS);
});

test('so may what was changed just before a recording was ended, also where nothing runs any more', async () => {
  const lasted = await lastFor(async (recording) => {
    scaleWeb(recording.cluster, 0);
    await recording.advance(60_000);
  });
  assert.ok(lasted >= GRACE_MS, `${lasted} ms`);
});

test('where nothing runs any more, nothing has changed for as long, and a goal ends it, no line is waited for', async () => {
  const lasted = await lastForGoal({});
  assert.ok(lasted < GRACE_MS / 2, `${lasted} ms`);
});

test('what a command changed that met the goal may be on its way, too', async () => {
  const lasted = await lastForGoal({ after: Promise.resolve() });
  assert.ok(lasted >= GRACE_MS, `${lasted} ms`);
});

test('what changed just before a goal ends it may not have come alone: half a second from then on is waited', async () => {
  const lasted = await lastForGoal({ settleMs: 1000 }, async (recording) => {
    await recording.advance(800);
    recording.cluster.change('deployments.apps', 'shop', 'web', noted);
  });
  assert.ok(lasted >= 800 + GRACE_MS && lasted < 1000 + GRACE_MS, `${lasted} ms`);
});

function noted(object: KubeObject): KubeObject {
  return { ...object, metadata: { ...object.metadata, annotations: { note: 'changed' } } };
}
