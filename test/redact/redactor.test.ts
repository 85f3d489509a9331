import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJson } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/resource.ts';
import { isCredentialName } from '../../src/redact/names.ts';
import { createRedactor } from '../../src/redact/redactor.ts';
import { credentialsInLines, replaceCredentials } from '../../src/redact/text.ts';

const redactor = createRedactor({ key: Buffer.alloc(32, 1), enabled: true, managedFields: false });

function object(fields: object, annotations?: Record<string, string>, kind = 'Pod'): KubeObject {
  return {
    apiVersion: 'v1',
    kind,
    metadata: { name: 'x', uid: 'u', resourceVersion: '1', ...(annotations === undefined ? {} : { annotations }) },
    ...fields,
  };
}

test('names of credentials are known, however they are written', () => {
  for (const name of [
    'DB_PASSWORD',
    'dbPassword',
    'API_KEY',
    'apiKey',
    'api-key',
    'AWS_SECRET_ACCESS_KEY',
    'GITHUB_TOKEN',
    'auth',
    'SENTRY_DSN',
    'X_PAT',
    'private.key',
  ])
    assert.ok(isCredentialName(name), name);
  for (const name of [
    'PATH',
    'HOME',
    'PORT',
    'DATABASE_HOST',
    'REPLICAS',
    'AUTHOR',
    'COMPASS',
    'patch',
    'keyboard',
    'passenger',
  ])
    assert.ok(!isCredentialName(name), name);
});

const texts: [string, string][] = [
  ['postgres://app:hunter2@db:5432/x', 'hunter2'],
  ['curl -H "Authorization: Bearer abcdefghijklmnop"', 'abcdefghijklmnop'],
  ['token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcdefghijkl ok', 'eyJhbGci'],
  ['AKIAIOSFODNN7EXAMPLE', 'AKIAIOSFODNN7EXAMPLE'],
  [`ghp_${'a1'.repeat(18)}`, 'ghp_'],
  ['--password=hunter2 --verbose', 'hunter2'],
  ['-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----', 'MIIabc'],
];
for (const [text, secret] of texts)
  test(`a credential is taken out of text: ${text.slice(0, 24)}`, () => {
    const found = replaceCredentials(text, () => 'GONE');
    assert.ok(!found.includes(secret), found);
    assert.ok(found.includes('GONE'));
  });

test('text without credentials stays as it is', () => {
  for (const text of [
    'Back-off pulling image "nginx:1"',
    'https://example.com/path?q=1',
    'GET / 200 3ms',
    'key=value',
    '',
  ])
    assert.equal(
      replaceCredentials(text, () => 'GONE'),
      text,
    );
});

test('hostile text takes linear time', () => {
  const begun = ['a', '=', ':', 'a:', '-----BEGIN ', 'eyJ.', '://', 'password', 'x=y '];
  for (const piece of [...begun, 'bearer', 'bearer/', 'token={']) {
    const startedAt = performance.now();
    const text = piece.repeat(1_000_000 / piece.length);
    replaceCredentials(text, () => 'GONE');
    credentialsInLines(Buffer.from(text));
    assert.ok(performance.now() - startedAt < 20_000, piece); // a quadratic one takes hours
  }
});

test('environment values, arguments and annotations that hold credentials are replaced in any kind of object', () => {
  const pod = object(
    {
      spec: {
        containers: [
          {
            env: [
              { name: 'DB_PASSWORD', value: 'hunter2' },
              { name: 'PORT', value: '80' },
              { name: 'FROM', valueFrom: { secretKeyRef: { name: 's' } } },
            ],
            args: ['--token=abc123', '-v'],
          },
        ],
      },
    },
    {
      'example.com/api-key': 'k-12345',
      note: 'plain',
      'kubectl.kubernetes.io/last-applied-configuration': '{"spec":{"env":[{"name":"X_SECRET","value":"inner"}]}}',
    },
  );
  const before = structuredClone(pod);
  const { object: redacted, redactions } = redactor.object(pod);
  const text = JSON.stringify(redacted);
  for (const secret of ['hunter2', 'abc123', 'k-12345', 'inner']) assert.ok(!text.includes(secret), secret);
  for (const kept of ['"80"', 'plain', 'secretKeyRef', '-v']) assert.ok(text.includes(kept), kept);
  assert.equal(redactions, 4);
  assert.deepEqual(pod, before);
});

