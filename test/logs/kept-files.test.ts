import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeptFiles } from '../../src/logs/kept-files.ts';

const doubted = /^4 had been renamed, and the node keeps 5 in all$/;

test('with as many renamed files as the node keeps, older ones may have been removed; with fewer not', () => {
  const kept = new KeptFiles(() => 5);
  assert.deepEqual(
    [0, 1, 2, 3].map((renamed) => kept.doubt(renamed)),
    [undefined, undefined, undefined, undefined],
  );
  assert.match(kept.doubt(4) ?? '', doubted);
});

test('a node that keeps two files has removed the one before, as soon as one was renamed', () => {
  const kept = new KeptFiles(() => 2);
  assert.equal(kept.doubt(0), undefined);
  assert.match(kept.doubt(1) ?? '', /^1 had been renamed, and the node keeps 2 in all$/);
});

test('where the configuration cannot be read, what was seen of other logs on the node tells', () => {
  const kept = new KeptFiles(() => undefined);
  assert.match(kept.doubt(1) ?? '', /how many the node keeps is not known: its configuration cannot be read$/);
  kept.saw(3);
  assert.deepEqual(
    [0, 1, 2].map((renamed) => kept.doubt(renamed)),
    [undefined, undefined, undefined],
  );
  assert.match(kept.doubt(3) ?? '', /is not known/);
});

test('a configuration that comes later counts from then on', () => {
  let maxFiles: number | undefined;
  const kept = new KeptFiles(() => maxFiles);
  assert.match(kept.doubt(3) ?? '', /not known/);
  maxFiles = 5;
  assert.equal(kept.doubt(3), undefined);
});
