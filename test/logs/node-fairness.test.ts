import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '../../src/demo/clock.ts';
import type { FileRead, NodeFiles } from '../../src/kube/node-files.ts';
import { FirstLines } from '../../src/logs/binding.ts';
import { FollowerMaker } from '../../src/logs/follower-maker.ts';
import { InstanceLife } from '../../src/logs/life.ts';
import { OpenStreams } from '../../src/logs/open-streams.ts';
import { Slots } from '../../src/model/slots.ts';
import { timestampOf } from '../../src/model/time.ts';

const QUIET = 60;
const MIB = 1024 * 1024;
const HOT_BYTES = 64 * MIB;
const LINE = `2026-11-23T12:00:00.000000000Z stdout F ${'x'.repeat(8151)}\n`;
const PIECE = Buffer.from(LINE.repeat(32), 'latin1');

/** A node with many logs of one line and one of 64 MiB, which counts what it is asked. */
class CountingNode implements NodeFiles {
  readonly through = 'the test';
  readonly #clock: SimulatedClock;
  /** Whose files were read, in order. */
  readonly asked: string[] = [];
  inFlight = 0;
  most = 0;

  constructor(clock: SimulatedClock) {
    this.#clock = clock;
  }

  async list(_folder: string, signal: AbortSignal): Promise<readonly string[]> {
    await this.#answer(signal);
    this.inFlight -= 1;
    return ['0.log'];
  }

  async read(path: string, from: number, signal: AbortSignal): Promise<FileRead> {
    const [, container = ''] = path.split('/');
    this.asked.push(container);
    await this.#answer(signal);
    const size = container === 'hot' ? HOT_BYTES : LINE.length;
    if (from < size) return { type: 'bytes', from, body: this.#body(from, size) };
    this.inFlight -= 1;
    return { type: 'beyond', size };
  }

  async #answer(signal: AbortSignal): Promise<void> {
    this.inFlight += 1;
    this.most = Math.max(this.most, this.inFlight);
    await this.#clock.sleep(100, signal);
  }

  /** In flight until it was read to its end, or was let go. */
  #body(from: number, size: number) {
    let isOver = false;
    const end = async () => {
      if (!isOver) this.inFlight -= 1;
      isOver = true;
    };
    async function* bytes() {
      for (let at = from; at < size; ) {
        const piece = PIECE.subarray(at % LINE.length, Math.min(PIECE.length, (at % LINE.length) + size - at));
        yield piece;
        at += piece.length;
      }
      await end();
    }
    return Object.assign(bytes(), { [Symbol.asyncDispose]: end });
  }
}

/** Reads a log of 64 MiB to its end, beside so many of one line. */
async function readHot(quiet: number) {
  const clock = new SimulatedClock();
  const node = new CountingNode(clock);
  const bytes = new Map<string, number>();
  const open = new OpenStreams();
  const containers = new Map<number, string>();
  let streams = 0;
  const { signal } = new AbortController();
  const maker = new FollowerMaker(
    {
      route: 'node-files',
      limits: {},
      routeOf: async () => ({ type: 'node-files', node: 'n', files: node, isProxied: false }),
      sink: {
        append(record) {
          if (record.kind === 'streamOpened') containers.set(record.stream, record.instance.container);
          const container = record.kind === 'log' ? containers.get(record.stream) : undefined;
          if (record.kind !== 'log' || container === undefined) return;
          bytes.set(container, (bytes.get(container) ?? 0) + record.bytes.length);
        },
        drained: async () => undefined,
      },
      clock,
      say: () => undefined,
      settings: { logRotation: () => ({ maxFiles: 5 }), asked: async () => undefined },
      client: { logs: () => assert.fail('no stream is wanted') },
    },
    { slots: new Slots(1), open, nextStream: () => streams++ },
    signal,
  );
  const startedAt = timestampOf(clock.now());
  const stop = new AbortController();
  const names = ['hot', ...Array.from({ length: quiet }, (_, index) => `quiet-${index}`)];
  const pod = {
    ...{ apiVersion: 'v1', kind: 'Pod', spec: { nodeName: 'n' } },
    metadata: { name: 'web', namespace: 'shop', uid: 'p', resourceVersion: '1' },
  };
  const ended = names.map(async (container) => {
    const instance = { podUid: 'p', namespace: 'shop', pod: 'web', container, restart: 0 };
    const life = new InstanceLife(instance, { state: 'running', startedAt, finishedAt: undefined });
    const follower = await maker.make(pod, { firstLines: new FirstLines(), life }, signal);
    await follower.run(stop.signal).catch(() => undefined); // stopped
  });
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  while ((bytes.get('hot') ?? 0) < HOT_BYTES) await clock.advance(100, settle);
  stop.abort();
  await Promise.all(ended);
  const turns = node.asked.flatMap((container, index) => (container === 'hot' ? [index] : []));
  return { node, bytes, turns };
}

test('a log of 64 MiB among sixty on one node is read in turns with them, and the node is asked for few things at once', async () => {
  const { node, bytes, turns } = await readHot(QUIET);
  // The others wait in a row: before the hot one has its third turn, each of them had its first.
  assert.ok(turns.length > 2, `${turns.length} turns`);
  const before = new Set(node.asked.slice(0, turns[2]));
  assert.equal(before.size, QUIET + 1);
  assert.deepEqual([...bytes.values()].filter((size) => size === LINE.length).length, QUIET);
  // Eight readings at once; each holds the live file open while it lists the folder.
  assert.ok(node.most <= 16, `${node.most} requests at once`);
});

test('a log of 64 MiB that nobody waits beside comes with one request', async () => {
  const { node, bytes } = await readHot(0);
  assert.deepEqual(node.asked, ['hot']);
  assert.equal(bytes.get('hot'), HOT_BYTES);
});
