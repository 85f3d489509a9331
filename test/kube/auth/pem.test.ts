import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import { authoritiesOf, keyPairOf } from '../../../src/kube/auth/pem.ts';
import { encryptedKey, issue, sec1Key } from '../config-table/certificates.ts';

const authority = await issue({ name: 'authority', authority: true });
const ada = await issue({ name: 'ada', issuer: authority });
const grace = await issue({ name: 'grace', issuer: authority });

const RUBBISH = '-----BEGIN CERTIFICATE-----\nbm90aGluZw==\n-----END CERTIFICATE-----\n';
const subjects = (pem: string | undefined): string[] =>
  (pem?.match(/-----BEGIN[\s\S]+?-----END CERTIFICATE-----/g) ?? []).map((one) => new X509Certificate(one).subject);

describe('authoritiesOf', () => {
  const cases: readonly [string, string, readonly string[]][] = [
    ['one certificate', authority.cert, ['CN=authority']],
    [
      'two, with words and CRLF around',
      `a: b\r\n${authority.cert.replaceAll('\n', '\r\n')}and\n${ada.cert}end`,
      ['CN=authority', 'CN=ada'],
    ],
    ['one behind rubbish', RUBBISH + ada.cert, ['CN=ada']],
    ['one behind a key', ada.key + ada.cert, ['CN=ada']],
    ['lines of another length', authority.cert.replaceAll(/(?<=[A-Za-z0-9+/=]{10})\n(?!-)/g, ''), ['CN=authority']],
    ['no newline between two', authority.cert.trim() + ada.cert, ['CN=authority', 'CN=ada']],
  ];
  for (const [title, text, expected] of cases) {
    it(`finds ${title}`, () => assert.deepEqual(subjects(authoritiesOf(text)), expected));
  }

  for (const [title, text] of [
    ['nothing', ''],
    ['words', 'nothing to see'],
    ['rubbish', RUBBISH],
    ['a key alone', ada.key],
    ['a certificate cut off', ada.cert.slice(0, -30)],
    ['a certificate under another label', ada.cert.replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE')],
    ['a certificate with headers', ada.cert.replace('-----\n', '-----\nProc-Type: 4,ENCRYPTED\n\n')],
  ] as const) {
    it(`finds none in ${title}`, () => assert.equal(authoritiesOf(text), undefined));
  }
});

describe('keyPairOf', () => {
  it('takes a key in PKCS #8, in SEC 1, and under a wrong label, and writes each as PKCS #8', () => {
    for (const key of [ada.key, sec1Key(ada), ada.key.replaceAll('PRIVATE', 'RSA PRIVATE')]) {
      const pair = keyPairOf(ada.cert, key);
      assert.ok('certificate' in pair);
      assert.match(pair.certificate.key, /^-----BEGIN PRIVATE KEY-----/);
      assert.ok(createPrivateKey(pair.certificate.key).equals(createPrivateKey(ada.key)));
    }
  });

  it('keeps the chain in its order and tells when the first certificate ends', () => {
    const pair = keyPairOf(ada.cert + authority.cert, ada.key);
    assert.ok('certificate' in pair);
    assert.deepEqual(subjects(pair.certificate.cert), ['CN=ada', 'CN=authority']);
    assert.equal(pair.notAfter, new X509Certificate(ada.cert).validToDate.getTime());
  });

  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'pem', type: 'pkcs1' });
  for (const [title, cert, key, unusable, why] of [
    ['no certificate', 'x', ada.key, 'certificate', 'holds no certificate in PEM form'],
    [
      'a broken certificate, whatever follows',
      RUBBISH + ada.cert,
      ada.key,
      'certificate',
      'holds a certificate that cannot be read',
    ],
    ['no key', ada.cert, 'x', 'key', 'holds no private key in PEM form'],
    [
      'a broken key',
      ada.cert,
      '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----',
      'key',
      'holds a private key that cannot be read',
    ],
    [
      'an encrypted key',
      ada.cert,
      encryptedKey(ada, 'open'),
      'key',
      'is protected by a passphrase, which no Kubernetes client asks for',
    ],
    ["somebody else's key", ada.cert, grace.key, 'key', 'holds a private key that does not belong to the certificate'],
    [
      'a key of another kind',
      ada.cert,
      String(rsa),
      'key',
      'holds a private key that does not belong to the certificate',
    ],
  ] as const) {
    it(`refuses ${title}`, () => assert.deepEqual(keyPairOf(cert, key), { unusable, why }));
  }
});
