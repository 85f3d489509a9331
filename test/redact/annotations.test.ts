import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { KubeObject } from '../../src/model/resource.ts';
import { createRedactor } from '../../src/redact/redactor.ts';
import { hasRepeatedFields } from '../../src/redact/repeated-fields.ts';
import { holds } from '../property.ts';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
/** What Kubernetes lets all annotations of an object take. */
const MAX_BYTES = 256 * 1024;

/** What is written down of an annotation, and what was taken out of it. */
function written(name: string, text: string) {
  const metadata = { name: 'x', uid: 'u', resourceVersion: '1', annotations: { [name]: text } };
  const pod: KubeObject = { apiVersion: 'v1', kind: 'Pod', metadata };
  const redactor = createRedactor({ key: Buffer.alloc(32), enabled: true, managedFields: false });
  const { object, redacted = {} } = redactor.object(pod);
  return { text: object.metadata.annotations?.[name] ?? '', redacted };
}

for (const name of [LAST_APPLIED, 'example.com/config'])
  for (const [what, text] of [
    ['a name given twice, the last one harmless', '{"password":"hunter2","password":""}'],
    ['a name given twice, one of them escaped', '{"password":"hunter2", "p\\u0061ssword" : null}'],
    ['an object given twice', '{"spec":{"env":[{"name":"DB_PASSWORD","value":"hunter2"}]},"spec":{}}'],
    ['a field called __proto__', '{"__proto__":{"password":"hunter2"},"a":{"__proto__":{"token":"hunter2"}}}'],
    ['a field called constructor', '{"constructor":{"prototype":{"password":"hunter2"}}}'],
    ['a document within a document', JSON.stringify({ annotations: { inner: '{"apiKey":"hunter2"}' } })],
  ] as const)
    test(`the credential is taken out of an annotation with ${what} (${name})`, () => {
      const { text: kept, redacted } = written(name, text);
      assert.doesNotMatch(kept, /hunter2/);
      assert.deepEqual(Object.keys(JSON.parse(kept)), Object.keys(JSON.parse(text)), 'and its shape is kept');
      assert.ok(Object.values(redacted).every((count) => count > 0) && Object.keys(redacted).length > 0);
      assert.equal(({} as Record<string, unknown>).password, undefined);
    });

for (const [what, text] of [
  ['lists within lists', '['.repeat(MAX_BYTES / 2) + ']'.repeat(MAX_BYTES / 2)],
  ['objects within objects', `${'{"a":'.repeat(40_000)}1${'}'.repeat(40_000)}`],
  ['one string', JSON.stringify({ a: 'x'.repeat(MAX_BYTES - 8) })],
  ['backslashes', JSON.stringify({ a: '\\'.repeat(MAX_BYTES / 2 - 4) })],
  ['quotes', JSON.stringify({ a: '"'.repeat(MAX_BYTES / 2 - 4) })],
  ['many fields', JSON.stringify(Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`f${index}`, 1])))],
  ['one field again and again', `{${Array.from({ length: 30_000 }, () => '"a":1').join()}}`],
  ['long numbers', `[${'1'.repeat(MAX_BYTES - 2)}]`],
  ['great exponents', `[${Array.from({ length: 40_000 }, () => '1e999').join()}]`],
  ['blanks', `{"a"${' '.repeat(MAX_BYTES - 8)}:1}`],
  ['half of a document', `{"a":"${'x'.repeat(MAX_BYTES - 8)}`],
] as const)
  test(`an annotation as large as it may be, of ${what}, becomes one that everything can read`, () => {
    for (const name of [LAST_APPLIED, 'example.com/config']) {
      const { text: kept } = written(name, text);
      assert.ok(kept.length <= text.length);
      if (name !== LAST_APPLIED && !text.startsWith('{"a":"x') && kept.startsWith('{')) JSON.parse(kept);
    }
  });

test('fields are counted alike in a text and in what is read of it, unless one is given twice', () => {
  holds(
    fc.property(fc.jsonValue(), fc.nat(4), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      assert.equal(hasRepeatedFields(text, JSON.parse(text)), false);
      const twice = `{"a":${text},"a":1}`;
      assert.equal(hasRepeatedFields(twice, JSON.parse(twice)), true);
    }),
  );
});
