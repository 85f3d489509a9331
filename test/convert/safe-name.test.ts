import assert from 'node:assert/strict';
import { test } from 'node:test';
import { safeName } from '../../src/convert/safe-name.ts';

test('names as long as Kubernetes lets them be, equal but for their ends, are different files', () => {
  const names = ['a', 'b'].map((end) => 'x'.repeat(252) + end);
  const safe = names.map(safeName);
  assert.notEqual(safe[0], safe[1]);
  for (const name of safe) assert.ok(name.length <= 200 && name.startsWith('x'.repeat(180)), name);
  assert.deepEqual(names.map(safeName), safe, 'the same each time');
});

for (const [name, safe] of [
  ['web-7c9-x2x', 'web-7c9-x2x'],
  ['x'.repeat(200), 'x'.repeat(200)],
  ['', '_'],
  ['..', '_..'],
  ['.hidden', '_.hidden'],
  ['../etc/passwd', '_.._etc_passwd'],
  ['a\u0000b', 'a_b'],
] as const)
  test(`as a file ${JSON.stringify(name.slice(0, 20))} is ${safe.slice(0, 20)}`, () =>
    assert.equal(safeName(name), safe));
