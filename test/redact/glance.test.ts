import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signGroups } from '../../src/redact/glance.ts';
import { SIGNS } from '../../src/redact/signs.ts';

/** Whether a sign is looked for where three characters stand: by their halves, so that others than a sign's are taken for one, too. */
function mayBegin(chars: string): boolean {
  const table = signGroups();
  const of = (code: number, at: number) => (table[at + (code & 15)] ?? 0) & (table[at + 16 + (code >> 4)] ?? 0);
  return [...chars].reduce((groups, char, index) => groups & of(char.charCodeAt(0), 32 * index), 0xff) !== 0;
}

test('each sign is found where it begins, and of what lines are filled up with only dashes are taken for one', () => {
  for (const sign of SIGNS) assert.ok(mayBegin(sign.slice(0, 3)), sign);
  const taken = [...' -=_.*#+~/0123456789xX'].filter((char) => mayBegin(char.repeat(3)));
  assert.deepEqual(taken, ['-']);
});
