import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '../../src/demo/clock.ts';
import type { LogOptions } from '../../src/kube/client.ts';
import { FirstLines } from '../../src/logs/binding.ts';
import { InstanceLife, type InstanceView } from '../../src/logs/life.ts';
import { OpenStreams } from '../../src/logs/open-streams.ts';
import { StreamFollower } from '../../src/logs/stream-follower.ts';
import { Slots } from '../../src/model/slots.ts';
import { timestampOf } from '../../src/model/time.ts';
import { FakeStream } from './following.ts';

test('of the logs that wait for a stream, those of ended containers have theirs first, whenever they ended', async () => {
  const clock = new SimulatedClock();
  const opened: string[] = [];
  const client = {
    logs: async ({ container }: LogOptions, signal: AbortSignal) => {
      opened.push(container);
      return new FakeStream().bytes(signal);
    },
  };
  const view = (state: InstanceView['state']) => {
    const finishedAt = state === 'terminated' ? timestampOf(clock.now()) : undefined;
    return { state, startedAt: timestampOf(clock.now()), finishedAt };
  };
  const slots = new Slots(1);
  const begin = (container: string, state: InstanceView['state']) => {
    const life = new InstanceLife({ podUid: 'p', namespace: 'shop', pod: 'web', container, restart: 0 }, view(state));
    const stop = new AbortController();
    const follower = new StreamFollower({
      ...{ life, client, clock, slots, limits: {}, firstLines: new FirstLines(), open: new OpenStreams() },
      ...{ sink: { append: () => undefined, drained: async () => undefined } },
      ...{ nextStream: () => 0, rotatesAt: () => 1e7 },
    });
    follower.run(stop.signal).catch(() => undefined); // rejected by the stop
    return { life, stop };
  };
  const settle = async () => {
    for (let turns = 0; turns < 20; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  const first = begin('first', 'running');
  await settle();
  const others = [begin('runs', 'running'), begin('ends while it waits', 'running'), begin('had ended', 'terminated')];
  others[1]?.life.update(view('terminated'), 0);
  await settle();
  assert.deepEqual(opened, ['first']);
  for (const { stop } of [first, others[1], others[2]].filter((each) => each !== undefined)) {
    stop.abort();
    await settle();
  }
  assert.deepEqual(opened, ['first', 'ends while it waits', 'had ended', 'runs']);
  others[0]?.stop.abort();
});
