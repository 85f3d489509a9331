import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '../../src/demo/clock.ts';
import type { LogOptions } from '../../src/kube/client.ts';
import { LogFollowers } from '../../src/logs/followers.ts';
import { LogPasts } from '../../src/logs/past.ts';
import type { LogRouteChoice } from '../../src/logs/route-chooser.ts';
import type { LogSink } from '../../src/logs/sink.ts';
import type { KubeObject } from '../../src/model/resource.ts';
import { timestampOf } from '../../src/model/time.ts';
import { FakeNode } from './fake-node.ts';
import { atOnce, FakeStream } from './following.ts';
import { kept } from './kept.ts';

const STEP_MS = 100;

/** The logs of a pod whose container is started again and again, on a clock that goes when the test says so. */
class Loop implements AsyncDisposable {
  readonly clock = new SimulatedClock();
  readonly node = new FakeNode();
  readonly records: Parameters<LogSink['append']>[0][] = [];
  /** What was asked of the pod log API. */
  readonly asked: LogOptions[] = [];
  readonly stream = new FakeStream();
  readonly followers: LogFollowers;

  constructor(route: LogRouteChoice = 'auto', past?: LogPasts) {
    this.followers = new LogFollowers({
      route,
      past,
      limits: {},
      maxStreams: 5,
      routeOf: async () => ({ type: 'node-files', node: 'n', files: this.node, isProxied: false }),
      sink: { append: (record) => void this.records.push(kept(record)), drained: async () => undefined },
      clock: this.clock,
      gunzip: atOnce,
      say: () => undefined,
      settings: { logRotation: () => ({ maxBytes: 10 * 1024 * 1024, maxFiles: 5 }), asked: async () => undefined },
      client: {
        logs: async (request, signal) => {
          this.asked.push(request);
          return this.stream.bytes(signal);
        },
      },
    });
  }

  /** Run number `restart` has ended, too, and waits to be replaced: of the one before it the pod tells no more. */
  waits(restart: number): void {
    this.followers.observe(this.#waiting(restart));
  }

  /** A recorder that was killed had seen the same. */
  restores(restart: number): void {
    this.followers.restore(this.#waiting(restart), { isDeleted: false });
  }

  #waiting(restart: number): KubeObject {
    const now = timestampOf(this.clock.now());
    const ended = { containerID: `r://${restart}`, exitCode: 1, startedAt: now, finishedAt: now };
    const status = {
      ...{ name: 'app', restartCount: restart, containerID: `r://${restart}` },
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated: ended },
    };
    return this.#podOf(status);
  }

  /** Run number `restart` runs now; the one before it has just ended. */
  runs(restart: number): void {
    const now = timestampOf(this.clock.now());
    this.node.names.set(`${restart}.log`, Buffer.from(`${now} stdout F line of run ${restart}\n`));
    const ended = { containerID: `r://${restart - 1}`, exitCode: 1, startedAt: now, finishedAt: now };
    const status = {
      ...{ name: 'app', restartCount: restart, containerID: `r://${restart}` },
      state: { running: { startedAt: now } },
      lastState: restart === 0 ? {} : { terminated: ended },
    };
    this.followers.observe(this.#podOf(status));
  }

  #podOf(status: object): KubeObject {
    return podOf({ phase: 'Running', containerStatuses: [status] });
  }

  async advance(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += STEP_MS) await this.clock.advance(STEP_MS, settle);
  }

  get gaps(): readonly string[] {
    return this.records.flatMap((record) => (record.kind === 'gap' ? [record.gap.evidence] : []));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const over = this.followers[Symbol.asyncDispose]();
    await this.advance(1000);
    await over;
  }
}

function podOf(status: object): KubeObject {
  return {
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: { name: 'web', namespace: 'shop', uid: 'p', resourceVersion: '1', creationTimestamp: MADE_AT },
    spec: { nodeName: 'n', restartPolicy: 'Always', initContainers: [{ name: 'init' }], containers: [{ name: 'app' }] },
    status,
  };
}

