import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimulatedCluster } from '../../src/demo/simulated-cluster.ts';
import { KilledRecording, storyOf } from './killed-recording.ts';
import { deployWeb } from './root.ts';
import { judge } from './simulation/judge.ts';
import { createWidget, deleteWidget, WIDGET_TYPE, WIDGETS } from './widgets.ts';

function prepare(cluster: SimulatedCluster): void {
  cluster.serve(WIDGET_TYPE);
  deployWeb(cluster);
  // So that ConfigMaps explain the story, too, which is no reason to say less of those that are in it.
  const volumes = [{ name: 'settings', configMap: { name: 'settings' } }];
  const template = { spec: { volumes, containers: [{ name: 'web', image: 'sim/calm:1' }] } };
  cluster.change('deployments.apps', 'shop', 'web', (web) => ({ ...web, spec: { ...(web.spec as object), template } }));
}

/** One comes and goes while the history of all types is lost, long before another one comes into the story. */
async function missOne(recording: KilledRecording, storage: string): Promise<void> {
  const { cluster } = recording;
  await recording.advance(10_000);
  cluster.api.server.goDown();
  createWidget(cluster, 'missed', storage);
  await recording.advance(2000);
  deleteWidget(cluster, 'missed', storage);
  await recording.advance(2000);
  cluster.store.compact();
  cluster.api.server.comeBack();
  await recording.advance(60_000);
}

/** Judges the whole; what is told of a type. */
async function toldOf(recording: KilledRecording, storage: string): Promise<readonly string[]> {
  const to = recording.clock.now();
  await recording.end();
  const { cluster, records, listedAt: from, skewMs } = recording;
  const story = await storyOf(records);
  judge({ cluster, story, from, to, skewMs, route: 'auto' });
  return story.head.gaps.flatMap(({ of, cause }) => (of.resource === storage ? [cause] : []));
}

for (const storage of [WIDGETS, 'configmaps'])
  for (const kills of [0, 1, 2])
    test(`what was missed of ${storage} before the first of them came into the story is a gap, ${kills} kills later`, async () => {
      await using recording = await KilledRecording.start({ seed: 5, prepare });
      const { cluster } = recording;
      await missOne(recording, storage);
      for (let kill = 0; kill < kills; kill += 1) {
        await recording.kill();
        await recording.advance(2000);
        await recording.resume();
        await recording.advance(2000);
      }
      createWidget(cluster, 'seen', storage);
      await recording.advance(5000);
      assert.deepEqual(
        (await toldOf(recording, storage)).filter((cause) => cause === 'expired'),
        ['expired'],
      );
    });

test('what was missed is told once, though the recorder is killed before and after that', async () => {
  await using recording = await KilledRecording.start({ seed: 5, prepare });
  await missOne(recording, WIDGETS);
  await recording.kill();
  await recording.resume();
  createWidget(recording.cluster, 'seen');
  await recording.advance(5000);
  await recording.kill();
  await recording.resume();
  await recording.advance(5000);
  createWidget(recording.cluster, 'another');
  await recording.advance(5000);
  assert.deepEqual(
    (await toldOf(recording, WIDGETS)).filter((cause) => cause === 'expired'),
    ['expired'],
  );
});

test('what was missed of a type of which nothing comes into the story is not told', async () => {
  await using recording = await KilledRecording.start({ seed: 5, prepare });
  await missOne(recording, WIDGETS);
  await recording.kill();
  await recording.resume();
  await recording.advance(5000);
  assert.deepEqual(await toldOf(recording, WIDGETS), []);
});

test('what was missed while nobody recorded is a gap of a type whose objects of the story are all gone', async () => {
  await using recording = await KilledRecording.start({ seed: 5, prepare, crowd: 0 });
  const { cluster } = recording;
  createWidget(cluster, 'seen');
  await recording.advance(2000);
  deleteWidget(cluster, 'seen');
  await recording.advance(2000);
  await recording.kill();
  createWidget(cluster, 'missed');
  deleteWidget(cluster, 'missed');
  cluster.store.compact();
  await recording.advance(2000);
  await recording.resume();
  await recording.advance(5000);
  assert.deepEqual(await toldOf(recording, WIDGETS), ['killed']);
});
