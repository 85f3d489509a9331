import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { KubeClient, ListPage, WatchFrame, WatchOptions } from '../../src/kube/client.ts';
import { ApiError } from '../../src/kube/error.ts';
import type { KubeObject } from '../../src/model/resource.ts';
import { Slots } from '../../src/model/slots.ts';
import type { Clock } from '../../src/model/time.ts';
import { Compression } from '../../src/watch/compression.ts';
import { Pages } from '../../src/watch/pages.ts';
import { type ReflectorEvent, type ReflectorOptions, reflect } from '../../src/watch/reflector.ts';
import { SleepClock } from '../kube/wire/client.ts';
import { PODS } from '../kube/wire/types.ts';

function pod(resourceVersion: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'shop', uid: 'a', resourceVersion } };
}

/** Runs a reflector against answers that a function makes up, until it has said so many things. */
async function events(
  client: Pick<KubeClient, 'list' | 'watch'>,
  count: number,
  more: Partial<ReflectorOptions> = {},
): Promise<ReflectorEvent[]> {
  const stop = new AbortController();
  const said: ReflectorEvent[] = [];
  const options = {
    ...{ client: client as KubeClient, clock: new SleepClock(), random: () => 0, type: PODS, namespace: 'shop' },
    ...{ metadataOnly: false, streamingList: false, listSlots: new Slots(1) },
    ...more,
  };
  for await (const event of reflect(options, stop.signal)) if (said.push(event) === count) break;
  stop.abort();
  return said;
}

function page(more: Partial<ListPage>): ListPage {
  return { items: [], resourceVersion: '5', continue: undefined, ...more };
}

function added(resourceVersion: string): WatchFrame {
  return { type: 'ADDED', object: pod(resourceVersion) };
}

const BOOKMARK: WatchFrame = { type: 'BOOKMARK', resourceVersion: '5', initialEventsEnd: false };

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
    for (;;) streamed.takeFrame({ type: 'ADDED', object: pod('1') }, 0);
  }, /did not end after 1000000 objects/);
});

/** A streaming list that never says that it has ended: so many milliseconds between two frames. */
async function* unending(clock: SleepClock, ms: number, frame: (index: number) => WatchFrame) {
  for (let index = 0; ; index += 1) {
    await clock.sleep(ms);
    yield frame(index);
  }
}

