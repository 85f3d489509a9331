import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { TLSSocket } from 'node:tls';
import type { CredentialSource, Credentials } from '../../src/kube/connection.ts';
import { VERSION } from '../../src/version.ts';
import { type Identity, issue } from './config-table/certificates.ts';
import { clientOf, NEVER, textOf } from './wire/client.ts';
import { type Exchange, TestServer } from './wire/server.ts';

const authority = await issue({ name: 'the test authority', authority: true });
const [ada, grace, late] = await Promise.all([
  issue({ name: 'ada', issuer: authority }),
  issue({ name: 'grace', issuer: authority }),
  issue({ name: 'late ada', issuer: authority, expired: true }),
]);

/** Gives the credentials one after another, the next whenever one was rejected; the last for ever. */
function sourceOf(...given: readonly Credentials[]): CredentialSource & { readonly rejected: Credentials[] } {
  const rejected: Credentials[] = [];
  return {
    rejected,
    get: async () => given[Math.min(rejected.length, given.length - 1)] ?? {},
    reject: (credentials) => rejected.push(credentials) > 0,
  };
}

/** A server that knows one token. */
async function knowing(token: string): Promise<{ server: TestServer; seen: (string | undefined)[] }> {
  const server = await TestServer.start();
  const seen: (string | undefined)[] = [];
  server.handle = (exchange) => {
    seen.push(exchange.headers.authorization);
    if (exchange.headers.authorization === `Bearer ${token}`) exchange.json({ ok: true });
    else exchange.refuse(401, 'Unauthorized');
  };
  return { server, seen };
}

describe('who a request comes from', () => {
  it('is said by its headers: the program, the token, the user to act as', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server, {
      user: { token: 'abc' },
      impersonate: {
        user: 'jürgen',
        uid: 'u-1',
        groups: ['system:masters', 'dev ops'],
        extra: { 'Example.com/Scope': ['read', 'write'], reason: ['日本'] },
      },
    });
    const calling = client.getJson('/', NEVER);
    const exchange = await server.next();
    exchange.json({});
    await calling;
    const { headers } = exchange;
    const utf8 = (value: unknown): string => Buffer.from(String(value), 'latin1').toString();
    assert.equal(headers['user-agent'], `faro/${VERSION}`);
    assert.equal(headers.authorization, 'Bearer abc');
    assert.equal(utf8(headers['impersonate-user']), 'jürgen');
    assert.equal(headers['impersonate-uid'], 'u-1');
    assert.equal(headers['impersonate-group'], 'system:masters, dev ops');
    assert.equal(headers['impersonate-extra-example.com%2fscope'], 'read, write');
    assert.equal(utf8(headers['impersonate-extra-reason']), '日本');
  });

  it('stays unsaid without credentials', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    const calling = client.getJson('/', NEVER);
    const exchange = await server.next();
    exchange.json({});
    await calling;
    assert.deepEqual(
      Object.keys(exchange.headers).filter((name) => /^(authorization|impersonate)/.test(name)),
      [],
    );
  });
});

describe('a header that cannot be sent', () => {
  it('is refused, and its value not repeated, whatever the server speaks', async () => {
    for (const speaks of ['h2', 'https/1.1'] as const) {
      await using server = await TestServer.start({ speaks });
      await using client = clientOf(server, { user: { token: 'secret\ntoken' } });
      await assert.rejects(client.getJson('/', NEVER), {
        code: 'unauthorized',
        message: 'authorization: the value holds characters that no HTTP header may hold',
      });
      assert.equal(server.connections, 0);
    }
  });

  for (const text of ['a\nb', 'a\r\nx-remote-user: b', 'a\0', '\u007f'])
    it(`keeps ${JSON.stringify(text)} from acting as nobody`, async () => {
      await using server = await TestServer.start();
      for (const impersonate of [
        { user: text, groups: [], uid: undefined, extra: {} },
        { user: 'ada', groups: ['dev', text], uid: undefined, extra: {} },
      ]) {
        await using client = clientOf(server, { impersonate });
        await assert.rejects(client.getJson('/', NEVER), { code: 'usage', message: /^impersonate-(user|group): / });
      }
      assert.equal(server.connections, 0);
    });
});

