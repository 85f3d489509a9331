import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '../../src/demo/clock.ts';
import type { LogOptions } from '../../src/kube/client.ts';
import type { NodeRoute } from '../../src/kube/node-routes.ts';
import { FirstLines } from '../../src/logs/binding.ts';
import { FollowerMaker } from '../../src/logs/follower-maker.ts';
import { InstanceLife } from '../../src/logs/life.ts';
import { OpenStreams } from '../../src/logs/open-streams.ts';
import { LogPasts } from '../../src/logs/past.ts';
import type { FollowEnd, LogSink } from '../../src/logs/sink.ts';
import { gapKey } from '../../src/model/gap.ts';
import { instanceKey } from '../../src/model/instance.ts';
import { Slots } from '../../src/model/slots.ts';
import { type Timestamp, timestampOf } from '../../src/model/time.ts';
import { recordedLines } from '../record/harness.ts';
import { FakeNode } from './fake-node.ts';
import { atOnce, FakeStream } from './following.ts';
import { kept } from './kept.ts';

const FLUSH_MS = 100;
const BEGIN = Date.UTC(2026, 10, 23, 12);
const instance = { podUid: 'p', namespace: 'shop', pod: 'web', container: 'app', restart: 0 };
const pod = {
  ...{ apiVersion: 'v1', kind: 'Pod', spec: { nodeName: 'n' } },
  metadata: { name: 'web', namespace: 'shop', uid: 'p', resourceVersion: '1' },
};

/** A container whose node does not answer at first, followed by whatever is chosen for it; or by a recorder after one. */
class Outage {
  readonly clock: SimulatedClock;
  readonly node: FakeNode;
  readonly records: Parameters<LogSink['append']>[0][] = [];
  readonly requests: LogOptions[] = [];
  readonly life: InstanceLife;
  end: FollowEnd | undefined;
  isAnswering: boolean;
  readonly #open = new OpenStreams();
  readonly #stop = new AbortController();
  #stream = new FakeStream();
  #numbers: number;

  constructor(before?: Outage, maxBytes = 10 * 1024 * 1024) {
    this.clock = before?.clock ?? new SimulatedClock();
    this.node = before?.node ?? new FakeNode();
    this.isAnswering = before?.isAnswering ?? false;
    const past = new LogPasts();
    for (const record of before?.records ?? [])
      past.take(record.kind === 'log' ? { ...record, read: async () => record } : record);
    this.#numbers = past.nextStream;
    this.life = new InstanceLife(instance, { state: 'running', startedAt: this.time(0), finishedAt: undefined });
    const { signal } = this.#stop;
    const maker = new FollowerMaker(
      {
        route: 'auto',
        limits: {},
        ...(before === undefined ? {} : { past }),
        routeOf: async (): Promise<NodeRoute> =>
          this.isAnswering
            ? { type: 'node-files', node: 'n', files: this.node, isProxied: false }
            : { type: 'refused', node: 'n', reason: '503', isPassing: true },
        sink: { append: (record) => void this.records.push(kept(record)), drained: async () => undefined },
        clock: this.clock,
        gunzip: atOnce,
        say: () => undefined,
        settings: { logRotation: () => ({ maxBytes, maxFiles: 5 }), asked: async () => undefined },
        client: {
          logs: async (request, signal) => {
            this.requests.push(request);
            this.#stream = new FakeStream();
            return this.#stream.bytes(signal);
          },
        },
      },
      { slots: new Slots(5), open: this.#open, nextStream: () => this.#numbers++ },
      signal,
    );
    const making = maker.make(pod, { firstLines: new FirstLines(), life: this.life }, signal);
    void making
      .then((follower) => follower.run(signal))
      .then((end) => {
        this.end = end;
      })
      .catch(() => undefined); // the test is over
  }

  time(ms: number): Timestamp {
    return timestampOf(BEGIN + ms);
  }

  /** Into the file, and onto the stream where one is open. */
  write(ms: number, text: string): void {
    this.node.write(`${this.time(ms)} stdout F ${text}\n`);
    this.#stream.push(`${this.time(ms)} ${text}\n`);
  }

  async advance(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += FLUSH_MS) {
      await this.clock.advance(FLUSH_MS, settle);
      this.#open.flush();
      await settle();
    }
  }

