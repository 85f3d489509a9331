import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimulatedCluster } from '../../src/demo/simulated-cluster.ts';
import { deployWeb } from './root.ts';
import { SimulatedRecording } from './simulated-recording.ts';
import { judge } from './simulation/judge.ts';
import { storyOn } from './simulation/story.ts';
import { createWidget, deleteWidget, WIDGET_TYPE, WIDGETS } from './widgets.ts';

const DEFINITIONS = 'customresourcedefinitions.apiextensions.k8s.io';

function define(cluster: SimulatedCluster): void {
  cluster.create(DEFINITIONS, null, { metadata: { name: WIDGETS } });
}

/** The type is served from now on, and objects of it come, of which one goes. */
async function appear({ cluster, advance }: { cluster: SimulatedCluster; advance: (ms: number) => Promise<void> }) {
  cluster.serve(WIDGET_TYPE);
  createWidget(cluster, 'gone');
  createWidget(cluster, 'stays');
  await advance(100);
  deleteWidget(cluster, 'gone');
}

/** Plays it from the middle of a recording on; what is told of the type. */
async function record(
  play: (recording: SimulatedRecording) => Promise<void>,
  prepare: (cluster: SimulatedCluster) => void = () => undefined,
  runMs = 0,
) {
  const prepareAll = (cluster: SimulatedCluster) => {
    deployWeb(cluster);
    prepare(cluster);
  };
  await using recording = await SimulatedRecording.start({ seed: 5, prepare: prepareAll, runMs });
  await recording.advance(65_000);
  await play(recording);
  await recording.advance(60_000);
  const to = recording.clock.now();
  await recording.end();
  const story = await storyOn(recording.disk);
  judge({ cluster: recording.cluster, story, from: recording.listedAt, to, skewMs: 0, route: 'auto' });
  const widgets = story.head.objects.filter(({ kind }) => kind === 'Widget').map(({ name }) => name);
  const spans = story.head.gaps.filter(({ of }) => of.resource === WIDGETS);
  const gaps = spans.map(({ cause }) => cause);
  const notes = story.timeline.flatMap((entry) => (entry.type === 'note' ? [entry.text] : []));
  return { widgets, gaps, spans, notes };
}

/** How often the types of the server are asked for behind that. */
async function discoveriesOf(...[play, ...how]: Parameters<typeof record>): Promise<number> {
  let discoveries = 0;
  const count = ({ path }: { readonly path: string }) => {
    if (path === '/apis') discoveries += 1;
    return false;
  };
  await record(
    async (recording) => {
      await play(recording);
      recording.cluster.faults.add(count, FAILURE);
    },
    ...how,
  );
  return discoveries;
}

function stage(recording: SimulatedRecording) {
  return { cluster: recording.cluster, advance: (ms: number) => recording.advance(ms) };
}

const FAILURE = { type: 'status', status: 503, reason: 'ServiceUnavailable' } as const;
const isOfDefinitions = ({ resource }: { readonly resource: string }) => resource === 'customresourcedefinitions';

test('a type that appears while the watch of definitions only ever fails is found, and a gap from before', async () => {
  const { widgets, gaps } = await record(
    async (recording) => {
      define(recording.cluster);
      await appear(stage(recording));
    },
    ({ faults }) => faults.add(isOfDefinitions, FAILURE, 1000),
  );
  assert.deepEqual(widgets, ['stays']);
  assert.deepEqual(gaps, ['late-type']);
});

test('a type whose definition came while the history of definitions was lost is found', async () => {
  const { widgets, gaps } = await record(async (recording) => {
    const { cluster } = recording;
    cluster.api.server.goDown();
    define(cluster);
    await recording.advance(1000);
    cluster.store.compact();
    cluster.api.server.comeBack();
    await appear(stage(recording));
  });
  assert.deepEqual(widgets, ['stays']);
  assert.deepEqual(gaps, ['late-type']);
});

