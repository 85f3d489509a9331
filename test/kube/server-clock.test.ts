import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ServerClock } from '../../src/kube/server-clock.ts';
import { clientOf, NEVER, pull, SleepClock } from './wire/client.ts';
import { TestServer } from './wire/server.ts';
import { DEPLOYMENTS, PODS } from './wire/types.ts';

const NOON = 'Mon, 23 Nov 2026 12:00:00 GMT';
const AT = Date.parse(NOON);

describe("the server's clock", () => {
  it('is known to a second by one answer, of whatever moment between the request and its arrival', () => {
    const clock = new ServerClock();
    clock.heard(NOON, { sentAt: AT + 5000, heardAt: AT + 5200 });
    assert.deepEqual(clock.skew, { least: 4000, most: 5200 });
  });

  it('is narrowed down by each answer', () => {
    const clock = new ServerClock();
    for (const ms of [100, 950]) clock.heard(NOON, { sentAt: AT + ms, heardAt: AT + ms });
    assert.deepEqual(clock.skew, { least: -50, most: 100 });
  });

  it('is not taken for wrong by an answer that took minutes', () => {
    const clock = new ServerClock();
    clock.heard(NOON, { sentAt: AT - 180_000, heardAt: AT + 500 });
    clock.heard(NOON, { sentAt: AT + 100, heardAt: AT + 180_000 });
    assert.deepEqual(clock.skew, { least: -900, most: 500 });
  });

  it('is known anew where an answer contradicts those before: one of the clocks was set', () => {
    const clock = new ServerClock();
    clock.heard(NOON, { sentAt: AT, heardAt: AT });
    clock.heard(NOON, { sentAt: AT + 60_000, heardAt: AT + 60_000 });
    assert.deepEqual(clock.skew, { least: 59_000, most: 60_000 });
  });

  it('stays unknown without a date', () => {
    const clock = new ServerClock();
    for (const date of [undefined, '', 'yesterday']) clock.heard(date, { sentAt: AT, heardAt: AT });
    assert.equal(clock.skew, undefined);
  });
});

describe('a client', () => {
  it("hears the server's clock from its answers to watches, and from no group that another server may serve", async () => {
    await using server = await TestServer.start();
    const clock = new SleepClock();
    await using client = clientOf(server, {}, { clock });
    server.handle = (exchange) => {
      exchange.begin(200, { 'content-type': 'application/json', date: NOON });
      void exchange.write(`${JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '8' } } })}\n`);
    };
    for (const [type, isHeard] of [
      [DEPLOYMENTS, false],
      [PODS, true],
    ] as const) {
      const watch = client.watch(type, { namespace: 'shop', resourceVersion: '7' }, NEVER)[Symbol.asyncIterator]();
      await pull(watch);
      await watch.return?.(undefined);
      assert.equal(client.clockSkew !== undefined, isHeard, type.resource);
    }
    assert.equal(client.clockSkew?.most, clock.now() - AT);
  });
});
