import assert from 'node:assert/strict';
import { constants } from 'node:http2';
import { describe, it } from 'node:test';
import { clientOf, NEVER, pull, textOf } from '../wire/client.ts';
import { Relay } from '../wire/relay.ts';
import { type Exchange, TestServer } from '../wire/server.ts';

const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR, NGHTTP2_REFUSED_STREAM, NGHTTP2_ENHANCE_YOUR_CALM } = constants;
const LOG = { namespace: 'shop', pod: 'web-0', container: 'app', follow: true };
const UNREACHABLE = { name: 'FaroError', code: 'unreachable' };

/** Opens a log and its exchange, the headers sent. */
async function openLog(client: ReturnType<typeof clientOf>, server: TestServer, signal = NEVER) {
  const opening = client.logs(LOG, signal);
  const exchange = await server.next();
  exchange.begin(200, { 'content-type': 'text/plain' });
  return { stream: await opening, exchange };
}

describe('connections of HTTP/2', () => {
  it('are one for all calls, and another for logs', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    const seen: Exchange[] = [];
    server.handle = (exchange) => {
      seen.push(exchange);
      exchange.json({});
    };
    await Promise.all(Array.from({ length: 20 }, (_, n) => client.getJson(`/${n}`, NEVER)));
    await textOf(await client.logs(LOG, NEVER));
    await textOf(await client.logs(LOG, NEVER));
    assert.equal(server.connections, 2);
    assert.deepEqual(
      seen.map(({ connection }) => connection),
      [...Array<number>(20).fill(0), 1, 1],
    );
  });

  it('carry no more streams than the server allows, and others are opened for more', async () => {
    await using server = await TestServer.start({ settings: { maxConcurrentStreams: 3 } });
    await using client = clientOf(server);
    const open = await Promise.all(Array.from({ length: 8 }, () => openLog(client, server)));
    const perConnection = Map.groupBy(open, ({ exchange }) => exchange.connection);
    assert.deepEqual([...perConnection.values()].map(({ length }) => length).sort(), [2, 3, 3]);
    for (const { exchange } of open) exchange.end();
  });

  it('carry no more than 90 streams where the server sets no limit', async () => {
    await using server = await TestServer.start({ settings: { maxConcurrentStreams: 4_294_967_295 } });
    await using client = clientOf(server);
    const open = await Promise.all(Array.from({ length: 100 }, () => openLog(client, server)));
    const perConnection = Map.groupBy(open, ({ exchange }) => exchange.connection);
    assert.deepEqual([...perConnection.values()].map(({ length }) => length).sort(), [10, 90]);
  });

  it('give an answer to whoever begins to read when it is all there', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    const { stream, exchange } = await openLog(client, server);
    exchange.write('all of it');
    exchange.end();
    server.handle = (next) => next.json({});
    // An answer on the same connection comes after the last frame of the one before it.
    await textOf(await client.logs(LOG, NEVER));
    assert.equal(await textOf(stream), 'all of it');
  });

  it('use the room of a stream that has ended', async () => {
    await using server = await TestServer.start({ settings: { maxConcurrentStreams: 1 } });
    await using client = clientOf(server);
    for (let n = 0; n < 5; n += 1) {
      const { stream, exchange } = await openLog(client, server);
      exchange.end('line\n');
      assert.equal(await textOf(stream), 'line\n');
    }
    assert.equal(server.connections, 1);
  });

  it('get back the room of a stream that was disposed with bytes unread, and the server hears of it', async () => {
    await using server = await TestServer.start({ settings: { maxConcurrentStreams: 1 } });
    await using client = clientOf(server);
    for (let n = 0; n < 3; n += 1) {
      const { stream, exchange } = await openLog(client, server);
      await exchange.write('x'.repeat(100_000));
      await stream[Symbol.asyncDispose]();
      await exchange.closed;
    }
    assert.equal(server.connections, 1);
  });

  it('get back the room of a stream that was left in the middle', async () => {
    await using server = await TestServer.start({ settings: { maxConcurrentStreams: 1 } });
    await using client = clientOf(server);
    for (let n = 0; n < 3; n += 1) {
      const { stream, exchange } = await openLog(client, server);
      await exchange.write('x'.repeat(100_000));
      for await (const _chunk of stream) break;
      await exchange.closed;
    }
    assert.equal(server.connections, 1);
  });

  it('are all closed when the client is disposed, and what is open hears of it', async () => {
    await using server = await TestServer.start();
    const client = clientOf(server);
    const { stream } = await openLog(client, server);
    const waiting = client.getJson('/slow', NEVER);
    await server.next();
    await client[Symbol.asyncDispose]();
    await assert.rejects(textOf(stream), UNREACHABLE);
    await assert.rejects(waiting, UNREACHABLE);
    await assert.rejects(client.getJson('/late', NEVER), { code: 'unreachable', message: 'the client was closed' });
    await server.deserted();
  });

  it('share one attempt to connect, and its failure', async () => {
    const server = await TestServer.start();
    await using client = clientOf(server);
    await server[Symbol.asyncDispose]();
    const calls = await Promise.allSettled(Array.from({ length: 5 }, (_, n) => client.getJson(`/${n}`, NEVER)));
    const reasons = calls.map((call) => (call.status === 'rejected' ? call.reason : undefined));
    assert.equal(new Set(reasons).size, 1);
    assert.match(String(reasons[0]), /cannot reach https:\/\/127\.0\.0\.1:\d+: the connection was refused/);
  });

  it('are opened again after a failure', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    server.handle = (exchange) => exchange.json({ n: exchange.connection });
    await client.getJson('/', NEVER);
    server.cut();
    await server.deserted();
    const again = await client.getJson('/', NEVER).catch(() => client.getJson('/', NEVER));
    assert.deepEqual(again, { n: 1 });
  });
});

