import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer as createPlainServer } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { issue } from '../config-table/certificates.ts';
import { listen } from '../config-table/server.ts';
import { clientOf, NEVER, pull, textOf } from '../wire/client.ts';
import { startHttpProxy } from '../wire/proxy.ts';
import { TestServer } from '../wire/server.ts';
import { stopTimeouts } from '../wire/timers.ts';

const FILE = '/api/v1/nodes/n1/proxy/logs/pods/x/0.log';
const UNREACHABLE = { name: 'FaroError', code: 'unreachable' };
const MIB = 1024 * 1024;
const identity = await issue({ name: 'a node' });

/** Bytes of which no two blocks are alike. */
function bytesOf(size: number): Buffer {
  return createHash('shake256', { outputLength: size }).update('a log file').digest();
}

async function chunksOf(stream: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

/** A server that says what it is told at each request, and ends the connection where that is the end. */
async function saying(test: TestContext, say: (socket: TLSSocket, request: number) => unknown) {
  let connections = 0;
  let requests = 0;
  const server = createServer({ ...identity, ALPNProtocols: ['h2', 'http/1.1'] }, (socket) => {
    connections += 1;
    socket.on('error', () => undefined).on('data', () => void say(socket, requests++));
  });
  const url = new URL(`https://127.0.0.1:${await listen(server)}`);
  test.after(() => server.close());
  return { url, ca: identity.cert, connections: () => connections };
}

describe("a node's files", () => {
  it('come over HTTP/1.1, on connections of their own that are kept', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    server.handle = (exchange) => exchange.json({});
    await client.getJson('/', NEVER);
    server.handle = (exchange) => {
      assert.throws(() => exchange.session, /no HTTP\/2/);
      exchange.send(200, exchange.url.search);
    };
    for (const part of ['?1', '?2', '?3'])
      assert.equal(await textOf((await client.raw(`${FILE}${part}`, {}, NEVER)).body), part);
    assert.equal(server.connections, 2);
  });

  for (const framing of ['length', 'chunked', 'close'] as const)
    it(`come whole and in blocks, which keep what they hold (${framing})`, async (test) => {
      const bytes = bytesOf(5 * MIB + 7);
      const server = await saying(test, (socket) => {
        const head = { length: `Content-Length: ${bytes.length}`, chunked: 'Transfer-Encoding: chunked', close: '' };
        socket.write(`HTTP/1.1 200 OK\r\n${head[framing]}${framing === 'close' ? 'Connection: close' : ''}\r\n\r\n`);
        if (framing === 'chunked') {
          for (let at = 0; at < bytes.length; at += MIB) {
            const part = bytes.subarray(at, at + MIB);
            socket.write(Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]));
          }
          socket.write('0\r\n\r\n');
        } else socket.write(bytes);
        if (framing === 'close') socket.end();
      });
      await using client = clientOf(server);
      const chunks = await chunksOf((await client.raw(FILE, {}, NEVER)).body);
      assert.ok(Buffer.concat(chunks).equals(bytes));
      assert.ok(Math.max(...chunks.map(({ length }) => length)) > 16 * 1024, 'no record was joined with another');
    });

  it('leave their connection alone when they are disposed after their end, which another request may use by then', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    server.handle = (exchange) => exchange.send(200, exchange.url.search);
    const first = await client.raw(`${FILE}?1`, {}, NEVER);
    assert.equal(await textOf(first.body), '?1');
    const arrived = Promise.withResolvers<void>();
    const due = Promise.withResolvers<void>();
    server.handle = async (exchange) => {
      arrived.resolve();
      await due.promise;
      exchange.send(200, exchange.url.search);
    };
    const second = client.raw(`${FILE}?2`, {}, NEVER);
    await arrived.promise;
    await first.body[Symbol.asyncDispose]();
    server.handle = (exchange) => exchange.send(200, exchange.url.search);
    assert.equal(await textOf((await client.raw(`${FILE}?3`, {}, NEVER)).body), '?3');
    due.resolve();
    assert.equal(await textOf((await second).body), '?2');
  });

  it('that many ask for at once come over eight such connections, and over HTTP/2 beyond', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    const asking = Array.from({ length: 12 }, (_, n) => client.raw(`${FILE}?${n}`, {}, NEVER));
    const exchanges = await Promise.all(asking.map(() => server.next()));
    for (const exchange of exchanges) exchange.send(200, exchange.url.search);
    const texts = await Promise.all(asking.map(async (answer) => textOf((await answer).body)));
    assert.deepEqual(
      texts,
      asking.map((_, n) => `?${n}`),
    );
    assert.equal(server.connections, 9);
  });

  it('come over HTTP/2 where the server speaks nothing else', async (test) => {
    await using server = await TestServer.start();
    const offered: string[][] = [];
    // Takes HTTP/2 alone, and ends the handshake of whoever does not offer it.
    const picky = createServer({
      ...identity,
      ALPNCallback: ({ protocols }) => {
        offered.push(protocols);
        return protocols.includes('h2') ? 'h2' : undefined;
      },
    });
    picky.on('tlsClientError', () => undefined);
    picky.on('secureConnection', (socket) => {
      const onward = connect({
        host: '127.0.0.1',
        port: Number(server.url.port),
        ca: server.ca,
        ALPNProtocols: ['h2'],
      });
      onward.on('error', () => socket.destroy());
      socket.on('error', () => onward.destroy());
      socket.pipe(onward).pipe(socket);
    });
    const url = new URL(`https://127.0.0.1:${await listen(picky)}`);
    test.after(() => picky.close());
    await using client = clientOf({ url, ca: identity.cert });
    server.handle = (exchange) => exchange.send(200, exchange.session.alpnProtocol ?? '');
    assert.equal(await textOf((await client.raw(FILE, {}, NEVER)).body), 'h2');
    assert.deepEqual(offered, [['http/1.1'], ['h2', 'http/1.1']]);
  });

  it('come through a proxy as everything else does, whole and one at a time', async () => {
    const bytes = bytesOf(3 * MIB);
    await using server = await TestServer.start();
    await using proxy = await startHttpProxy(server.url);
    await using client = clientOf(server, { proxy: proxy.url });
    server.handle = (exchange) => exchange.send(200, bytes, { 'content-length': String(bytes.length) });
    for (let n = 0; n < 2; n += 1) {
      const { body } = await client.raw(FILE, {}, NEVER);
      if (n === 0) for (let turns = 0; turns < 5; turns += 1) await turn(); // it has to wait
      assert.ok(Buffer.concat(await chunksOf(body)).equals(bytes));
    }
    assert.equal(server.connections, 1);
  });

  it('that are cut at any byte are an error, and never an early end', async (test) => {
    const whole = 'HTTP/1.1 206 Partial Content\r\nContent-Length: 9\r\n\r\nall of it';
    const parts = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nall \r\n5\r\nof it\r\n0\r\n\r\n';
    for (const answer of [whole, parts]) {
      const server = await saying(test, (socket, n) => socket.end(answer.slice(0, n)));
      for (let n = 0; n < answer.length; n += 1) {
        await using client = clientOf(server);
        const reading = async () => textOf((await client.raw(FILE, {}, NEVER)).body);
        await assert.rejects(reading(), UNREACHABLE, `${n} bytes of ${answer.length}`);
      }
      await using client = clientOf(server);
      assert.equal(await textOf((await client.raw(FILE, {}, NEVER)).body), 'all of it');
    }
  });

  it('that have come whole are read whole, long after their connection was closed', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    const bytes = bytesOf(300 * 1024);
    const asking = client.raw(FILE, {}, NEVER);
    const exchange = await server.next();
    exchange.send(200, bytes, { connection: 'close', 'content-length': String(bytes.length) });
    const { body } = await asking;
    await server.has(0);
    for (let n = 0; n < 5; n += 1) await turn();
    assert.ok(Buffer.concat(await chunksOf(body)).equals(bytes));
  });

  it('are asked for once more where a kept connection was closed just then', async (test) => {
    const server = await saying(test, (socket, n) => {
      if (n === 1) socket.destroy();
      else socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${n}`);
    });
    await using client = clientOf(server);
    assert.equal(await textOf((await client.raw(FILE, {}, NEVER)).body), '0');
    assert.equal(await textOf((await client.raw(FILE, {}, NEVER)).body), '2');
    assert.equal(server.connections(), 2);
  });

  it('that nobody reads stop their sender, and go on where they stood', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    const asking = client.raw(FILE, {}, NEVER);
    const exchange = await server.next();
    exchange.begin(200, {});
    const { body } = await asking;
    const block = bytesOf(MIB);
    let sent = 0;
    const sending = (async () => {
      for (; sent < 40; sent += 1) await exchange.write(block);
      exchange.end();
    })();
    server.handle = (other) => other.send(200, 'probe');
    const probe = async () => {
      await textOf((await client.raw(FILE, {}, NEVER)).body);
      return sent;
    };
    let before = -1;
    for (let now = await probe(); now !== before; now = await probe()) before = now;
    assert.ok(sent < 30, `${sent} MiB were sent to nobody`); // the system itself buffers some
    let size = 0;
    for await (const chunk of body) {
      const at = size % MIB;
      const expected = Buffer.concat([block, block]).subarray(at, at + chunk.length);
      assert.ok(chunk.equals(expected), `other bytes than were sent, from ${size} on`);
      size += chunk.length;
    }
    assert.equal(size, 40 * MIB);
    await sending;
  });

  it('end on both sides when they are aborted or disposed', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    const abort = new AbortController();
    const reason = new Error('enough');
    const asking = [client.raw(FILE, {}, abort.signal), client.raw(FILE, {}, NEVER)] as const;
    const exchanges = await Promise.all([server.next(), server.next()]);
    for (const exchange of exchanges) {
      exchange.begin(200, {});
      await exchange.write('x'.repeat(100_000));
    }
    const [aborted, disposed] = await Promise.all(asking);
    const waiting = assert.rejects(textOf(aborted.body), reason);
    abort.abort(reason);
    await disposed.body[Symbol.asyncDispose]();
    await Promise.all([waiting, ...exchanges.map(({ closed }) => closed)]);
    await server.deserted();
  });

  it('end where the node is silent for too long', async (test) => {
    await using server = await TestServer.start();
    const pass = stopTimeouts(test);
    await using client = clientOf(server);
    const asking = client.raw(FILE, { maxSilenceMs: 1000 }, NEVER);
    const exchange = await server.next();
    exchange.begin(200, {});
    await exchange.write('a part');
    const chunks = (await asking).body[Symbol.asyncIterator]();
    assert.equal(String(await pull(chunks)), 'a part');
    const waiting = assert.rejects(chunks.next(), { ...UNREACHABLE, message: /gave no answer to .* within 1 s/ });
    pass(1000);
    pass(1000);
    await Promise.all([waiting, exchange.closed]);
  });

  it('of a server that is none are refused as ever', async (test) => {
    const dead = createPlainServer((socket) => socket.destroy());
    const url = new URL(`https://127.0.0.1:${await listen(dead)}`);
    test.after(() => dead.close());
    await using client = clientOf({ url, ca: identity.cert });
    await assert.rejects(client.raw(FILE, {}, NEVER), { ...UNREACHABLE, message: /the connection was (cut|closed)/ });
  });

  it('of a server that nobody vouches for are not even asked for', async () => {
    await using server = await TestServer.start();
    server.handle = () => assert.fail('it was asked');
    await using client = clientOf({ url: server.url, ca: identity.cert }, { user: { token: 'secret' } });
    await assert.rejects(client.raw(FILE, {}, NEVER), { ...UNREACHABLE, message: /its certificate is not signed by/ });
    await server.deserted();
  });

  it('are asked for under the name, and with the certificate, of the kubeconfig', async () => {
    const authority = await issue({ name: 'an authority', authority: true });
    const ours = await issue({ name: 'ours', issuer: authority });
    const ada = await issue({ name: 'ada', issuer: authority });
    await using server = await TestServer.start({ identity: ours, clientAuthority: authority.cert });
    server.handle = (exchange) => exchange.send(200, 'ok');
    const tls = (serverName: string) => ({ ca: authority.cert, serverName, insecureSkipVerify: false });
    await using client = clientOf(server, { tls: tls('api.faro.test'), user: { clientCertificate: ada } });
    assert.equal(await textOf((await client.raw(FILE, {}, NEVER)).body), 'ok');
    await using stranger = clientOf(server, { tls: tls('api.faro.test') });
    await assert.rejects(stranger.raw(FILE, {}, NEVER), UNREACHABLE);
    await using misled = clientOf(server, { tls: tls('wrong.test'), user: { clientCertificate: ada } });
    await assert.rejects(misled.raw(FILE, {}, NEVER), /certificate is for another name than wrong\.test/);
  });
});

