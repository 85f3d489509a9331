import assert from 'node:assert/strict';
import { mkdir, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { type ConnectionOptions, loadConnection } from '../../../src/kube/connection.ts';
import { FaroError } from '../../../src/model/errors.ts';
import { temporaryFolder } from '../../folder.ts';
import { holds } from '../../property.ts';
import { ManualClock } from '../auth/manual-clock.ts';
import { leakTester, makePeople } from '../config-table/certificates.ts';
import { base64, certificateFields } from '../config-table/row.ts';

const people = await makePeople();
const signal = new AbortController().signal;
const MINUTE_MS = 60_000;

let folder = '';
before(async () => {
  folder = temporaryFolder('load');
});

async function put(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

/** A kubeconfig with one of each; fields replaced as told. */
function config(cluster: Record<string, unknown> = {}, user: Record<string, unknown> = {}): string {
  return stringify({
    clusters: [{ name: 'dev', cluster: { server: 'https://api.example:6443', ...cluster } }],
    users: [{ name: 'ada', user }],
    contexts: [{ name: 'main', context: { cluster: 'dev', user: 'ada', namespace: 'shop' } }],
    'current-context': 'main',
  });
}

function options(more: Partial<ConnectionOptions> = {}): ConnectionOptions {
  return {
    kubeconfig: join(folder, 'config'),
    env: {},
    clock: new ManualClock(),
    interactive: false,
    serviceAccount: folder,
    ...more,
  };
}

describe('loadConnection', () => {
  it('gives all that the transport needs', async () => {
    const user = { ...certificateFields(people.ada), token: 'secret', as: 'grace', 'as-groups': ['ops'] };
    await put(
      'config',
      config(
        {
          'certificate-authority-data': base64(people.authority.cert),
          'tls-server-name': 'api',
          'proxy-url': 'http://proxy:3128',
        },
        user,
      ),
    );
    const connection = await loadConnection(options());
    assert.equal(connection.server.href, 'https://api.example:6443/');
    assert.equal(connection.tls.ca, people.authority.cert);
    assert.equal(connection.tls.serverName, 'api');
    assert.equal(connection.tls.insecureSkipVerify, false);
    assert.equal(connection.proxy?.href, 'http://proxy:3128/');
    assert.equal(connection.namespace, 'shop');
    assert.equal(connection.contextName, 'main');
    assert.deepEqual(connection.impersonate, { user: 'grace', groups: ['ops'], uid: undefined, extra: {} });
    const credentials = await connection.credentials.get(signal);
    assert.equal(credentials.token, 'secret');
    assert.equal(credentials.clientCertificate?.cert, people.ada.cert);
    assert.deepEqual(connection.warnings, []);
  });

  it('adds --as-user-extra to what the file says', async () => {
    await put('config', config({}, { token: 't', as: 'grace', 'as-user-extra': { a: ['1'], b: ['2'] } }));
    const { impersonate } = await loadConnection(options({ asUserExtra: { b: ['3'], c: ['4', '5'] } }));
    assert.deepEqual(impersonate?.extra, { a: ['1'], b: ['3'], c: ['4', '5'] });
  });

  it('reads a token file again after a minute, and after a 401', async () => {
    await put('config', config({}, { tokenFile: 'token' }));
    await put('token', 'one');
    const clock = new ManualClock();
    const { credentials } = await loadConnection(options({ clock }));
    assert.deepEqual(await credentials.get(signal), { token: 'one' });
    await put('token', 'two');
    assert.deepEqual(await credentials.get(signal), { token: 'one' });
    clock.pass(MINUTE_MS);
    const second = await credentials.get(signal);
    assert.deepEqual(second, { token: 'two' });
    await put('token', 'three');
    assert.equal(credentials.reject(second), true);
    assert.deepEqual(await credentials.get(signal), { token: 'three' });
  });

  it('reads a client certificate again, and waits until certificate and key belong together', async () => {
    await put('config', config({}, { 'client-certificate': 'me.crt', 'client-key': 'me.key' }));
    await put('me.crt', people.ada.cert);
    await put('me.key', people.ada.key);
    const clock = new ManualClock();
    const { credentials } = await loadConnection(options({ clock }));
    const first = await credentials.get(signal);
    await put('me.crt', people.grace.cert);
    clock.pass(MINUTE_MS);
    assert.equal(await credentials.get(signal), first, 'half of a change');
    await put('me.key', people.grace.key);
    clock.pass(MINUTE_MS);
    assert.equal((await credentials.get(signal)).clientCertificate?.cert, people.grace.cert);
  });

  it('reads the certificate authority again when it is asked to, and keeps the last where it cannot', async () => {
    await put('config', config({ 'certificate-authority': 'ca.crt' }, { token: 't' }));
    await put('ca.crt', people.authority.cert);
    const connection = await loadConnection(options());
    assert.equal(await connection.rereadTrust?.(signal), false);
    await put('ca.crt', people.stranger.cert);
    assert.equal(connection.tls.ca, people.authority.cert, 'nobody asked yet');
    assert.equal(await connection.rereadTrust?.(signal), true);
    assert.equal(connection.tls.ca, people.stranger.cert);
    await put('ca.crt', 'nothing');
    assert.equal(await connection.rereadTrust?.(signal), false);
    await unlink(join(folder, 'ca.crt'));
    assert.equal(await connection.rereadTrust?.(signal), false);
    assert.equal(connection.tls.ca, people.stranger.cert);
  });

  it('has nothing to read again where the authority stands in the kubeconfig', async () => {
    await put('config', config({ 'certificate-authority-data': base64(people.authority.cert) }, { token: 't' }));
    const connection = await loadConnection(options());
    assert.equal(await connection.rereadTrust?.(signal), false);
    await assert.rejects(async () => connection.rereadTrust?.(AbortSignal.abort(new Error('stop'))), /stop/);
  });

  it('warns of everything at once', async () => {
    const user = { ...certificateFields(people.expired), username: 'ada', password: people.password };
    await put('config', config({ 'insecure-skip-tls-verify': true }, user));
    const { warnings } = await loadConnection(options({ clock: { now: Date.now, sleep: async () => undefined } }));
    assert.equal(warnings.length, 3);
    assert.match(warnings[0] ?? '', /config:5:33: the certificate of api\.example:6443 is not verified/);
    assert.match(warnings[1] ?? '', /user "ada": the certificate expired at/);
    assert.match(warnings[2] ?? '', /user "ada": basic auth is not supported and was left out/);
  });
});

describe('loadConnection in a pod', () => {
  const env = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443', HOME: '/nowhere' };
  const inPod = (more: Partial<ConnectionOptions> = {}): ConnectionOptions =>
    options({ kubeconfig: undefined, env, serviceAccount: join(folder, 'pod'), ...more });

  before(async () => {
    await mkdir(join(folder, 'pod'));
    await put('pod/token', 'one\n');
    await put('pod/ca.crt', people.authority.cert);
    await put('pod/namespace', 'shop');
  });

  it('takes server, token, authority and namespace from the pod, and reads them again', async () => {
    const clock = new ManualClock();
    const connection = await loadConnection(inPod({ clock }));
    assert.equal(connection.server.href, 'https://10.96.0.1/');
    assert.equal(connection.tls.ca, people.authority.cert);
    assert.equal(connection.namespace, 'shop');
    assert.equal(connection.contextName, null);
    assert.equal(connection.impersonate, null);
    assert.deepEqual(await connection.credentials.get(signal), { token: 'one' });
    await put('pod/token', 'two');
    await put('pod/ca.crt', people.stranger.cert);
    clock.pass(MINUTE_MS);
    assert.deepEqual(await connection.credentials.get(signal), { token: 'two' });
    assert.equal(await connection.rereadTrust?.(signal), true);
    await put('pod/ca.crt', people.authority.cert);
  });

  it('writes an IPv6 service address as a URL wants it', async () => {
    const v6 = { ...env, KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' };
    assert.equal((await loadConnection(inPod({ env: v6 }))).server.href, 'https://[fd00::1]:6443/');
  });

  it('goes through HTTPS_PROXY, too', async () => {
    const { proxy } = await loadConnection(inPod({ env: { ...env, HTTPS_PROXY: 'proxy:3128' } }));
    assert.equal(proxy?.href, 'http://proxy:3128/');
  });

  it('takes flags over the pod', async () => {
    const authority = await put('other.crt', people.stranger.cert);
    const connection = await loadConnection(
      inPod({ server: 'https://other', token: 'flag', certificateAuthority: authority }),
    );
    assert.equal(connection.server.href, 'https://other/');
    assert.equal(connection.tls.ca, people.stranger.cert);
    assert.deepEqual(await connection.credentials.get(signal), { token: 'flag' });
  });

  it('prefers POD_NAMESPACE, and says default where nothing tells', async () => {
    assert.equal((await loadConnection(inPod({ env: { ...env, POD_NAMESPACE: 'till' } }))).namespace, 'till');
    await unlink(join(folder, 'pod/namespace'));
    assert.equal((await loadConnection(inPod())).namespace, 'default');
  });

  for (const missing of ['KUBERNETES_SERVICE_HOST', 'KUBERNETES_SERVICE_PORT']) {
    it(`is no pod without ${missing}`, async () => {
      await assert.rejects(loadConnection(inPod({ env: { ...env, [missing]: '' } })), {
        code: 'kubeconfig',
        message: /this is no pod/,
      });
    });
  }
});

describe('loadConnection with a broken kubeconfig', () => {
  const leakOf = leakTester(people);
  const whole = config(
    { 'certificate-authority-data': base64(people.authority.cert), 'proxy-url': `http://u:${people.password}@proxy:1` },
    {
      ...certificateFields(people.ada),
      token: people.tokens.ada,
      password: people.password,
      exec: {
        apiVersion: 'client.authentication.k8s.io/v1',
        command: 'x',
        args: [people.tokens.grace],
        interactiveMode: 'Never',
      },
    },
  );
  const damage = fc.record({
    at: fc.nat(whole.length),
    cut: fc.nat(40),
    put: fc.constantFrom(
      '',
      '"',
      ':',
      ': ',
      '\n',
      '\n  ',
      '\t',
      '[',
      '}',
      ',',
      '*x',
      '!',
      '|',
      '%',
      '- ',
      '#',
      '=',
      'A',
      '-----',
    ),
  });

  for (const field of ['client-key', 'client-certificate', 'tokenFile'] as const)
    it(`does not show what should stand in another field than ${field}`, async () => {
      const data = certificateFields(people.ada);
      const content = field === 'tokenFile' ? people.tokens.ada : String(data[`${field}-data`]);
      const kubeconfig = await put('misplaced', config({}, { ...data, [`${field}-data`]: '', [field]: content }));
      await assert.rejects(loadConnection(options({ kubeconfig })), (error) => {
        assert.ok(error instanceof FaroError);
        assert.ok(error.message.includes(`user "ada": ${field}: the file (not shown`), error.message);
        assert.ok(
          !inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true }).includes(content.slice(0, 12)),
        );
        return true;
      });
    });

  it('always says so as a FaroError, and never shows a piece of a secret', async () => {
    let broken = 0;
    await holds(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 3 }), async (damages) => {
        const text = damages.reduce((t, { at, cut, put }) => t.slice(0, at) + put + t.slice(at + cut), whole);
        await put('broken', text);
        try {
          const { warnings } = await loadConnection(options({ kubeconfig: join(folder, 'broken') }));
          assert.equal(leakOf(warnings.join('\n')), undefined);
        } catch (error) {
          broken += 1;
          assert.ok(error instanceof FaroError, inspect(error));
          assert.equal(error.code, 'kubeconfig');
          assert.equal(
            leakOf(inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true, maxStringLength: null })),
            undefined,
          );
          assert.ok(error.hint);
        }
      }),
      { numRuns: 400 },
    );
    assert.ok(broken > 100, `only ${broken} of 400 were broken`);
  });
});
