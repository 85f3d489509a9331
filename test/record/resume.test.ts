import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimulatedCluster } from '../../src/demo/simulated-cluster.ts';
import { KilledRecording, type KilledRecordingOptions, storyOf } from './killed-recording.ts';
import { judge } from './simulation/judge.ts';
import { programsOf } from './simulation/programs.ts';

/** A Deployment of two pods that write a line now and then. */
function deploy(cluster: SimulatedCluster, image = 'sim/calm:1'): void {
  const template = { spec: { containers: [{ name: 'web', image }] } };
  const spec = { replicas: 2, selector: { matchLabels: { app: 'web' } }, template };
  cluster.create('deployments.apps', 'shop', { metadata: { name: 'web', labels: { app: 'web' } }, spec });
}

function scale(cluster: SimulatedCluster, replicas: number): void {
  cluster.change('deployments.apps', 'shop', 'web', (web) => ({ ...web, spec: { ...(web.spec as object), replicas } }));
}

interface Play extends Partial<KilledRecordingOptions> {
  /** Records that were not synced when the recorder was killed. */
  readonly unsynced?: number;
  readonly image?: string;
}

/** Records, kills the recorder, lets something happen meanwhile, resumes, and judges the whole. */
async function killedDuring(
  meanwhile: (recording: KilledRecording) => Promise<void>,
  { unsynced = 0, image, ...options }: Play = {},
) {
  const rest = { isQuiet: false };
  await using recording = await KilledRecording.start({
    seed: 5,
    programs: programsOf(rest),
    logs: { maxBytes: 2000, maxFiles: 5, intervalMs: 10_000 },
    prepare: (cluster) => deploy(cluster, image),
    ...options,
  });
  await recording.advance(20_000);
  await recording.kill(unsynced);
  await meanwhile(recording);
  await recording.resume();
  await recording.advance(30_000);
  scale(recording.cluster, 3);
  await recording.advance(30_000);
  rest.isQuiet = true;
  await recording.advance(10_000);
  const to = recording.clock.now();
  await recording.end();
  const { cluster, records, listedAt: from, skewMs } = recording;
  const verdict = judge({ cluster, story: await storyOf(records), from, to, skewMs, route: options.route ?? 'auto' });
  const gaps = records.flatMap((record) =>
    record.kind === 'gap'
      ? [`${'resource' in record.gap.of ? record.gap.of.resource : 'log'}: ${record.gap.cause}`]
      : [],
  );
  return { records, verdict, gaps };
}

for (const unsynced of [0, 1, 7, 40])
  test(`a capture that is killed, with ${unsynced} records not on the disk, and resumed lacks nothing`, async () => {
    const { verdict, gaps, records } = await killedDuring((recording) => recording.advance(15_000), { unsynced });
    assert.deepEqual(gaps, []);
    assert.deepEqual(
      {
        states: verdict.statesMissing,
        lines: verdict.linesMissing,
        unstated: verdict.unstated,
        over: verdict.overstated,
      },
      { states: 0, lines: 0, unstated: 0, over: 0 },
    );
    assert.equal(records.filter(({ kind }) => kind === 'resume').length, 1);
  });
