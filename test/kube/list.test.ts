import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { objectReader, readList } from '../../src/kube/list.ts';
import { DEPLOYMENTS, item, PODS } from './wire/types.ts';

describe('the answer to a list', () => {
  it('gives every item the kind of its type, also of a list of metadata', () => {
    const partial = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1' };
    const answer = {
      kind: 'PartialObjectMetadataList',
      metadata: { resourceVersion: '12', continue: 'next' },
      items: [item('a', partial), item('b', { spec: {} })],
    };
    const page = readList(answer, DEPLOYMENTS);
    assert.deepEqual([page.resourceVersion, page.continue], ['12', 'next']);
    assert.deepEqual(
      page.items.map(({ apiVersion, kind, metadata }) => [apiVersion, kind, metadata.name]),
      [
        ['apps/v1', 'Deployment', 'a'],
        ['apps/v1', 'Deployment', 'b'],
      ],
    );
    assert.deepEqual(page.items[1]?.spec, {});
  });

  it('may be empty, as Go writes it, and without a continuation', () => {
    for (const continued of [undefined, ''])
      assert.deepEqual(readList({ items: null, metadata: { resourceVersion: '1', continue: continued } }, PODS), {
        items: [],
        resourceVersion: '1',
        continue: undefined,
      });
  });

  for (const answer of [
    undefined,
    null,
    [],
    'text',
    {},
    { items: [] },
    { items: {}, metadata: { resourceVersion: '1' } },
  ])
    it(`is refused where it is ${JSON.stringify(answer)}`, () =>
      assert.throws(() => readList(answer, PODS), {
        code: 'protocol',
        message: 'the answer to a list of pods is no list',
      }));
});

describe('an object', () => {
  const { metadata } = item('a');
  const without = (name: string) => ({ metadata: { ...metadata, [name]: undefined } });
  for (const name of ['uid', 'resourceVersion'])
    it(`without ${name} cannot be recorded`, () =>
      assert.throws(() => objectReader(PODS)(without(name)), {
        code: 'protocol',
        message: `"a" of pods came without metadata.${name}`,
        hint: /computes instead of storing/,
      }));
  for (const [name, value] of Object.entries({
    namespace: 7,
    deletionTimestamp: null,
    ownerReferences: [null],
    managedFields: {},
    labels: { app: 1 },
    annotations: [],
  }))
    it(`whose ${name} is ${JSON.stringify(value)} cannot be recorded`, () =>
      assert.throws(() => objectReader(PODS)({ metadata: { ...metadata, [name]: value } }), {
        code: 'protocol',
        message: new RegExp(`"a" of pods came with(out| an unreadable) metadata.${name}$`),
      }));
  for (const value of [undefined, null, 1, 'text', [], {}, without('name')])
    it(`that is ${JSON.stringify(value)} cannot be recorded`, () =>
      assert.throws(() => objectReader(PODS)(value), { code: 'protocol', message: /an object of pods came without/ }));
});
