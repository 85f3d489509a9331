import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseJson } from '../../src/model/json.ts';
import { applyPatch, diff, isEqual } from '../../src/story/patch.ts';
import { holds } from '../property.ts';

const json = fc.jsonValue({ maxDepth: 4 });

test('a patch makes of a document exactly the other, whatever they hold, and changes neither', () => {
  holds(
    fc.property(json, json, (from, to) => {
      const before = structuredClone(from);
      const result = applyPatch(from, diff(from, to));
      assert.ok(isEqual(result, to), JSON.stringify(result));
      assert.deepEqual(from, before);
    }),
    { numRuns: 1000 },
  );
});

test('equal documents need no patch', () => {
  holds(fc.property(json, (value) => assert.deepEqual(diff(value, structuredClone(value)), [])));
});

const cases: { title: string; from: string; to: string; paths: string[] }[] = [
  { title: 'one field', from: '{"a":1,"b":2}', to: '{"a":1,"b":3}', paths: ['replace /b'] },
  { title: 'names with / and ~', from: '{"a/b":1,"c~d":1}', to: '{"a/b":2}', paths: ['remove /c~0d', 'replace /a~1b'] },
  { title: 'an item added in the middle', from: '[1,2,3]', to: '[1,9,2,3]', paths: ['add /1'] },
  { title: 'an item removed at the beginning', from: '[1,2,3]', to: '[2,3]', paths: ['remove /0'] },
  {
    title: 'a field within an item',
    from: '[{"n":1,"r":0},{"n":2}]',
    to: '[{"n":1,"r":1},{"n":2}]',
    paths: ['replace /0/r'],
  },
  { title: 'the name __proto__', from: '{}', to: '{"__proto__":1}', paths: ['add /__proto__'] },
  {
    title: 'numbers beyond a double',
    from: '{"n":12345678901234567890}',
    to: '{"n":12345678901234567891}',
    paths: ['replace /n'],
  },
];
for (const { title, from, to, paths } of cases)
  test(`a patch is small: ${title}`, () => {
    const [before, after] = [parseJson(from), parseJson(to)];
    const patch = diff(before, after);
    assert.deepEqual(
      patch.map(({ op, path }) => `${op} ${path}`),
      paths,
    );
    assert.equal(JSON.stringify(applyPatch(before, patch)), to);
  });

test('a patch that does not fit is refused', () => {
  for (const [document, path] of [
    [{}, '/a/b'],
    [[1], '/5'],
    [1, '/a'],
    [{}, ''],
  ] as const)
    assert.throws(() => applyPatch(document, [{ op: 'remove', path }]), /does not fit/);
});