for (const [title, ms, frame, says] of [
  ['brings ten objects a second', 100, (index: number) => added(`${index}`), /pods did not end within 10 minutes/],
  ['brings an object a minute', 60_000, (index: number) => added(`${index}`), /pods did not end within 10 minutes/],
  ['brings bookmarks alone', 60_000, () => BOOKMARK, /pods did not end within 10 minutes/],
] as const)
  test(`a streaming list that ${title} is given up, with a stated reason, and the type is asked for in pages`, async () => {
    const clock = new SleepClock();
    const slots = new Slots(1);
    const stop = new AbortController();
    const watched: WatchOptions[] = [];
    const watch: KubeClient['watch'] = (_type, options) => {
      watched.push(options);
      return unending(clock, ms, frame);
    };
    const list = async () => page({ items: [pod('4')] });
    const client = { list, watch } as unknown as KubeClient;
    const options = { client, clock, random: () => 0, type: PODS, namespace: 'shop', metadataOnly: false };
    const said: Exclude<ReflectorEvent, { type: 'initApply' }>[] = [];
    for await (const event of reflect({ ...options, streamingList: true, listSlots: slots }, stop.signal)) {
      if (event.type !== 'initApply') said.push(event);
      if (event.type === 'initDone') break;
    }
    assert.deepEqual(
      said.map(({ type }) => type),
      ['init', 'failing', 'init', 'initDone'],
    );
    assert.match(said[1]?.type === 'failing' ? said[1].error.message : '', says);
    assert.equal(watched[0]?.sendInitialEvents, true);
    assert.equal(watched.length, 1);
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

/** A server of one pod whose every state is a resourceVersion: plain watches are cut after some states, streamed ones not. */
function changing(isCompressed: boolean) {
  const asked: ('plain' | 'streamed')[] = [];
  const open = { plain: 0, streamed: 0 };
  let newest = 5;
  const watch: KubeClient['watch'] = async function* (_type, options, signal): AsyncGenerator<WatchFrame> {
    const kind = options.sendInitialEvents === true ? 'streamed' : 'plain';
    asked.push(kind);
    options.onOpen?.({ isCompressed: isCompressed && kind === 'streamed' });
    open[kind] += 1;
    try {
      let at = Number(options.resourceVersion ?? newest);
      if (kind === 'streamed') {
        await setImmediate();
        signal.throwIfAborted();
        yield { type: 'ADDED', object: pod(String(at)) };
        yield { type: 'BOOKMARK', resourceVersion: String(at), initialEventsEnd: true };
      }
      for (const end = kind === 'plain' ? at + 8 : at + 100; at < end; ) {
        await setImmediate();
        signal.throwIfAborted();
        at += 1;
        newest = Math.max(newest, at);
        yield { type: 'MODIFIED', object: pod(String(at)) };
      }
    } finally {
      open[kind] -= 1;
    }
  };
  return { asked, open, client: { list: async () => page({ items: [pod('5')] }), watch } };
}

/** Backs off in no time, and never finds a watch silent for too long. */
const patient: Clock = {
  now: () => 0,
  sleep: (ms, signal) =>
    ms < 60_000
      ? Promise.resolve()
      : new Promise((_resolve, reject) =>
          signal?.addEventListener('abort', () => reject(signal.reason), { once: true }),
        ),
};

function statesOf(said: readonly ReflectorEvent[]): readonly string[] {
  return said.flatMap((event) => (event.type === 'apply' ? [event.object.metadata.resourceVersion] : []));
}

test('a watch that brings much goes over to a compressed one, which tells all that follows', async () => {
  const { asked, open, client } = changing(true);
  const more = { clock: patient, from: '5', streamingList: true, crossAfter: 3 };
  const said = await events(client, 60, more);
  assert.deepEqual(asked, ['plain', 'streamed']);
  assert.deepEqual(
    statesOf(said),
    Array.from({ length: 60 }, (_, index) => String(6 + index)),
  );
  assert.deepEqual(open, { plain: 0, streamed: 0 }, 'both were closed');
});

test('where a streaming list is not compressed, it is asked for once, and the plain watch goes on', async () => {
  const { asked, open, client } = changing(false);
  const said = await events(client, 60, { clock: patient, from: '5', streamingList: true, crossAfter: 3 });
  assert.deepEqual(
    statesOf(said).slice(0, 20),
    Array.from({ length: 20 }, (_, index) => String(6 + index)),
  );
  assert.deepEqual(asked.slice(0, 4), ['plain', 'streamed', 'plain', 'plain']);
  assert.equal(asked.filter((kind) => kind === 'streamed').length, 1);
  assert.deepEqual(open, { plain: 0, streamed: 0 });
});

test('what one watch has learned of the server, another one does not ask again', async () => {
  const compression = new Compression();
  const how = { clock: patient, from: '5', streamingList: true, crossAfter: 3, compression };
  const [first, second] = [changing(false), changing(false)];
  await events(first.client, 60, how);
  await events(second.client, 60, how);
  assert.ok(first.asked.includes('streamed'));
  assert.ok(!second.asked.includes('streamed'));
  const [lists, third] = [changing(false), changing(false)];
  const learned = new Compression();
  await events(lists.client, 3, { clock: patient, streamingList: true, compression: learned });
  await events(third.client, 60, { ...how, compression: learned });
  assert.ok(!third.asked.includes('streamed'), 'a list tells it as well');
});

test('a watch goes over once it has brought two changes', async () => {
  const { asked, client } = changing(true);
  const said = await events(client, 6, { clock: patient, from: '5', streamingList: true });
  assert.deepEqual(asked, ['plain', 'streamed']);
  assert.deepEqual(statesOf(said), ['6', '7', '8', '9', '10', '11']);
});

test('a watch does not go over before it has brought an eighth of what the streaming list would bring again', async () => {
  const { asked, client } = changing(true);
  const many = { ...client, list: async () => page({ items: Array.from({ length: 400 }, () => pod('5')) }) };
  await events(many, 400 + 2 + 40, { clock: patient, streamingList: true, crossAfter: 3, from: '5', listFrom: true });
  assert.ok(!asked.includes('streamed'), 'a watch of 400 objects ends before 50 changes');
});

test('a server without streaming lists is asked for one once, by a watch that began at a position as well', async () => {
  const { asked, client } = changing(true);
  const watch: KubeClient['watch'] = (type, options, signal) => {
    if (options.sendInitialEvents !== true) return client.watch(type, options, signal);
    asked.push('streamed');
    throw new ApiError(422, 'sendInitialEvents is forbidden', { reason: 'Invalid' });
  };
  await events({ ...client, watch }, 60, { clock: patient, from: '5', streamingList: true, crossAfter: 3 });
  assert.equal(asked.filter((kind) => kind === 'streamed').length, 1);
  assert.ok(asked.length > 5, 'the plain watch goes on');
});