describe('a 401', () => {
  it('is answered once with new credentials, and the old ones are reported', async () => {
    const { server, seen } = await knowing('new');
    await using _server = server;
    const credentials = sourceOf({ token: 'old' }, { token: 'new' });
    await using client = clientOf(server, { credentials });
    assert.deepEqual(await client.getJson('/', NEVER), { ok: true });
    assert.deepEqual(seen, ['Bearer old', 'Bearer new']);
    assert.deepEqual(credentials.rejected, [{ token: 'old' }]);
  });

  it('to the new credentials too is an error', async () => {
    const { server, seen } = await knowing('none');
    await using _server = server;
    const credentials = sourceOf({ token: 'old' }, { token: 'new' }, { token: 'newer' });
    await using client = clientOf(server, { credentials });
    await assert.rejects(client.getJson('/', NEVER), {
      name: 'ApiError',
      code: 'unauthorized',
      status: 401,
      message: 'it is Unauthorized',
      hint: /log in again/,
    });
    assert.equal(seen.length, 2);
  });

  it('is final where the source has no others, or gives the same', async () => {
    for (const reject of [() => false, () => true]) {
      const { server, seen } = await knowing('none');
      await using _server = server;
      const fixed = { token: 'old' };
      await using client = clientOf(server, { credentials: { get: async () => fixed, reject } });
      await assert.rejects(client.getJson('/', NEVER), { code: 'unauthorized' });
      assert.equal(seen.length, 1);
    }
  });

  it('whose new credentials cannot be had fails with the reason for that', async () => {
    const { server } = await knowing('none');
    await using _server = server;
    const reason = new Error('the plugin failed');
    let asked = 0;
    const get = async (): Promise<Credentials> => {
      asked += 1;
      if (asked > 1) throw reason;
      return { token: 'old' };
    };
    await using client = clientOf(server, { credentials: { get, reject: () => true } });
    await assert.rejects(client.getJson('/', NEVER), reason);
  });

  it('renews the credentials of a watch and a log as well', async () => {
    await using server = await TestServer.start();
    server.handle = (exchange) => {
      if (exchange.headers.authorization === 'Bearer new')
        exchange.send(200, '', { 'content-type': 'application/json' });
      else exchange.refuse(401, 'Unauthorized');
    };
    await using client = clientOf(server, { credentials: sourceOf({ token: 'old' }, { token: 'new' }) });
    assert.equal(await textOf(await client.logs({ namespace: 'a', pod: 'b', container: 'c' }, NEVER)), '');
  });

  it('to a certificate that has expired says so', async () => {
    await using server = await TestServer.start();
    server.handle = (exchange) => exchange.refuse(401, 'Unauthorized');
    await using client = clientOf(server, { user: { clientCertificate: late } });
    await assert.rejects(client.getJson('/', NEVER), {
      name: 'ApiError',
      code: 'unauthorized',
      message: /^https:.* refused the user: the client certificate \(CN=late ada\) expired on \d{4}-\d\d-\d\d$/,
      hint: /renew the certificate/,
    });
  });
});