describe('an abort', () => {
  it('ends a stream at once, on both sides, and no other', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    const abort = new AbortController();
    const ended = await openLog(client, server, abort.signal);
    const other = await openLog(client, server);
    await ended.exchange.write('one\n');
    const chunks = ended.stream[Symbol.asyncIterator]();
    await pull(chunks);
    const reason = new Error('enough');
    const waiting = assert.rejects(chunks.next(), reason);
    abort.abort(reason);
    await Promise.all([waiting, ended.exchange.closed]);
    other.exchange.end('still there\n');
    assert.equal(await textOf(other.stream), 'still there\n');
    assert.equal(server.connections, 1);
  });

  it('ends a call that waits for its answer', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    const abort = new AbortController();
    const reason = new Error('enough');
    const calling = assert.rejects(client.getJson('/', abort.signal), reason);
    const exchange = await server.next();
    abort.abort(reason);
    await Promise.all([calling, exchange.closed]);
  });

  it('ends a call that waits for a connection, and leaves it to another that waits for it too', async () => {
    await using server = await TestServer.start();
    const arrived = Promise.withResolvers<void>();
    const mayConnect = Promise.withResolvers<void>();
    const rereadTrust = async (): Promise<boolean> => {
      arrived.resolve();
      await mayConnect.promise;
      return false;
    };
    await using client = clientOf(server, { rereadTrust });
    server.handle = (exchange) => exchange.json({ ok: true });
    const abort = new AbortController();
    const reason = new Error('enough');
    const first = assert.rejects(client.getJson('/1', abort.signal), reason);
    const second = client.getJson('/2', NEVER);
    await arrived.promise;
    abort.abort(reason);
    await first;
    mayConnect.resolve();
    assert.deepEqual(await second, { ok: true });
    assert.equal(server.connections, 1);
  });

  it('before the call sends nothing', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    const reason = new Error('enough');
    await assert.rejects(client.getJson('/', AbortSignal.abort(reason)), reason);
    await assert.rejects(client.logs(LOG, AbortSignal.abort(reason)), reason);
    assert.equal(server.connections, 0);
  });
});