test('a type that appeared between the discovery and the first list of definitions is found', async () => {
  const { widgets } = await record(
    async ({ cluster }) => void createWidget(cluster, 'stays'),
    (cluster) => {
      define(cluster);
      cluster.serve(WIDGET_TYPE);
    },
  );
  assert.deepEqual(widgets, ['stays']);
});

test('a type that was defined before the first list of definitions, and is served after it, is found', async () => {
  const { widgets, gaps } = await record((recording) => appear(stage(recording)), define);
  assert.deepEqual(widgets, ['stays']);
  assert.deepEqual(gaps, ['late-type']);
});

for (const how of ['while it is watched', 'while it is not'])
  test(`a type whose definition is deleted ${how} is not asked for any more`, async () => {
    const discoveries = await discoveriesOf(async (recording) => {
      const { cluster } = recording;
      define(cluster);
      await recording.advance(20_000);
      if (how === 'while it is not') cluster.api.server.goDown();
      cluster.store.delete(cluster.type(DEFINITIONS), null, WIDGETS);
      cluster.store.compact();
      cluster.api.server.comeBack();
      await recording.advance(30_000);
    });
    assert.equal(discoveries, 0);
  });

test('a type that was defined long before the capture, and is not served, is not waited for', async () => {
  const discoveries = await discoveriesOf(async () => undefined, define, 90_000);
  assert.equal(discoveries, 0);
});

test('a type that is served long after it was defined is found, and what it was waited for is told', async () => {
  const { widgets, gaps, notes } = await record(async (recording) => {
    define(recording.cluster);
    await recording.advance(20_000);
    await appear(stage(recording));
  });
  assert.deepEqual(widgets, ['stays']);
  assert.deepEqual(gaps, ['late-type']);
  assert.deepEqual(
    notes.filter((note) => note.includes(WIDGETS)),
    [`${WIDGETS} is defined, and not served: it is asked for every 30 s`],
  );
});

test('that the types of the server cannot be listed again is told once', async () => {
  const { notes } = await record(async (recording) => {
    const { cluster } = recording;
    cluster.faults.add(({ verb }) => verb === 'other', FAILURE, 30);
    define(cluster);
    await appear(stage(recording));
  });
  assert.equal(notes.filter((note) => note.includes('could not be listed again')).length, 1);
});

/** It is served, and an object of it comes and goes while its first list is under way, which shows none. */
async function comeAndGo(recording: SimulatedRecording): Promise<void> {
  const { cluster } = recording;
  cluster.faults.add(({ resource }) => resource === 'widgets', { type: 'delay', ms: 3000 });
  define(cluster);
  cluster.serve(WIDGET_TYPE);
  createWidget(cluster, 'gone');
  await recording.advance(1000);
  deleteWidget(cluster, 'gone');
  await recording.advance(30_000);
}

test('what came and went before the first list of a type that appeared is a gap once an object of it comes', async () => {
  const { widgets, gaps } = await record(async (recording) => {
    await comeAndGo(recording);
    createWidget(recording.cluster, 'stays');
  });
  assert.deepEqual(widgets, ['stays']);
  assert.deepEqual(gaps, ['late-type']);
});

test('of a type that appeared, and of which no object ever comes, nothing is held against the story', async () => {
  const { widgets, gaps } = await record(async ({ cluster }) => {
    define(cluster);
    cluster.serve(WIDGET_TYPE);
  });
  assert.deepEqual([widgets, gaps], [[], []]);
});

test('the gap of a type that appeared ends with its first list, though its history is lost later', async () => {
  let listedBy = '';
  const { spans } = await record(async (recording) => {
    const { cluster } = recording;
    await comeAndGo(recording);
    listedBy = new Date(recording.clock.now()).toISOString();
    await recording.advance(60_000);
    cluster.api.server.goDown();
    createWidget(cluster, 'stays');
    cluster.store.compact();
    cluster.api.server.comeBack();
  });
  const late = spans.filter(({ cause }) => cause === 'late-type');
  assert.equal(late.length, 1);
  assert.ok(late.every(({ to }) => to < listedBy));
});
