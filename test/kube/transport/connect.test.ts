import assert from 'node:assert/strict';
import { createServer as createTcpServer } from 'node:net';
import { describe, it } from 'node:test';
import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { connectError } from '../../../src/kube/transport/connect-error.ts';
import { UntrustedServer } from '../../../src/kube/transport/tls.ts';
import { type Identity, issue } from '../config-table/certificates.ts';
import { listen } from '../config-table/server.ts';
import { clientOf, connectionTo, NEVER } from '../wire/client.ts';
import { Relay } from '../wire/relay.ts';
import { TestServer } from '../wire/server.ts';
import { stopTimeouts } from '../wire/timers.ts';

const authority = await issue({ name: 'the test authority', authority: true });
const stranger = await issue({ name: 'a stranger', authority: true });
const ours = await issue({ name: 'ours', issuer: authority });
const expired = await issue({ name: 'late', issuer: authority, expired: true });
const late = await issue({ name: 'late ada', issuer: authority, expired: true });
const ada = await issue({ name: 'ada', issuer: authority });

function trust(ca: string | undefined, changes: { serverName?: string; insecure?: boolean } = {}) {
  return { ca, serverName: changes.serverName, insecureSkipVerify: changes.insecure === true };
}

async function answering(
  identity: Identity,
  options: Parameters<typeof TestServer.start>[0] = {},
): Promise<TestServer> {
  const server = await TestServer.start({ ...options, identity });
  server.handle = (exchange) => exchange.json({ ok: true });
  return server;
}

