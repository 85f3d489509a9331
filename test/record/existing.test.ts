import assert from 'node:assert/strict';
import { test } from 'node:test';
import { existingObjects } from '../../src/record/existing.ts';

test('a list that gives the same continue token for ever ends: a watch of its type tells what is there', async () => {
  const object = { apiVersion: 'v1', kind: 'Pod', metadata: { uid: 'u1', name: 'web', resourceVersion: '1' } };
  let pages = 0;
  const client = {
    list: async () => {
      pages += 1;
      assert.ok(pages < 10, 'it asks again and again');
      return { items: [object], resourceVersion: '1', continue: 'again' };
    },
  };
  const type = { group: '', version: 'v1', resource: 'pods', kind: 'Pod', namespaced: true, shortNames: [], verbs: [] };
  const found = await Array.fromAsync(
    existingObjects(client as never, { type: type as never, namespace: 'shop' }, new AbortController().signal),
  );
  assert.deepEqual(found, [object]);
});