describe('a body that nobody reads', () => {
  it('stops its sender, and goes on where it stood', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    const { stream, exchange } = await openLog(client, server);
    const block = Buffer.alloc(64 * 1024, 'x');
    let sent = 0;
    let isDone = false;
    const sending = (async () => {
      for (let n = 0; n < 200; n += 1) {
        await exchange.write(block);
        sent += block.length;
      }
      isDone = true;
      exchange.end();
    })();
    // Another call on the same connection shows that what could be sent was sent.
    const probe = async (): Promise<number> => {
      const { stream: other, exchange: answer } = await openLog(client, server);
      answer.end('probe');
      await textOf(other);
      return sent;
    };
    let before = -1;
    for (let now = await probe(); now !== before; now = await probe()) before = now;
    assert.ok(!isDone && sent < 3 * 1024 * 1024, `${sent} bytes were sent to nobody`);
    assert.equal((await textOf(stream)).length, 200 * block.length);
    await sending;
  });
});

describe('a server that goes', () => {
  it('with GOAWAY keeps the stream that is open; the next call opens a connection', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    const { stream, exchange } = await openLog(client, server);
    const { exchange: probe, stream: probed } = await openLog(client, server);
    exchange.session.goaway();
    probe.end();
    await textOf(probed); // what is read after the GOAWAY proves that it has arrived
    const next = await openLog(client, server);
    assert.equal(next.exchange.connection, 1);
    next.exchange.end('new\n');
    assert.equal(await textOf(next.stream), 'new\n');
    exchange.end('old\n');
    assert.equal(await textOf(stream), 'old\n');
  });

  it('with GOAWAY for an error breaks its streams', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    const { stream, exchange } = await openLog(client, server);
    exchange.session.goaway(NGHTTP2_ENHANCE_YOUR_CALM);
    await assert.rejects(textOf(stream), UNREACHABLE);
  });

  it('with GOAWAY has its connection closed when the last stream has ended', async () => {
    await using server = await TestServer.start();
    await using relay = await Relay.start(server.url);
    await using client = clientOf({ url: relay.url, ca: server.ca });
    const { stream, exchange } = await openLog(client, server);
    exchange.session.goaway();
    exchange.end('last\n');
    assert.equal(await textOf(stream), 'last\n');
    await relay.deserted();
  });

  it('with GOAWAY on an idle connection has it closed', async () => {
    await using server = await TestServer.start();
    await using relay = await Relay.start(server.url);
    await using client = clientOf({ url: relay.url, ca: server.ca });
    const calling = client.getJson('/', NEVER);
    const exchange = await server.next();
    const { session } = exchange;
    exchange.json({});
    await calling;
    session.goaway();
    await relay.deserted();
  });

  it('without a word is noticed, by its silence to a ping', async (test) => {
    await using server = await TestServer.start();
    await using relay = await Relay.start(server.url);
    test.mock.timers.enable({ apis: ['setInterval'] });
    await using client = clientOf({ url: relay.url, ca: server.ca }, {}, { limits: { pingMs: 1000 } });
    const { stream } = await openLog(client, server);
    relay.freeze();
    test.mock.timers.tick(1000);
    test.mock.timers.tick(1000);
    await assert.rejects(textOf(stream), { ...UNREACHABLE, message: /the server gave no sign of life/ });
    await relay.deserted();
  });

  it('nowhere, and answers every ping, is not given up', async (test) => {
    await using server = await TestServer.start();
    test.mock.timers.enable({ apis: ['setInterval'] });
    await using client = clientOf(server, {}, { limits: { pingMs: 1000 } });
    const { stream, exchange } = await openLog(client, server);
    for (let pings = 0; pings < 5; pings += 1) {
      const pinged = new Promise((resolve) => exchange.session.once('ping', resolve));
      test.mock.timers.tick(1000);
      await pinged;
      await (await openLog(client, server)).stream[Symbol.asyncDispose](); // the answer to the ping came before
    }
    exchange.end('alive\n');
    assert.equal(await textOf(stream), 'alive\n');
  });

  it('is not pinged any more once the connection is given up', async (test) => {
    await using server = await TestServer.start();
    test.mock.timers.enable({ apis: ['setInterval'] });
    const client = clientOf(server, {}, { limits: { pingMs: 1000 } });
    const { stream } = await openLog(client, server);
    const closed = client[Symbol.asyncDispose]();
    test.mock.timers.tick(1000); // before the session tells that it is closed
    await closed;
    await assert.rejects(textOf(stream), UNREACHABLE);
  });

  it('refuses a stream: the call is sent again', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    let refusals = 2;
    server.handle = async (exchange) => {
      if (refusals-- > 0) exchange.reset(NGHTTP2_REFUSED_STREAM);
      else exchange.json({ got: await exchange.body() });
    };
    assert.deepEqual(await client.postJson('/', { n: 1 }, NEVER), { got: '{"n":1}' });
  });

  it('refuses every stream: that is an error', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    let asked = 0;
    server.handle = (exchange) => {
      asked += 1;
      exchange.reset(NGHTTP2_REFUSED_STREAM);
    };
    await assert.rejects(client.getJson('/', NEVER), { ...UNREACHABLE, message: /the server refused the stream/ });
    assert.equal(asked, 3);
  });

  it('ends every new connection at once: that is an error, soon', async () => {
    await using server = await TestServer.start({ settings: { maxConcurrentStreams: 0 } });
    await using client = clientOf(server);
    await assert.rejects(client.getJson('/', NEVER), { ...UNREACHABLE, message: /takes no requests/ });
    assert.ok(server.connections <= 3);
  });
});