const MADE_AT = '2026-11-23T11:59:58Z';

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test('logs are settled when what there was is read, though runs of a crash loop begin meanwhile', async () => {
  await using loop = new Loop();
  loop.runs(0);
  await loop.advance(3000);
  let isSettled = false;
  void loop.followers.settle(new AbortController().signal).then(() => {
    isSettled = true;
  });
  for (let restart = 1; restart <= 5 && !isSettled; restart += 1) {
    loop.runs(restart);
    await loop.advance(2000);
  }
  assert.ok(isSettled, 'each run that ends is waited for, and the next one with it');
  assert.deepEqual(loop.gaps, []);
});

test('of a pod that is gone before its node told how it ended, containers that nobody saw begin may have run: told once, from its making on', async () => {
  await using loop = new Loop();
  const init = { name: 'init', restartCount: 0, containerID: 'r://i', state: { running: { startedAt: MADE_AT } } };
  const app = { name: 'app', restartCount: 0, state: { waiting: { reason: 'PodInitializing' } } };
  const pod = podOf({ phase: 'Pending', initContainerStatuses: [init], containerStatuses: [app] });
  loop.followers.observe(pod);
  loop.followers.podDeleted(pod);
  loop.followers.podDeleted(pod);
  const gaps = loop.records.flatMap((record) => (record.kind === 'gap' ? [record.gap] : []));
  assert.deepEqual(
    gaps.map(({ of, from, isOpen }) => ['container' in of && of.container.container, from, isOpen]),
    [
      ['init', timestampOf(loop.clock.now()), true],
      ['app', '2026-11-23T11:59:58.000000000Z', true],
    ],
  );
});

test('while a later run waits to be replaced, the log of the one before it is not asked for: its kubelet would give that one', async () => {
  await using loop = new Loop('stream');
  loop.runs(0);
  await loop.advance(300);
  loop.stream.end();
  loop.waits(1);
  await loop.advance(3000);
  assert.ok(loop.asked.length > 0);
  assert.deepEqual(
    loop.asked.filter(({ previous }) => previous === true),
    [],
  );
});

test('a recorder that goes on does not ask for a run that its pod showed no more: the kubelet would give a later one', async () => {
  const past = new LogPasts();
  const of = { container: { podUid: 'p', namespace: 'shop', pod: 'web', container: 'app', restart: 0 } };
  const at = timestampOf(Date.parse(MADE_AT));
  const gap = { of, from: at, to: at, certainty: 'known', cause: 'instance-gone', evidence: 'nobody saw it' } as const;
  past.take({ kind: 'gap', observed: at, gap });
  await using loop = new Loop('stream', past);
  loop.restores(1);
  await loop.advance(3000);
  assert.ok(loop.asked.length > 0);
  assert.deepEqual(
    loop.asked.filter(({ previous }) => previous === true),
    [],
  );
});

test('logs are over when each pod has ended or is gone, not between two runs of a crash loop', async () => {
  await using loop = new Loop();
  const { followers } = loop;
  assert.equal(followers.areOver, true);
  followers.observe(podOf({ phase: 'Pending' }));
  assert.equal(followers.areOver, false);
  loop.runs(0);
  assert.equal(followers.areOver, false);
  loop.waits(0);
  assert.equal(followers.areOver, false);
  const now = timestampOf(loop.clock.now());
  const ended = { terminated: { containerID: 'r://0', exitCode: 1, startedAt: now, finishedAt: now } };
  const status = { name: 'app', restartCount: 0, containerID: 'r://0', state: ended };
  followers.observe(podOf({ phase: 'Failed', containerStatuses: [status] }));
  assert.equal(followers.areOver, true);
  loop.runs(1);
  assert.equal(followers.areOver, false);
  followers.podDeleted(podOf({ phase: 'Running' }));
  assert.equal(followers.areOver, true);
});