describe('a client certificate', () => {
  /** A server that tells who it sees. */
  async function seeing(): Promise<TestServer> {
    const server = await TestServer.start({ clientAuthority: authority.cert });
    server.handle = (exchange) => exchange.json({ name: nameOf(exchange), connection: exchange.connection });
    return server;
  }

  function nameOf(exchange: Exchange): string {
    const { socket } = exchange.session;
    return socket instanceof TLSSocket ? String(socket.getPeerCertificate().subject.CN) : '';
  }

  function renewable(first: Identity): { source: CredentialSource; renew: (next: Identity) => void } {
    let current: Credentials = { clientCertificate: first };
    return {
      source: { get: async () => current, reject: () => false },
      renew: (next) => {
        current = { clientCertificate: next };
      },
    };
  }

  it('that changes has new connections opened, while what is open goes on', async () => {
    await using server = await seeing();
    const { source, renew } = renewable(ada);
    await using client = clientOf(server, { credentials: source });
    assert.deepEqual(await client.getJson('/', NEVER), { name: 'ada', connection: 0 });
    const answer = server.handle;
    server.handle = undefined;
    const opening = client.logs({ namespace: 'a', pod: 'b', container: 'c' }, NEVER);
    const exchange = await server.next();
    exchange.begin(200, { 'content-type': 'text/plain' });
    const log = await opening;
    server.handle = answer;
    renew(grace);
    assert.deepEqual(await client.getJson('/', NEVER), { name: 'grace', connection: 2 });
    assert.equal(nameOf(exchange), 'ada');
    exchange.end('still ada\n');
    assert.equal(await textOf(log), 'still ada\n');
  });

  it('that changes while connections are opened replaces them once, whatever waits for them', async () => {
    await using server = await seeing();
    const { source, renew } = renewable(ada);
    await using client = clientOf(server, { credentials: source });
    const calls: Promise<unknown>[] = [client.getJson('/', NEVER), client.getJson('/', NEVER)];
    await turn(); // they wait for a connection
    renew(grace);
    calls.push(client.getJson('/', NEVER), client.getJson('/', NEVER));
    const answers = (await Promise.all(calls)) as { name: string }[];
    assert.deepEqual(new Set(answers.map(({ name }) => name)), new Set(['grace']));
    assert.ok(server.connections <= 2);
  });

  it('that changes while none can be opened for it fails nobody that waits for one', async () => {
    await using server = await seeing();
    const { source, renew } = renewable(late);
    await using client = clientOf(server, { credentials: source });
    const waiting = client.getJson('/', NEVER);
    await turn(); // for a connection that the server refuses
    renew(ada);
    const answers = (await Promise.all([waiting, client.getJson('/', NEVER)])) as { name: string }[];
    assert.deepEqual(
      answers.map(({ name }) => name),
      ['ada', 'ada'],
    );
  });

  it('that changes leaves no connection behind', async () => {
    await using server = await seeing();
    const { source, renew } = renewable(ada);
    const client = clientOf(server, { credentials: source });
    for (const identity of [ada, grace, ada, grace]) {
      renew(identity);
      await client.getJson('/', NEVER);
    }
    assert.equal(server.connections, 4);
    await client[Symbol.asyncDispose]();
    await server.deserted();
  });

  it('that changes ends the kept connections of HTTP/1.1, but not what is open', async () => {
    await using server = await TestServer.start({ speaks: 'https/1.1' });
    const { source, renew } = renewable(ada);
    await using client = clientOf(server, { credentials: source });
    const opening = client.logs({ namespace: 'a', pod: 'b', container: 'c' }, NEVER);
    const exchange = await server.next();
    exchange.begin(200, { 'content-type': 'text/plain' });
    const log = await opening;
    server.handle = (other) => other.json({ connection: other.connection });
    assert.deepEqual(await client.getJson('/', NEVER), { connection: 1 });
    renew(grace);
    assert.deepEqual(await client.getJson('/', NEVER), { connection: 2 });
    exchange.end('still ada\n');
    assert.equal(await textOf(log), 'still ada\n');
    renew(ada);
    assert.deepEqual(await client.getJson('/', NEVER), { connection: 3 });
    await server.has(1);
  });

  it('that stays the same keeps its connection, whatever the token', async () => {
    await using server = await seeing();
    let n = 0;
    const get = async (): Promise<Credentials> => ({ clientCertificate: { ...ada }, token: `t${n++}` });
    await using client = clientOf(server, { credentials: { get, reject: () => false } });
    for (let calls = 0; calls < 3; calls += 1) await client.getJson('/', NEVER);
    assert.equal(server.connections, 1);
  });
});