describe('a break', () => {
  const breaks: readonly (readonly [string, (exchange: Exchange) => void])[] = [
    ['of the connection', (exchange) => exchange.cut()],
    ['by RST_STREAM with CANCEL', (exchange) => exchange.reset(NGHTTP2_CANCEL)],
    ['by RST_STREAM with INTERNAL_ERROR', (exchange) => exchange.reset(NGHTTP2_INTERNAL_ERROR)],
  ];
  it('of the connection is told to all that it carries, though it may be cut for each of them', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    const calling = ['/a', '/b'].map((path) => assert.rejects(client.getJson(path, NEVER), UNREACHABLE));
    const exchanges = [await server.next(), await server.next()];
    for (const exchange of exchanges) exchange.cut();
    await Promise.all(calling);
    assert.equal(server.connections, 1);
  });

  for (const [what, strike] of breaks) {
    it(`${what} before the answer is unreachable`, async () => {
      await using server = await TestServer.start();
      await using client = clientOf(server);
      const calling = assert.rejects(client.getJson('/', NEVER), UNREACHABLE);
      strike(await server.next());
      await calling;
    });

    it(`${what} in the middle is never an end`, async () => {
      await using server = await TestServer.start();
      await using client = clientOf(server);
      const { stream, exchange } = await openLog(client, server);
      const chunks = stream[Symbol.asyncIterator]();
      await exchange.write('one\n');
      assert.equal(String(await pull(chunks)), 'one\n');
      const waiting = assert.rejects(chunks.next(), { ...UNREACHABLE, message: /the connection to https:.* broke/ });
      strike(exchange);
      await waiting;
    });

    it(`${what} while nobody reads is told to who reads later, and to nobody else`, async () => {
      await using server = await TestServer.start();
      await using client = clientOf(server);
      const { stream, exchange } = await openLog(client, server);
      strike(exchange);
      await exchange.closed;
      server.handle = (other) => other.json({});
      await client.getJson('/', NEVER).catch(() => client.getJson('/', NEVER));
      await assert.rejects(textOf(stream), UNREACHABLE);
    });
  }
});