describe('pieces of a file that are lent', () => {
  it('are the same bytes, in memory that is used again', async (test) => {
    const bytes = bytesOf(6 * MIB + 5);
    const server = await saying(test, (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes.length}\r\n\r\n`);
      socket.write(bytes);
    });
    await using client = clientOf(server);
    const { body } = await client.raw(FILE, {}, NEVER);
    const memory = new Set<ArrayBufferLike>();
    let size = 0;
    for await (const piece of body.lent ?? []) {
      assert.ok(piece.equals(bytes.subarray(size, size + piece.length)), `other bytes than were sent, from ${size} on`);
      memory.add(piece.buffer);
      size += piece.length;
      if (memory.size === 1) await turn(); // more comes meanwhile
    }
    assert.equal(size, bytes.length);
    assert.ok(memory.size <= 4, `${memory.size} blocks were used`);
  });

  it('hold while more comes than is asked for', async (test) => {
    const bytes = bytesOf(4 * MIB);
    const server = await saying(test, (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes.length}\r\n\r\n`);
      socket.write(bytes);
    });
    await using client = clientOf(server);
    let size = 0;
    for await (const piece of (await client.raw(FILE, {}, NEVER)).body.lent ?? []) {
      for (let n = 0; n < 4; n += 1) await turn();
      assert.ok(piece.equals(bytes.subarray(size, size + piece.length)), `other bytes than were sent, from ${size} on`);
      size += piece.length;
    }
    assert.equal(size, bytes.length);
  });
});