  /** The lines that were recorded, the gaps, and the routes one after the other. */
  recorded() {
    const lines = recordedLines(this.records).get(instanceKey(instance)) ?? [];
    const told = this.records.flatMap((record) => (record.kind === 'gap' ? [record] : []));
    const withdrawn = new Set(told.flatMap(({ gap, isWithdrawn }) => (isWithdrawn === true ? [gapKey(gap)] : [])));
    const gaps = told.flatMap(({ gap }) => (withdrawn.has(gapKey(gap)) ? [] : [gap]));
    const routes = this.records.flatMap((record) => (record.kind === 'streamOpened' ? [record.route] : []));
    return { lines: lines.map((line) => line.slice(31)), gaps, routes };
  }

  /** The recorder is killed; another one goes on. */
  resume(maxBytes?: number): Outage {
    this[Symbol.dispose]();
    return new Outage(this, maxBytes);
  }

  terminate(ms: number): void {
    this.life.update({ state: 'terminated', startedAt: this.time(0), finishedAt: this.time(ms) }, 0);
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
  }
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test('a node that answers again has its files read from the next line on, each line once', async () => {
  using outage = new Outage();
  await outage.advance(4000);
  outage.write(4000, 'one');
  outage.write(4000, 'two');
  await outage.advance(1000);
  assert.deepEqual(outage.recorded(), { lines: ['one', 'two'], gaps: [], routes: ['stream'] });
  outage.isAnswering = true;
  outage.write(5000, 'three');
  await outage.advance(30_000);
  outage.write(35_000, 'four');
  await outage.advance(2000);
  outage.terminate(37_000);
  await outage.advance(5000);
  const { lines, gaps, routes } = outage.recorded();
  assert.deepEqual([lines, gaps], [['one', 'two', 'three', 'four'], []]);
  assert.equal(outage.end?.end, 'proven');
  assert.ok(outage.life.hasFiles);
  assert.ok(routes.includes('stream'));
  const notes = outage.records.flatMap((record) => (record.kind === 'note' ? [record.text] : []));
  assert.ok(notes.includes('node n lets its log files be read now: they go on where the pod log API was left'));
});

test('lines that come while the change is made are in the files, and come once, over a rotation too', async () => {
  using outage = new Outage();
  await outage.advance(4000);
  const written: string[] = [];
  for (let ms = 4000; ms < 40_000; ms += 200) {
    if (ms === 15_000) outage.isAnswering = true;
    if (ms === 20_000) outage.node.rotate();
    written.push(`line ${ms}`);
    outage.write(ms, `line ${ms}`);
    await outage.advance(200);
  }
  outage.terminate(40_000);
  await outage.advance(10_000);
  const { lines, gaps } = outage.recorded();
  assert.deepEqual([lines, gaps, outage.end?.end], [written, [], 'proven']);
});

/** The node answers after four seconds, before anything was written; then comes a line, and the container's end. */
async function writesWhenAnswering(outage: Outage): Promise<void> {
  await outage.advance(4000);
  outage.isAnswering = true;
  await outage.advance(30_000);
  outage.write(34_000, 'one');
  await outage.advance(10_000);
  outage.terminate(44_000);
  await outage.advance(5000);
}

test('a log of which nothing had come yet is read from its files alone', async () => {
  using outage = new Outage();
  await writesWhenAnswering(outage);
  assert.deepEqual([outage.recorded().lines, outage.end?.end], [['one'], 'proven']);
});

test('where the last lines are in no file, the stream goes on', async () => {
  using outage = new Outage();
  await outage.advance(4000);
  outage.write(4000, 'one');
  await outage.advance(1000);
  outage.node.names.set('0.log', Buffer.alloc(0));
  outage.isAnswering = true;
  await outage.advance(30_000);
  assert.equal(outage.life.hasFiles, false);
  assert.equal(outage.requests.at(-1)?.sinceTime, '2026-11-23T12:00:04Z');
  outage.write(35_000, 'two');
  await outage.advance(1000);
  assert.deepEqual(outage.recorded().routes.slice(0, 2), ['stream', 'stream']);
  assert.deepEqual(outage.recorded().lines.slice(0, 1), ['one']);
});

/** Writes some lines of 10 KiB from a moment on; gives their texts. */
function writeLarge(outage: Outage, ms: number, lines: number): readonly string[] {
  const texts = Array.from({ length: lines }, (_, index) => `line ${ms} ${index} ${'x'.repeat(10_240)}`);
  for (const [index, text] of texts.entries()) outage.write(ms + index, text);
  return texts;
}

test('what a killed recorder had by the pod log API is found in the files by the one after it, rotated ones too', async () => {
  using outage = new Outage();
  await outage.advance(4000);
  writeLarge(outage, 4000, 200);
  await outage.advance(1000);
  assert.equal(outage.recorded().lines.length, 200);
  outage.isAnswering = true;
  outage.node.rotate();
  using resumed = outage.resume();
  const meanwhile = writeLarge(resumed, 6000, 3); // by the stream nothing is shown of them
  outage.node.rotate();
  await resumed.advance(2000);
  resumed.write(9000, 'last');
  await resumed.advance(10_000);
  resumed.terminate(20_000);
  await resumed.advance(5000);
  const { lines, gaps, routes } = resumed.recorded();
  assert.deepEqual(lines, [...meanwhile, 'last']);
  assert.deepEqual([gaps, resumed.end?.end, routes.includes('node-files')], [[], 'proven', true]);
});

test('what a killed recorder may have missed by the pod log API stays in doubt, though the files go on behind it', async () => {
  using outage = new Outage(undefined, 1024 * 1024);
  await outage.advance(4000);
  writeLarge(outage, 4000, 200);
  await outage.advance(1000);
  outage.isAnswering = true;
  using resumed = outage.resume(1024 * 1024);
  await resumed.advance(2000);
  resumed.terminate(20_000);
  await resumed.advance(5000);
  const { gaps } = resumed.recorded();
  assert.deepEqual([gaps.map(({ to }) => to), resumed.end?.end], [[outage.time(4299)], 'not proven']);
});

test('a killed recorder is followed by the pod log API where the files do not hold its last lines', async () => {
  using outage = new Outage();
  await outage.advance(4000);
  writeLarge(outage, 4000, 200);
  await outage.advance(1000);
  outage.isAnswering = true;
  outage.node.names.set('0.log', Buffer.alloc(0));
  using resumed = outage.resume();
  await resumed.advance(5000);
  assert.deepEqual(resumed.recorded().routes, ['stream']);
});

test('a node that cannot be asked when another recorder goes on is read when it answers', async () => {
  using outage = new Outage();
  await outage.advance(4000);
  writeLarge(outage, 4000, 200);
  await outage.advance(1000);
  using resumed = outage.resume();
  await resumed.advance(5000);
  resumed.isAnswering = true;
  await resumed.advance(30_000);
  resumed.write(40_000, 'last');
  await resumed.advance(10_000);
  resumed.terminate(50_000);
  await resumed.advance(5000);
  const { lines, gaps } = resumed.recorded();
  assert.deepEqual([lines, gaps, resumed.end?.end], [['last'], [], 'proven']);
});

test('a log of which nothing had come is in no doubt when its files are read, however late that is', async () => {
  using outage = new Outage();
  outage.life.update({ state: 'running', startedAt: outage.time(-3_600_000), finishedAt: undefined }, 0);
  await writesWhenAnswering(outage);
  assert.deepEqual(outage.recorded().gaps, []);
});

/** One whose container has run for an hour: whether its log was rotated before the stream began, that cannot tell. */
function longRunning(before?: Outage): Outage {
  const outage = new Outage(before);
  outage.life.update({ state: 'running', startedAt: outage.time(-3_600_000), finishedAt: undefined }, 0);
  return outage;
}

async function answersAndEnds(outage: Outage): Promise<void> {
  outage.isAnswering = true;
  await outage.advance(30_000);
  outage.write(35_000, 'last');
  await outage.advance(2000);
  outage.life.update({ state: 'terminated', startedAt: outage.time(-3_600_000), finishedAt: outage.time(37_000) }, 0);
  await outage.advance(5000);
}

test('what the stream left in doubt is withdrawn where the files hold the same from the beginning on', async () => {
  using outage = longRunning();
  await outage.advance(4000);
  outage.write(4000, 'one');
  outage.write(4000, 'two');
  await outage.advance(1000);
  assert.equal(outage.recorded().gaps.length, 1);
  await answersAndEnds(outage);
  const { lines, gaps } = outage.recorded();
  assert.deepEqual([lines, gaps, outage.end?.end], [['one', 'two', 'last'], [], 'proven']);
});

test('what was rotated before the stream began is read from the files when the node answers', async () => {
  using outage = longRunning();
  outage.node.write(`${outage.time(-1_800_000)} stdout F early\n`);
  outage.node.rotate();
  await outage.advance(4000);
  outage.write(4000, 'one');
  await outage.advance(1000);
  assert.deepEqual(outage.recorded().lines, ['one']);
  await answersAndEnds(outage);
  const { lines, gaps } = outage.recorded();
  assert.deepEqual([lines, gaps, outage.end?.end], [['early', 'one', 'last'], [], 'proven']);
});

test('what was withdrawn is in no doubt for another recorder', async () => {
  using outage = longRunning();
  await outage.advance(4000);
  outage.write(4000, 'one');
  await outage.advance(1000);
  outage.isAnswering = true;
  await outage.advance(30_000);
  assert.deepEqual(outage.recorded().gaps, []);
  using resumed = longRunning(outage);
  outage[Symbol.dispose]();
  await answersAndEnds(resumed);
  assert.deepEqual([resumed.recorded().lines, resumed.end?.end], [['last'], 'proven']);
});

test('what a killed recorder left in doubt is withdrawn by the one after it, where the files hold the same', async () => {
  using outage = longRunning();
  await outage.advance(4000);
  outage.write(4000, 'one');
  await outage.advance(1000);
  assert.equal(outage.recorded().gaps.length, 1);
  outage[Symbol.dispose]();
  outage.isAnswering = true;
  using resumed = longRunning(outage);
  await answersAndEnds(resumed);
  const told = resumed.records.flatMap((record) => (record.kind === 'gap' ? [record.isWithdrawn] : []));
  assert.deepEqual([resumed.recorded().lines, told, resumed.end?.end], [['last'], [true], 'proven']);
});

test('what the files hold no more stands as the stream brought it, and in doubt', async () => {
  using outage = longRunning();
  await outage.advance(4000);
  outage.write(4000, 'one');
  outage.node.rotate();
  outage.write(5000, 'two');
  await outage.advance(1000);
  outage.node.names.delete([...outage.node.names.keys()].find((name) => name !== '0.log') ?? '');
  await answersAndEnds(outage);
  const { lines, gaps } = outage.recorded();
  assert.deepEqual([lines, gaps.length, outage.end?.end], [['one', 'two', 'last'], 1, 'not proven']);
});

test('more than is compared stands as the stream brought it, and in doubt', async () => {
  using outage = longRunning();
  await outage.advance(4000);
  writeLarge(outage, 4000, 30);
  await outage.advance(1000);
  await answersAndEnds(outage);
  const { lines, gaps } = outage.recorded();
  assert.deepEqual([lines.length, gaps.length, outage.end?.end], [31, 1, 'not proven']);
});