describe("the server's certificate", () => {
  const refusals = [
    {
      title: 'of another authority than the kubeconfig names',
      identity: ours,
      tls: trust(stranger.cert),
      message: /its certificate is not signed by the kubeconfig's certificate authority \(.*issued by CN=the test auth/,
      hint: /certificate-authority/,
    },
    {
      title: 'of an authority that the system does not know',
      identity: ours,
      tls: trust(undefined),
      message: /its certificate is not signed by the system's certificate authorities/,
      hint: /certificate-authority/,
    },
    {
      title: 'that has expired',
      identity: expired,
      tls: trust(authority.cert),
      message: /the server's certificate expired on \d{4}-\d\d-\d\d$/,
      hint: /renew it, or correct the clock/,
    },
    {
      title: 'for other names than tls-server-name',
      identity: ours,
      tls: trust(authority.cert, { serverName: 'wrong.test' }),
      message:
        /certificate is for another name than wrong\.test \(it is for localhost, api\.faro\.test, .*127\.0\.0\.1/,
      hint: /set tls-server-name/,
    },
    {
      title: 'of an authority that is only its own',
      identity: authority,
      tls: trust(authority.cert),
      message: /its certificate is not accepted, with the kubeconfig's certificate authority \(INVALID_PURPOSE/,
      hint: /certificate-authority/,
    },
  ];
  for (const { title, identity, tls, message, hint } of refusals) {
    it(`${title} is refused, and nothing is sent`, async () => {
      await using server = await answering(identity);
      let requests = 0;
      server.handle = () => (requests += 1);
      await using client = clientOf(server, { tls, user: { token: 'secret' } });
      await assert.rejects(client.getJson('/', NEVER), (error: Error & { hint?: string; code?: string }) => {
        assert.match(error.message, /^cannot reach https:\/\/127\.0\.0\.1:\d+: /);
        assert.match(error.message, message);
        assert.match(error.hint ?? '', hint);
        assert.equal(error.code, 'unreachable');
        return true;
      });
      assert.equal(requests, 0);
      await server.deserted();
    });
  }

  const accepted = [
    { title: "of the kubeconfig's authority", identity: ours, tls: trust(authority.cert) },
    { title: 'that is trusted by itself', identity: ours, tls: trust(ours.cert) },
    {
      title: 'under the name of tls-server-name',
      identity: ours,
      tls: trust(authority.cert, { serverName: 'api.faro.test' }),
    },
    { title: 'of anybody, where verification is off', identity: expired, tls: trust(undefined, { insecure: true }) },
  ];
  for (const { title, identity, tls } of accepted) {
    it(`${title} is accepted`, async () => {
      await using server = await answering(identity);
      await using client = clientOf(server, { tls });
      assert.deepEqual(await client.getJson('/', NEVER), { ok: true });
    });
  }

  it("of one of the system's authorities is accepted where the kubeconfig names none", async (test) => {
    const before = getCACertificates('default');
    setDefaultCACertificates([...before, authority.cert]);
    test.after(() => setDefaultCACertificates(before));
    await using server = await answering(ours);
    await using client = clientOf(server, { tls: trust(undefined) });
    assert.deepEqual(await client.getJson('/', NEVER), { ok: true });
  });

  it('may change its authority while the client lives', async () => {
    await using server = await answering(ours);
    let ca = stranger.cert;
    const tls = {
      get ca() {
        return ca;
      },
      serverName: undefined,
      insecureSkipVerify: false,
    };
    const rereadTrust = async (): Promise<boolean> => {
      ca = authority.cert;
      return true;
    };
    await using client = clientOf(server, { tls, rereadTrust });
    assert.deepEqual(await client.getJson('/', NEVER), { ok: true });
  });
});

describe("the user's certificate", () => {
  it('that the server refuses is named as a possible cause', async () => {
    await using server = await answering(ours, { clientAuthority: stranger.cert });
    await using client = clientOf(server, { tls: trust(authority.cert), user: { clientCertificate: ada } });
    await assert.rejects(client.getJson('/', NEVER), (error: Error & { hint?: string }) => {
      assert.match(error.message, /cannot reach https:.*: (the TLS handshake failed|the connection was)/);
      return true;
    });
  });

  it('that has expired is named with its day where the server breaks the connection', async () => {
    await using server = await answering(ours, { clientAuthority: authority.cert });
    await using client = clientOf(server, { tls: trust(authority.cert), user: { clientCertificate: late } });
    await assert.rejects(client.getJson('/', NEVER), {
      code: 'unauthorized',
      message: /the client certificate \(CN=late ada\) expired on \d{4}-\d\d-\d\d$/,
    });
  });

  it('that has expired is not blamed for a server that is not there', async () => {
    const server = await answering(ours);
    await server[Symbol.asyncDispose]();
    await using client = clientOf(server, { user: { clientCertificate: late } });
    await assert.rejects(client.getJson('/', NEVER), { code: 'unreachable', message: /the connection was refused/ });
  });
});

describe('a server that is none', () => {
  it('and does not speak TLS is said to', async () => {
    await using server = await TestServer.start({ speaks: 'http/1.1' });
    const url = new URL(server.url.href.replace('http:', 'https:'));
    await using client = clientOf({ url, ca: ours.cert });
    await assert.rejects(client.getJson('/', NEVER), {
      message: /what answers there does not speak TLS/,
      hint: /http:\/\//,
    });
  });

  it('and never says a word is given up', async () => {
    await using relay = await Relay.start();
    await using client = clientOf({ url: relay.url, ca: ours.cert }, {}, { limits: { connectMs: 50 } });
    await assert.rejects(client.getJson('/', NEVER), {
      code: 'unreachable',
      message: /cannot reach https:\/\/127\.0\.0\.1:\d+: no connection within 0\.05 s/,
      hint: /VPN/,
    });
    await relay.deserted();
  });

  it('and says no HTTP/2 after the handshake is given up', async (test) => {
    const server = createTlsServer({ ...ours, ALPNProtocols: ['h2'] });
    const shaken = new Promise((resolve) => server.once('secureConnection', resolve));
    const port = await listen(server);
    test.after(() => server.close());
    const pass = stopTimeouts(test);
    await using client = clientOf({ url: new URL(`https://127.0.0.1:${port}`), ca: ours.cert });
    const calling = assert.rejects(client.getJson('/', NEVER), { message: /no HTTP\/2 settings came within 30 s/ });
    await shaken;
    // The client's side of the handshake ends after the server's: the limit is due until the call has failed.
    const ticking = setInterval(() => pass(30_000), 10);
    await calling;
    clearInterval(ticking);
  });

  it('and closes every connection is unreachable', async (test) => {
    const server = createTcpServer((socket) => socket.destroy());
    const port = await listen(server);
    test.after(() => server.close());
    await using client = clientOf({ url: new URL(`https://127.0.0.1:${port}`), ca: ours.cert });
    await assert.rejects(client.getJson('/', NEVER), {
      code: 'unreachable',
      message: /the connection was (cut|closed)/,
    });
  });
});

describe('an error of the network', () => {
  const caller = {
    connection: connectionTo({ url: new URL('https://api.example:6443'), ca: ours.cert }),
    credentials: {},
    now: Date.parse('2026-11-24T12:00:00Z'),
  };
  const coded = (code: string, message = code) => Object.assign(new Error(message), { code });
  const rows: readonly (readonly [string, Error, RegExp, RegExp])[] = [
    ['ENOTFOUND', coded('ENOTFOUND'), /its name is not known \(DNS\)/, /server in the kubeconfig/],
    ['EAI_AGAIN', coded('EAI_AGAIN'), /could not be resolved/, /VPN/],
    ['ETIMEDOUT', coded('ETIMEDOUT'), /timed out/, /VPN/],
    ['EHOSTUNREACH', coded('EHOSTUNREACH'), /no route/, /VPN/],
    ['ENETUNREACH', coded('ENETUNREACH'), /no route/, /VPN/],
    ['ECONNREFUSED at every address', new AggregateError([coded('ECONNREFUSED')]), /was refused/, /running/],
    [
      'a TLS alert',
      coded('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'),
      /handshake failed \(certificate required\)/,
      /TLS 1\.2/,
    ],
    ['another TLS error', coded('EPROTO', 'odd bytes'), /handshake failed \(odd bytes\)/, /TLS 1\.2/],
    ['anything else', new Error('odd'), /: odd$/, /VPN/],
    ['a certificate of tomorrow', new UntrustedServer('CERT_NOT_YET_VALID', undefined), /is not valid$/, /clock/],
    [
      'an authority of yesterday',
      new UntrustedServer('CERT_HAS_EXPIRED', undefined),
      /an authority of the server/,
      /renew/,
    ],
    [
      'no certificate at all',
      new UntrustedServer('', undefined),
      /is not accepted, with the kubeconfig's .* \(\)$/,
      /auth/,
    ],
  ];
  for (const [title, error, message, hint] of rows) {
    it(`${title} becomes a sentence with a way out`, () => {
      const told = connectError(error, caller);
      assert.match(told.message, /^cannot reach https:\/\/api\.example:6443: /);
      assert.match(told.message, message);
      assert.match(told.hint ?? '', hint);
      assert.equal(told.cause, error);
    });
  }
});
