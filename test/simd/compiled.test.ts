import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileAssembly } from '../../scripts/compile-assembly.ts';
import { COMPILED } from '../../src/simd/compiled.ts';

test('what runs is what assembly/ says: npm run assembly', async () => {
  assert.equal(Buffer.from(await compileAssembly()).toString('base64'), COMPILED);
});