describe('an answer that nobody reads to its end', () => {
  const reply = (length: number) => `HTTP/1.1 404 Not Found\r\nContent-Length: ${length}\r\n\r\n${'x'.repeat(length)}`;

  it('leaves its connection to the next request where it is short', async (test) => {
    const server = await saying(test, (socket) => socket.write(reply(1000)));
    await using client = clientOf(server);
    for (let n = 0; n < 3; n += 1) await (await client.raw(FILE, {}, NEVER)).body[Symbol.asyncDispose]();
    assert.equal(server.connections(), 1);
  });

  it('takes its connection with it where it is long', async (test) => {
    const server = await saying(test, (socket) => socket.write(reply(MIB)));
    await using client = clientOf(server);
    for (let n = 0; n < 2; n += 1) await (await client.raw(FILE, {}, NEVER)).body[Symbol.asyncDispose]();
    assert.equal(server.connections(), 2);
  });
});

it("bytes behind an answer are nobody's answer", async (test) => {
  const server = await saying(test, (socket, n) => {
    const answer = `HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${n}`;
    socket.write(n === 0 ? `${answer}HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad` : answer);
  });
  await using client = clientOf(server);
  for (const expected of ['0', '1', '2'])
    assert.equal(await textOf((await client.raw(FILE, {}, NEVER)).body), expected);
  assert.equal(server.connections(), 2);
});

it('a path or a field that would end a request early is never sent', async (test) => {
  const server = await saying(test, () => assert.fail('it was sent'));
  await using client = clientOf(server);
  for (const path of ['/a b', '/a\r\nHost: x', '/\u010d\u010a', '/a\tb'])
    await assert.rejects(client.raw(path, {}, NEVER), /unescaped characters/);
  for (const range of ['bytes=0-\u010d\u010aX: y', '\u{1f600}'])
    await assert.rejects(client.raw(FILE, { headers: { range } }, NEVER), /Invalid character in header content/);
});
