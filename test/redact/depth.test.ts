import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJson } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/resource.ts';
import { createRedactor } from '../../src/redact/redactor.ts';
import { diff } from '../../src/story/patch.ts';

const LEVELS = 100_000;

/** A value within lists or objects within each other; JSON.stringify of it exhausts the stack. */
function nested(open: string, close: string, heart: string): unknown {
  return parseJson(open.repeat(LEVELS) + heart + close.repeat(LEVELS));
}

for (const enabled of [true, false])
  for (const heart of ['1', '12345678901234567890', '"x"'])
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const)
      test(`an object nested beyond all reason is cut at a depth that everything can read (${open}, ${heart}, redaction ${enabled ? 'on' : 'off'})`, () => {
        const metadata = { name: 'x', uid: 'u', resourceVersion: '1' };
        const bomb = { apiVersion: 'v1', kind: 'Bomb', metadata, spec: nested(open, close, heart) } as KubeObject;
        assert.throws(() => JSON.stringify(bomb), RangeError);
        const redactor = createRedactor({ key: Buffer.alloc(32), enabled, managedFields: false });
        const { object } = redactor.object(bomb);
        const text = JSON.stringify(object);
        assert.ok(text.length < 10_000);
        assert.deepEqual(diff(object, parseJson(text)), []);
        assert.equal(diff({ ...object, spec: 1 }, object).length, 1);
        assert.deepEqual(object.metadata, metadata);
      });

test('a bomb in an annotation is text like any other', () => {
  const bomb = '['.repeat(LEVELS) + ']'.repeat(LEVELS);
  const annotations = { a: bomb, 'kubectl.kubernetes.io/last-applied-configuration': bomb };
  const metadata = { name: 'x', uid: 'u', resourceVersion: '1', annotations };
  const redactor = createRedactor({ key: Buffer.alloc(32), enabled: true, managedFields: false });
  const { object } = redactor.object({ apiVersion: 'v1', kind: 'Pod', metadata });
  assert.equal(JSON.parse(JSON.stringify(object)).metadata.name, 'x');
});
