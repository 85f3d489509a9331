import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { issue } from '../config-table/certificates.ts';
import { listen } from '../config-table/server.ts';
import { clientOf, NEVER } from '../wire/client.ts';
import { startHttpProxy, startScript } from '../wire/proxy.ts';
import { TestServer } from '../wire/server.ts';

const stranger = await issue({ name: 'a stranger' });

async function answering(speaks: 'h2' | 'http/1.1' = 'h2'): Promise<TestServer> {
  const server = await TestServer.start({ speaks });
  server.handle = (exchange) => exchange.json({ path: exchange.url.pathname });
  return server;
}

function withLogin(url: URL, user: string, password: string): URL {
  const copy = new URL(url);
  copy.username = user;
  copy.password = password;
  return copy;
}

describe('an HTTP proxy', () => {
  it('tunnels HTTP/2 to the server, after its login', async () => {
    await using server = await answering();
    await using proxy = await startHttpProxy(server.url, { login: 'ada:p@ss:w ord' });
    await using client = clientOf(server, { proxy: withLogin(proxy.url, 'ada', 'p@ss:w ord') });
    assert.deepEqual(await client.getJson('/version', NEVER), { path: '/version' });
    assert.deepEqual(proxy.asked, [`CONNECT ${server.url.host} ada:p@ss:w ord`]);
  });

  it('of HTTPS is verified by the same authority as the server', async () => {
    await using server = await answering();
    const identity = await issue({ name: 'proxy' });
    await using proxy = await startHttpProxy(server.url, { identity });
    const ca = `${server.ca}${identity.cert}`;
    await using client = clientOf({ url: server.url, ca }, { proxy: proxy.url });
    assert.deepEqual(await client.getJson('/version', NEVER), { path: '/version' });
  });

  it('of HTTPS that nobody knows is refused by its name, before it learns a login', async () => {
    await using server = await answering();
    await using proxy = await startHttpProxy(server.url, { identity: stranger });
    await using client = clientOf(server, { proxy: withLogin(proxy.url, 'ada', 'secret') });
    await assert.rejects(client.getJson('/', NEVER), {
      code: 'unreachable',
      message: /^cannot reach https:.*: the proxy 127\.0\.0\.1:\d+: the certificate is not trusted/,
    });
    assert.deepEqual(proxy.asked, []);
  });

  it('is asked for each request to a server without TLS', async () => {
    await using server = await answering('http/1.1');
    await using proxy = await startHttpProxy(server.url, { login: 'ada:secret' });
    await using client = clientOf(
      { url: new URL('http://inner.test/k8s'), ca: '' },
      { proxy: withLogin(proxy.url, 'ada', 'secret') },
    );
    assert.deepEqual(await client.getJson('/version', NEVER), { path: '/k8s/version' });
    assert.deepEqual(proxy.asked, ['GET http://inner.test/k8s/version ada:secret']);
  });

  const refusals = [
    { title: 'that wants a login', user: '', hint: /the proxy wants a login: put USER:PASSWORD@ into its URL/ },
    { title: 'that wants another login', user: 'grace', hint: /the proxy wants a login: check its user name/ },
  ];
  for (const { title, user, hint } of refusals) {
    it(`${title} is told from a server that wants one`, async () => {
      await using server = await answering();
      await using proxy = await startHttpProxy(server.url, { login: 'ada:secret' });
      await using client = clientOf(server, { proxy: withLogin(proxy.url, user, user) });
      await assert.rejects(client.getJson('/', NEVER), {
        code: 'unreachable',
        message:
          /cannot reach https:.*: the proxy 127\.0\.0\.1:\d+ answered with HTTP 407 to CONNECT 127\.0\.0\.1:\d+$/,
        hint,
      });
    });
  }

  it('that closes the connection is unreachable', async (test) => {
    await using server = await answering();
    const proxy = createServer((socket) => socket.once('data', () => socket.end()));
    const port = await listen(proxy);
    test.after(() => proxy.close());
    await using client = clientOf(server, { proxy: new URL(`http://127.0.0.1:${port}`) });
    await assert.rejects(client.getJson('/', NEVER), { code: 'unreachable', message: /cannot reach https:/ });
  });

  for (const scheme of ['http', 'https', 'socks5']) {
    it(`of ${scheme} that is not there is named`, async () => {
      await using server = await answering();
      const proxy = new URL(`${scheme}://ada:secret@127.0.0.1:1`);
      await using client = clientOf(server, { proxy });
      await assert.rejects(client.getJson('/', NEVER), {
        code: 'unreachable',
        message: /: the proxy 127\.0\.0\.1:1: the connection was refused$/,
        hint: /proxy-url/,
      });
    });
  }
});

