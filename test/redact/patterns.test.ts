import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineRedactor } from '../../src/redact/log-lines.ts';
import { parsePattern } from '../../src/redact/patterns.ts';
import { createRedactor } from '../../src/redact/redactor.ts';

test('what a pattern takes out is counted under any name, also one that every JavaScript object has', () => {
  const patterns = ['constructor=card(\\d)', 'toString=user(\\d)'].map(parsePattern);
  const lines = Buffer.from('2026-11-26T00:00:00Z card1 card2 user3\n');
  const found = new LineRedactor(patterns).redact({ bytes: lines, format: 'timestamped' });
  assert.deepEqual(found?.redacted, { constructor: 2, toString: 1 });
  const redactor = createRedactor({ key: Buffer.alloc(32), enabled: true, managedFields: false, patterns });
  const metadata = { name: 'x', uid: 'u', resourceVersion: '1', annotations: { note: 'card1 user2' } };
  const { redacted } = redactor.object({ apiVersion: 'v1', kind: 'Pod', metadata });
  assert.deepEqual(redacted, { constructor: 1, toString: 1 });
});