test('a password that is joined to -p of a client of MySQL is replaced in arguments, scripts and messages, a port is not', () => {
  const containers = [
    { command: ['/usr/bin/mysqldump', '-uroot', '-phunter2', '-P3306', 'shop'] },
    { command: ['mariadb-admin'], args: ['-phunter2', '-p', 'ping'] },
    { args: ['mysql', '-p$(PASSWORD)', '-phunter2'] },
    {
      command: ['sh', '-c', "set -e; mkdir -pv /x; mysql -h 'a b' -u root -p'hunter2;x' -e 'select 1' && cp -pR /a /b"],
    },
    {
      command: [
        'sh',
        '-c',
        'mysqladmin -p"hunter2" ping | tee -pz; mysql -p$PASSWORD; mysql -p$(cat /pw) ; psql -p5432',
      ],
    },
    { command: ['ssh', '-p2222', 'db'], args: ['-p2222'] },
  ];
  const message = 'Exec lifecycle hook ([mysql -uroot -phunter2]) for Container "db" failed';
  const { object: redacted, redactions } = redactor.object(object({ spec: { containers }, message }));
  const hash = /redacted:[0-9a-f]{16}/g;
  const expected = structuredClone(object({ spec: { containers }, message }));
  const plain = JSON.parse(JSON.stringify(redacted).replace(hash, 'GONE'));
  assert.deepEqual(plain, JSON.parse(JSON.stringify(expected).replace(/hunter2(?:;x)?/g, 'GONE')));
  assert.equal(redactions, 6);
});

test('hostile scripts take linear time', () => {
  for (const piece of ['mysql ', 'mysql -', "mysql '", 'mysql -a "b" ', 'mysql\t', '-p']) {
    const startedAt = performance.now();
    const text = `mysql ${piece.repeat(500_000 / piece.length)}`;
    redactor.object(object({ text }));
    assert.ok(performance.now() - startedAt < 20_000, piece); // a quadratic one takes hours
  }
});

test('Secrets and ConfigMaps keep only their metadata', () => {
  for (const kind of ['Secret', 'ConfigMap']) {
    const { object: redacted } = redactor.object(
      object(
        { data: { a: 'b' }, stringData: {} },
        { 'kubectl.kubernetes.io/last-applied-configuration': '{}', keep: 'x' },
        kind,
      ),
    );
    assert.deepEqual(Object.keys(redacted), ['apiVersion', 'kind', 'metadata']);
    assert.deepEqual(redacted.metadata.annotations, { keep: 'x' });
  }
});

test('equal values have equal hashes in a story, others have others, and another story has others again', () => {
  const hashOf = (value: string, key: number) => {
    const own = createRedactor({ key: Buffer.alloc(32, key), enabled: true, managedFields: true });
    return JSON.stringify(own.object(object({ env: [{ name: 'TOKEN', value }] })).object);
  };
  assert.equal(hashOf('a', 1), hashOf('a', 1));
  assert.notEqual(hashOf('a', 1), hashOf('b', 1));
  assert.notEqual(hashOf('a', 1), hashOf('a', 2));
});

test('managedFields lose their field sets, and an object without secrets is handed on as it is', () => {
  const managed = {
    ...object({}),
    metadata: {
      name: 'x',
      uid: 'u',
      resourceVersion: '1',
      managedFields: [{ manager: 'm', operation: 'Update', time: 't', fieldsV1: { 'f:spec': {} } }],
    },
  };
  assert.deepEqual(redactor.object(managed).object.metadata.managedFields, [
    { manager: 'm', operation: 'Update', time: 't' },
  ]);
  const plain = object({ spec: { n: parseJson('12345678901234567890') } });
  assert.equal(redactor.object(plain).object, plain);
});

test('redaction can be switched off', () => {
  const off = createRedactor({ key: Buffer.alloc(32), enabled: false, managedFields: true });
  const pod = object({ env: [{ name: 'TOKEN', value: 'x' }] });
  assert.deepEqual(off.object(pod), { object: pod, redactions: 0 });
});

test('a state takes from the one before what did not change, and what did is looked at', () => {
  const state = (labels: Record<string, string>, password: string) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'x', uid: 'u', resourceVersion: '1', labels },
    spec: { containers: [{ name: 'app', env: [{ name: 'DB_PASSWORD', value: password }] }], nodeName: 'n' },
    status: { phase: 'Running' },
  });
  const first = redactor.object(state({ app: 'web' }, 'hunter2'));
  const same = redactor.object(state({ app: 'web' }, 'hunter2'), first.object);
  assert.deepEqual(same, first, 'what was taken out is taken out, and counted, of every state');
  assert.equal(same.object.status, first.object.status);
  assert.equal(same.object.metadata.labels, first.object.metadata.labels);
  const next = redactor.object(state({ app: 'api' }, 'hunter3'), first.object);
  assert.deepEqual(next, redactor.object(state({ app: 'api' }, 'hunter3')));
  assert.doesNotMatch(JSON.stringify(next), /hunter/);
});

test('what becomes a Secret hides its data, though it is the same as before', () => {
  const state = (kind: string) =>
    object({
      apiVersion: 'example.com/v1',
      metadata: { name: 'x', uid: 'u', resourceVersion: '1' },
      spec: { kind, data: { a: 'geheim' } },
    });
  const before = redactor.object(state('ConfigMap')).object;
  assert.doesNotMatch(JSON.stringify(redactor.object(state('Secret'), before)), /geheim/);
});