describe('a SOCKS proxy', () => {
  const hello: readonly [number, readonly number[]] = [3, [5, 0]];
  const refusals: readonly (readonly [string, Parameters<typeof startScript>[0], string, RegExp])[] = [
    ['another version', [[3, [4, 0]]], '', /does not speak SOCKS5/],
    ['a login that is not given', [[3, [5, 0xff]]], '', /wants a login that its URL does not give/],
    ['a login that is asked for and not given', [[3, [5, 2]]], '', /wants a login that its URL does not give/],
    [
      'a wrong login',
      [
        [4, [5, 2]],
        [7, [1, 1]],
      ],
      'ad:pw',
      /refused the user name or the password/,
    ],
    ['what is not allowed', [hello, [10, [5, 2, 0, 1]]], '', /does not allow it \(CONNECT to 127\.0\.0\.1\)/],
    ['a server that is not there', [hello, [10, [5, 5, 0, 1]]], '', /says that the connection was refused/],
    ['a reply that nobody knows', [hello, [10, [5, 99, 0, 1]]], '', /answered 99/],
    ['a closed connection', [[3, [5]]], '', /the (proxy closed the )?connection( was closed)?/],
  ];
  for (const [title, steps, login, message] of refusals) {
    it(`that answers with ${title} is told`, async () => {
      await using server = await answering();
      await using proxy = await startScript(steps);
      const [user = '', password = ''] = login.split(':');
      await using client = clientOf(server, { proxy: withLogin(proxy.url, user, password) });
      await assert.rejects(client.getJson('/', NEVER), (error: Error & { code?: string }) => {
        assert.match(error.message, /^cannot reach https:/);
        assert.match(error.message, message);
        assert.equal(error.code, 'unreachable');
        return true;
      });
    });
  }

  it('cannot be given a name of more than 255 bytes', async () => {
    await using server = await answering();
    await using proxy = await startScript([[4, [5, 2]]]);
    await using client = clientOf(server, { proxy: withLogin(proxy.url, 'a'.repeat(256), 'pw') });
    await assert.rejects(client.getJson('/', NEVER), { message: /a name or password of more than 255 bytes/ });
  });

  const addresses: readonly (readonly [string, readonly number[]])[] = [
    ['https://api.test:6443', [5, 1, 0, 3, 8, ...Buffer.from('api.test'), 25, 43]],
    ['https://10.1.2.3', [5, 1, 0, 1, 10, 1, 2, 3, 1, 187]],
    ['https://[2001:db8::1:0:2]:8443', [5, 1, 0, 4, 32, 1, 13, 184, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 32, 251]],
    ['https://[::1]:1', [5, 1, 0, 4, ...Array<number>(15).fill(0), 1, 0, 1]],
  ];
  for (const [url, bytes] of addresses) {
    it(`is asked for ${url} as an address of its kind`, async () => {
      await using proxy = await startScript([hello, [bytes.length, [5, 1, 0, 1]]]);
      await using client = clientOf({ url: new URL(url), ca: stranger.cert }, { proxy: proxy.url });
      await assert.rejects(client.getJson('/', NEVER), { message: /: the SOCKS proxy 127\.0\.0\.1:\d+ failed/ });
      assert.deepEqual([...(proxy.heard[1] ?? [])], bytes);
    });
  }
});
