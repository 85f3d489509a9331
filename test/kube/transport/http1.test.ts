import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clientOf, NEVER, pull, textOf } from '../wire/client.ts';
import { type Exchange, TestServer } from '../wire/server.ts';

const LOG = { namespace: 'shop', pod: 'web-0', container: 'app', follow: true };
const UNREACHABLE = { name: 'FaroError', code: 'unreachable' };
const HTTP_1 = { speaks: 'https/1.1' } as const;

async function openLog(client: ReturnType<typeof clientOf>, server: TestServer, signal = NEVER) {
  const opening = client.logs(LOG, signal);
  const exchange = await server.next();
  exchange.begin(200, { 'content-type': 'text/plain' });
  return { stream: await opening, exchange };
}

describe('connections of HTTP/1.1', () => {
  it('are taken where the server does not speak HTTP/2, and kept for the next call', async () => {
    await using server = await TestServer.start(HTTP_1);
    await using client = clientOf(server);
    server.handle = (exchange) => exchange.json({ path: exchange.url.pathname });
    for (const path of ['/a', '/b', '/c']) assert.deepEqual(await client.getJson(path, NEVER), { path });
    assert.equal(server.connections, 1);
  });

  it('are one for each call in flight, and only the first offers HTTP/2', async () => {
    await using server = await TestServer.start(HTTP_1);
    await using client = clientOf(server);
    const open = await Promise.all(Array.from({ length: 3 }, () => openLog(client, server)));
    assert.equal(server.connections, 3);
    assert.deepEqual(server.offered, [['h2', 'http/1.1'], ['http/1.1'], ['http/1.1']]);
    for (const [n, { exchange, stream }] of open.entries()) {
      exchange.end(`${n}\n`);
      assert.equal(await textOf(stream), `${n}\n`);
    }
  });

  it('are closed with the client', async () => {
    await using server = await TestServer.start(HTTP_1);
    const client = clientOf(server);
    server.handle = (exchange) => exchange.json({});
    await client.getJson('/', NEVER);
    server.handle = undefined;
    const { stream } = await openLog(client, server);
    await client[Symbol.asyncDispose]();
    await assert.rejects(textOf(stream), UNREACHABLE);
    await server.deserted();
  });

  it('carry the path of the server before every other, and a body with its length', async () => {
    await using server = await TestServer.start(HTTP_1);
    await using client = clientOf(server, { server: new URL(`${server.url.href}k8s/c-7`) });
    const seen: Exchange[] = [];
    server.handle = async (exchange) => {
      seen.push(exchange);
      exchange.json({ got: await exchange.body() });
    };
    assert.deepEqual(await client.postJson('/api/v1?a=b', { n: 1 }, NEVER), { got: '{"n":1}' });
    assert.equal(`${seen[0]?.url.pathname}${seen[0]?.url.search}`, '/k8s/c-7/api/v1?a=b');
    assert.equal(seen[0]?.headers['content-length'], '7');
    assert.equal(seen[0]?.headers.host, server.url.host);
  });

  it('are closed after the last call of a client that was disposed, even where a path could not be sent', async () => {
    await using server = await TestServer.start(HTTP_1);
    const client = clientOf(server);
    await assert.rejects(client.raw('/a b', {}, NEVER), /unescaped characters/);
    server.handle = (exchange) => exchange.json({ ok: true });
    assert.deepEqual(await client.getJson('/', NEVER), { ok: true });
    await client[Symbol.asyncDispose]();
    await server.deserted();
  });

  it('without TLS work alike', async () => {
    await using server = await TestServer.start({ speaks: 'http/1.1' });
    await using client = clientOf(server);
    server.handle = (exchange) => exchange.json({ path: exchange.url.pathname });
    assert.deepEqual(await client.getJson('/version', NEVER), { path: '/version' });
    assert.deepEqual(await client.getJson('/version', NEVER), { path: '/version' });
    assert.equal(server.connections, 1);
  });
});

