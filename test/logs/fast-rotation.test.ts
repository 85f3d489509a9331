import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '../../src/demo/clock.ts';
import { KeptFiles } from '../../src/logs/kept-files.ts';
import { InstanceLife } from '../../src/logs/life.ts';
import { NodeFollower } from '../../src/logs/node-follower.ts';
import { OpenStreams } from '../../src/logs/open-streams.ts';
import { Slots } from '../../src/model/slots.ts';
import { timestampOf } from '../../src/model/time.ts';
import { RotatingNode } from './rotating-node.ts';

const SECONDS = 30;
const TABLE = [
  { what: 'the defaults of the kubelet', maxFiles: 5, intervalMs: 10_000, requestMs: 2000 },
  { what: 'a file every three seconds', maxFiles: 3, intervalMs: 3000, requestMs: 600 },
];

for (const { what, requestMs, ...limits } of TABLE)
  test(`25,000 lines a second, ${what}, ${requestMs} ms for each request: no rotation takes a line`, async () => {
    const clock = new SimulatedClock();
    const rotation = { maxBytes: 1024 * 1024, ...limits };
    const node = new RotatingNode(clock, { rotation, requestMs, linesPerSecond: 25_000 });
    const gaps: string[] = [];
    let next = 0;
    const instance = { podUid: 'p', namespace: 'shop', pod: 'web', container: 'app', restart: 0 };
    const follower = new NodeFollower({
      life: new InstanceLife(instance, {
        state: 'running',
        startedAt: timestampOf(clock.now()),
        finishedAt: undefined,
      }),
      client: { logs: () => assert.fail('a busy log is read from its files') },
      files: node,
      folder: '',
      sink: {
        append(record) {
          if (record.kind === 'gap') gaps.push(record.gap.evidence);
          if (record.kind !== 'log') return;
          assert.equal(Number(record.bytes.toString('latin1', 40, 49)), next);
          next += record.lines;
        },
        drained: async () => undefined,
      },
      clock,
      streams: undefined,
      readings: new Slots(5),
      kept: new KeptFiles(() => rotation.maxFiles),
      rotation: () => rotation,
      rotatesAt: () => rotation.maxBytes,
      nextStream: () => 0,
      open: new OpenStreams(),
      timeoutMs: undefined,
      gunzip: (bytes) => bytes,
    });
    const stop = new AbortController();
    const ended = follower.run(stop.signal).catch(() => undefined); // stopped
    await clock.advance(SECONDS * 1000, () => new Promise((resolve) => setImmediate(resolve)));
    stop.abort();
    await ended;
    assert.deepEqual(gaps, []);
    assert.ok(node.rotations >= SECONDS / 10 - 1, `${node.rotations} rotations`);
    const behind = (node.written - next) / 25_000;
    assert.ok(behind < (limits.maxFiles - 1) * (limits.intervalMs / 1000), `${behind} s behind`);
  });
