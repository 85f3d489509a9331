import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clientOf, NEVER, textOf } from '../wire/client.ts';
import { TestServer } from '../wire/server.ts';
import { stopTimeouts } from '../wire/timers.ts';

const SILENT = { code: 'unreachable', message: /gave no answer to \/api\/v1\/pods within 60 s$/ };

for (const speaks of ['h2', 'https/1.1'] as const) {
  describe(`silence over ${speaks}`, () => {
    it('before the answer to a plain call ends it', async (test) => {
      await using server = await TestServer.start({ speaks });
      const pass = stopTimeouts(test);
      await using client = clientOf(server);
      const calling = assert.rejects(client.getJson('/api/v1/pods?limit=500', NEVER), SILENT);
      const exchange = await server.next();
      pass(60_000);
      await Promise.all([calling, exchange.closed]);
    });

    it('within the answer to a plain call ends it', async (test) => {
      await using server = await TestServer.start({ speaks });
      const pass = stopTimeouts(test);
      await using client = clientOf(server);
      const calling = assert.rejects(client.getJson('/api/v1/pods', NEVER), SILENT);
      const exchange = await server.next();
      exchange.begin();
      await exchange.write('{"items":[');
      // Twice: what was heard since the first look gives it another turn.
      pass(60_000);
      pass(60_000);
      await Promise.all([calling, exchange.closed]);
    });

    it('does not end a log, however long', async (test) => {
      await using server = await TestServer.start({ speaks });
      const pass = stopTimeouts(test);
      await using client = clientOf(server);
      const opening = client.logs({ namespace: 'shop', pod: 'web-0', container: 'app' }, NEVER);
      const exchange = await server.next();
      pass(3_600_000);
      exchange.begin(200, { 'content-type': 'text/plain' });
      const stream = await opening;
      pass(3_600_000);
      exchange.end('at last\n');
      assert.equal(await textOf(stream), 'at last\n');
    });
  });
}

it('is not what a slow answer is that goes on', async (test) => {
  await using server = await TestServer.start();
  const pass = stopTimeouts(test);
  await using client = clientOf(server);
  const calling = client.getJson('/slow', NEVER);
  const slow = await server.next();
  slow.begin();
  server.handle = (exchange) => exchange.json({});
  for (const part of ['[1', ',2', ',3', ',4', ']']) {
    await slow.write(part);
    await client.getJson('/probe', NEVER); // on the same connection: what was sent before it has come
    pass(60_000);
  }
  slow.end();
  assert.deepEqual(await calling, [1, 2, 3, 4]);
});
