import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BadExecCredential, parseExecCredential } from '../../../src/kube/auth/exec-credential.ts';
import { issue } from '../config-table/certificates.ts';

const V1 = 'client.authentication.k8s.io/v1';
const ada = await issue({ name: 'ada' });
const parse = (text: string) => parseExecCredential(Buffer.from(text), V1);
const answer = (status: unknown, fields: Record<string, unknown> = {}): string =>
  JSON.stringify({ apiVersion: V1, kind: 'ExecCredential', status, ...fields });

describe('parseExecCredential', () => {
  it('reads a token of any length, without an end', () => {
    const token = 'x'.repeat(20_000);
    assert.deepEqual(parse(answer({ token })), { credentials: { token }, expires: undefined });
  });

  it('reads an end with a zone, and null as none', () => {
    const expires = (expirationTimestamp: unknown) => parse(answer({ token: 't', expirationTimestamp })).expires;
    assert.equal(expires('2026-11-24T14:00:00+02:00'), Date.UTC(2026, 10, 24, 12));
    assert.equal(expires('2026-11-24T12:00:00.5Z'), Date.UTC(2026, 10, 24, 12, 0, 0, 500));
    assert.equal(expires(null), undefined);
  });

  it('reads a client certificate', () => {
    const { credentials } = parse(answer({ clientCertificateData: ada.cert, clientKeyData: ada.key }));
    assert.equal(credentials.token, undefined);
    assert.match(credentials.clientCertificate?.cert ?? '', /^-----BEGIN CERTIFICATE/);
  });

  it('reads past fields that nobody knows, and escapes', () => {
    const text = answer({ token: 'a/b', more: [1] }, { spec: { interactive: true }, metadata: {} }).replace(
      'a/b',
      'a\\/b',
    );
    assert.deepEqual(parse(text).credentials, { token: 'a/b' });
  });

  for (const [text, why] of [
    ['', 'printed nothing'],
    [' \n', 'printed nothing'],
    ['secret-token', 'printed something that is no object'],
    ['[1]', 'printed something that is no object'],
    ['{"status": secret-token', 'printed something that is neither JSON nor YAML'],
    [answer({ token: 't' }, { kind: 'secret-token' }), 'printed an object whose kind is not ExecCredential'],
    [answer({ token: 't' }, { apiVersion: 'secret-token' }), `is configured for ${V1}, but printed another apiVersion`],
    [answer({ token: 't' }, { apiVersion: null }), `is configured for ${V1}, but printed no apiVersion`],
    [answer(null), 'printed an ExecCredential without a status'],
    [answer('secret-token'), 'printed an ExecCredential whose status has the wrong type'],
    [answer({ token: ['secret-token'] }), 'printed an ExecCredential whose status.token has the wrong type'],
    [answer({ token: '', clientKeyData: '' }), 'printed neither a token nor a client certificate'],
    [answer({ clientKeyData: 'secret-token' }), 'printed a client key without its certificate'],
    [answer({ token: 't', clientCertificateData: 'x' }), 'printed a client certificate without its key'],
    [answer({ token: 'secret\ntoken' }), 'printed a token that no header can carry'],
    [answer({ token: 't', expirationTimestamp: '' }), 'printed an expirationTimestamp that is no RFC 3339 time'],
    [
      answer({ token: 't', expirationTimestamp: '24.11.2026' }),
      'printed an expirationTimestamp that is no RFC 3339 time',
    ],
  ] as const) {
    it(`says of ${JSON.stringify(text.slice(0, 60))} that it ${why}`, () => {
      assert.throws(
        () => parse(text),
        (error) => {
          assert.ok(error instanceof BadExecCredential);
          assert.equal(error.message, why);
          assert.equal(error.cause, undefined);
          return true;
        },
      );
    });
  }
});
