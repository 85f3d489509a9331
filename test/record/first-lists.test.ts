import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fault, FaultRequest } from '../../src/demo/faults.ts';
import type { SimulatedCluster } from '../../src/demo/simulated-cluster.ts';
import { deployWeb, scaleWeb } from './root.ts';
import { SimulatedRecording } from './simulated-recording.ts';
import type { ReadStory } from './simulation/story.ts';
import { storyOn } from './simulation/story.ts';
import { createWidget, deleteWidget, WIDGET_TYPE, WIDGETS } from './widgets.ts';

const OVERLOADED: Fault = { type: 'status', status: 503, reason: 'ServiceUnavailable' };
const FAILURES: Readonly<Record<string, Fault>> = {
  'an overloaded server': OVERLOADED,
  'too many requests': { type: 'status', status: 429, reason: 'TooManyRequests', retryAfter: 1 },
  'a history that is gone': { type: 'status', status: 410, reason: 'Expired' },
  'a broken connection': { type: 'cut', afterBytes: 0 },
  silence: { type: 'stall', afterBytes: 0 },
};

function strike(cluster: SimulatedCluster, resource: string, fault: Fault): void {
  const isMeant = (request: FaultRequest) => request.resource === resource && ['list', 'watch'].includes(request.verb);
  cluster.faults.add(isMeant, fault, 1000);
}

/** Of one type each call is answered so for 30 s; meanwhile a pod and a widget come and go. */
async function record(resource: string, fault: Fault, streamingList = true) {
  const prepare = (cluster: SimulatedCluster) => {
    deployWeb(cluster);
    strike(cluster, resource, fault);
  };
  await using recording = await SimulatedRecording.start({ seed: 5, prepare, streamingList, types: [WIDGET_TYPE] });
  const { cluster } = recording;
  scaleWeb(cluster, 3);
  createWidget(cluster, 'gone');
  await recording.advance(20_000);
  scaleWeb(cluster, 2);
  deleteWidget(cluster, 'gone');
  await recording.advance(10_000);
  cluster.faults.clear();
  const endedAt = recording.clock.now();
  await recording.advance(150_000); // what was silent is opened anew
  createWidget(cluster, 'stays');
  await recording.advance(5000);
  await recording.end();
  return { story: await storyOn(recording.disk), endedAt };
}

function gapsOf({ head }: ReadStory, storage: string) {
  return head.gaps.filter(({ of }) => of.resource === storage);
}

function notesOf({ timeline }: ReadStory): readonly string[] {
  return timeline.flatMap((entry) => (entry.type === 'note' ? [entry.text] : []));
}

const NEEDED = ['deployments.apps', 'replicasets.apps', 'pods', 'events'];

for (const storage of [...NEEDED, WIDGETS])
  test(`${storage} whose first list fails at first are a suspected gap from the start of the story until it succeeds`, async () => {
    const { story, endedAt } = await record(storage.split('.')[0] ?? '', OVERLOADED);
    const [gap, ...more] = gapsOf(story, storage);
    assert.deepEqual(more, []);
    assert.deepEqual([gap?.cause, gap?.certainty], ['error', 'suspected']);
    assert.match(gap?.evidence ?? '', /the first list failed at first.*: a planned fault$/);
    assert.equal(gap?.from, story.head.metadata.startTime);
    assert.ok(Date.parse(gap?.to ?? '') >= endedAt);
    assert.ok(Date.parse(gap?.to ?? '') < endedAt + 40_000);
    assert.equal(story.head.metadata.complete, false);
  });

for (const [what, fault] of Object.entries(FAILURES))
  for (const streamingList of fault.type === 'status' ? [true, false] : [true]) // a page comes as one, or not at all
    test(`pods are such a gap where ${what} is the answer${streamingList ? '' : ', in pages'}`, async () => {
      const { story } = await record('pods', fault, streamingList);
      const [gap, ...more] = gapsOf(story, 'pods');
      assert.deepEqual(more, []);
      assert.deepEqual([gap?.cause, gap?.from], ['error', story.head.metadata.startTime]);
    });

for (const storage of [...NEEDED, WIDGETS])
  test(`${storage} whose first list takes its time are in no gap`, async () => {
    const { story } = await record(storage.split('.')[0] ?? '', { type: 'delay', ms: 20_000 });
    assert.deepEqual(gapsOf(story, storage), []);
  });

for (const resource of ['services', 'nodes'])
  test(`${resource}, which only explain a story, are in a note where their first list fails, and the story is complete`, async () => {
    const { story } = await record(resource, OVERLOADED);
    const start = `${resource} that explain this story may be missing until `;
    assert.ok(
      notesOf(story).some((note) => note.startsWith(start)),
      notesOf(story).join('; '),
    );
    assert.deepEqual(story.head.gaps, []);
    assert.equal(story.head.metadata.complete, true);
  });

test('a type that appears later, and whose first list fails, is a gap from when it may first have been there', async () => {
  await using recording = await SimulatedRecording.start({ seed: 5, prepare: deployWeb });
  const { cluster } = recording;
  await recording.advance(65_000);
  const since = recording.clock.now();
  strike(cluster, 'widgets', OVERLOADED);
  cluster.serve(WIDGET_TYPE);
  cluster.create('customresourcedefinitions.apiextensions.k8s.io', null, { metadata: { name: WIDGETS } });
  createWidget(cluster, 'gone');
  await recording.advance(20_000);
  deleteWidget(cluster, 'gone');
  cluster.faults.clear();
  await recording.advance(60_000);
  createWidget(cluster, 'stays');
  await recording.advance(5000);
  await recording.end();
  const story = await storyOn(recording.disk);
  const [gap, ...more] = gapsOf(story, WIDGETS);
  assert.deepEqual(more, []);
  assert.equal(gap?.cause, 'error');
  assert.ok(Date.parse(gap?.from ?? '') <= since && Date.parse(gap?.from ?? '') > since - 65_000);
});

for (const storage of ['deployments.apps', 'pods', 'events'])
  test(`${storage} are a gap from the start, too, where the recorder is killed while their first list fails`, async () => {
    const prepare = (cluster: SimulatedCluster) => {
      deployWeb(cluster);
      strike(cluster, storage.split('.')[0] ?? '', OVERLOADED);
    };
    await using recording = await SimulatedRecording.start({ seed: 5, prepare });
    await recording.advance(120_000);
    await recording.kill(recording.disk.afterKill());
    recording.cluster.faults.clear();
    await recording.resume();
    await recording.advance(10_000);
    await recording.end();
    const story = await storyOn(recording.disk);
    const gaps = gapsOf(story, storage);
    assert.ok(
      gaps.some(({ from }) => from === story.head.metadata.startTime),
      JSON.stringify(gaps),
    );
  });
