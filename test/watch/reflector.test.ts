import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeClient, ListPage, WatchFrame } from '../../src/kube/client.ts';
import type { KubeObject } from '../../src/model/resource.ts';
import { Slots } from '../../src/model/slots.ts';
import { Pages } from '../../src/watch/pages.ts';
import { type ReflectorEvent, reflect } from '../../src/watch/reflector.ts';
import { SleepClock } from '../kube/wire/client.ts';
import { PODS } from '../kube/wire/types.ts';

function pod(resourceVersion: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'shop', uid: 'a', resourceVersion } };
}

/** Runs a reflector against answers that a function makes up, until it has said so many things. */
async function events(client: Pick<KubeClient, 'list' | 'watch'>, count: number): Promise<ReflectorEvent[]> {
  const stop = new AbortController();
  const said: ReflectorEvent[] = [];
  const options = {
    ...{ client: client as KubeClient, clock: new SleepClock(), random: () => 0, type: PODS, namespace: 'shop' },
    ...{ metadataOnly: false, streamingList: false, listSlots: new Slots(1) },
  };
  for await (const event of reflect(options, stop.signal)) if (said.push(event) === count) break;
  stop.abort();
  return said;
}

function page(more: Partial<ListPage>): ListPage {
  return { items: [], resourceVersion: '5', continue: undefined, ...more };
}

async function* framesOf(frames: readonly WatchFrame[]): AsyncGenerator<WatchFrame> {
  yield* frames;
}

test('a list that goes round in a circle is given up and tried anew, with a stated reason', async () => {
  let calls = 0;
  const list = async () => {
    calls += 1;
    return page({ items: [pod('4')], continue: calls % 2 === 0 ? 'even' : 'odd' });
  };
  const said = await events({ list, watch: () => framesOf([]) }, 10);
  const failing = said.find((event) => event.type === 'failing');
  assert.match(String(failing?.error.message), /the list of pods gave the same continue token twice/);
  assert.ok(calls <= 8, `${calls} pages were asked for`);
});

test('a list of empty pages, or of more than a cluster can hold, ends', () => {
  const empty = new Pages(PODS);
  let token = 0;
  const next = (items: readonly KubeObject[]) => page({ items, continue: String(token++) });
  assert.throws(() => {
    for (;;) empty.take(next([]));
  }, /pages without an object/);
  assert.equal(token, 101);
  const endless = new Pages(PODS);
  assert.throws(() => {
    for (;;) endless.take(next([pod('1')]));
  }, /did not end after 10000 pages/);
  const streamed = new Pages(PODS);
  assert.throws(() => {
    for (;;) streamed.takeObject();
  }, /did not end after 5000000 objects/);
});

test('a resourceVersion that goes back is told as it came, and the watch goes on from there', async () => {
  const asked: (string | undefined)[] = [];
  const changes = ['7', '3', '8'].map((version) => ({ type: 'MODIFIED', object: pod(version) }) as const);
  const watch: KubeClient['watch'] = (_type, { resourceVersion }) => {
    asked.push(resourceVersion);
    return framesOf(asked.length === 1 ? changes.slice(0, 2) : changes.slice(2));
  };
  const said = await events({ list: async () => page({}), watch }, 5);
  const versions = said.flatMap((event) => (event.type === 'apply' ? [event.object.metadata.resourceVersion] : []));
  assert.deepEqual(versions, ['7', '3', '8']);
  assert.deepEqual(asked, ['5', '3']);
});