describe('a kept connection that the server closes as it is used again', () => {
  /** Answers the first request of each connection, and cuts it at the second. */
  async function forgetful(): Promise<TestServer> {
    const server = await TestServer.start(HTTP_1);
    const served = new Set<number>();
    server.handle = (exchange) => {
      if (served.has(exchange.connection)) exchange.cut();
      else exchange.json({ connection: served.add(exchange.connection).size - 1 });
    };
    return server;
  }

  it('has a GET sent once more, on another', async () => {
    await using server = await forgetful();
    await using client = clientOf(server);
    assert.deepEqual(await client.getJson('/', NEVER), { connection: 0 });
    assert.deepEqual(await client.getJson('/', NEVER), { connection: 1 });
  });

  it('has no POST sent again: the server may have worked on it', async () => {
    await using server = await forgetful();
    await using client = clientOf(server);
    await client.getJson('/', NEVER);
    await assert.rejects(client.postJson('/', {}, NEVER), UNREACHABLE);
  });
});

describe('a stream of HTTP/1.1', () => {
  it('that is cut in the middle is never an end', async () => {
    await using server = await TestServer.start(HTTP_1);
    await using client = clientOf(server);
    const { stream, exchange } = await openLog(client, server);
    const chunks = stream[Symbol.asyncIterator]();
    await exchange.write('one\n');
    assert.equal(String(await pull(chunks)), 'one\n');
    const waiting = assert.rejects(chunks.next(), { ...UNREACHABLE, message: /the connection to https:.* broke/ });
    exchange.cut();
    await waiting;
  });

  it('that is cut before the answer is unreachable', async () => {
    await using server = await TestServer.start(HTTP_1);
    await using client = clientOf(server);
    const calling = assert.rejects(client.getJson('/', NEVER), UNREACHABLE);
    (await server.next()).cut();
    await calling;
  });

  it('that is cut while nobody reads is told to who reads later, and to nobody else', async () => {
    await using server = await TestServer.start(HTTP_1);
    await using client = clientOf(server);
    const { stream, exchange } = await openLog(client, server);
    exchange.cut();
    await exchange.closed;
    server.handle = (other) => other.json({});
    await client.getJson('/', NEVER);
    await assert.rejects(textOf(stream), UNREACHABLE);
  });

  it('ends at once when it is aborted, on both sides', async () => {
    await using server = await TestServer.start(HTTP_1);
    await using client = clientOf(server);
    const abort = new AbortController();
    const reason = new Error('enough');
    const { stream, exchange } = await openLog(client, server, abort.signal);
    const waiting = assert.rejects(textOf(stream), reason);
    const calling = assert.rejects(client.getJson('/', abort.signal), reason);
    const called = await server.next();
    abort.abort(reason);
    await Promise.all([waiting, calling, exchange.closed, called.closed]);
  });

  it('is ended on both sides when it is disposed with bytes unread', async () => {
    await using server = await TestServer.start(HTTP_1);
    await using client = clientOf(server);
    const { stream, exchange } = await openLog(client, server);
    await exchange.write('x'.repeat(100_000));
    await stream[Symbol.asyncDispose]();
    await exchange.closed;
  });

  it('that nobody reads stops its sender, and goes on where it stood', async () => {
    await using server = await TestServer.start({ speaks: 'http/1.1' });
    await using client = clientOf(server);
    const { stream, exchange } = await openLog(client, server);
    const block = Buffer.alloc(1024 * 1024, 'x');
    let sent = 0;
    const sending = (async () => {
      for (let n = 0; n < 40; n += 1) {
        await exchange.write(block);
        sent += block.length;
      }
      exchange.end();
    })();
    const probe = async (): Promise<number> => {
      const { stream: other, exchange: answer } = await openLog(client, server);
      answer.end('probe');
      await textOf(other);
      return sent;
    };
    let before = -1;
    for (let now = await probe(); now !== before; now = await probe()) before = now;
    assert.ok(sent < 30 * block.length, `${sent} bytes were sent to nobody`); // the system itself buffers some
    assert.equal((await textOf(stream)).length, 40 * block.length);
    await sending;
  });
});
