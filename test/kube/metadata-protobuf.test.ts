import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Field, message, protobufDocument } from '../../src/demo/protobuf.ts';
import type { ListPage, WatchFrame } from '../../src/kube/client.ts';
import { readList } from '../../src/kube/list.ts';
import { readDocument } from '../../src/kube/metadata-protobuf.ts';
import { readFrames } from '../../src/kube/watch-frames.ts';
import { holds } from '../property.ts';
import { PODS } from './wire/types.ts';

function document(kind: string, raw: Buffer): Buffer {
  const typeMeta = message([1, 'meta.k8s.io/v1'], [2, kind]);
  return Buffer.concat([Buffer.from('k8s\0'), message([1, typeMeta], [2, raw], [3, ''], [4, ''])]);
}

function framed(event: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(event.length);
  return Buffer.concat([length, event]);
}

function frame(type: string, raw: Buffer, kind = 'PartialObjectMetadata'): Buffer {
  return framed(message([1, type], [2, message([1, document(kind, raw)])]));
}

function metadata(...more: readonly Field[]): Buffer {
  const labels = message([1, 'app'], [2, 'web']);
  return message([
    1,
    message(
      [1, 'wéb-0'],
      [2, ''],
      [3, 'shop'],
      [5, 'uid-0'],
      [6, '7'],
      [7, 300],
      [8, message([1, 1e9])],
      [11, labels],
      ...more,
    ),
  ]);
}

async function read(chunks: readonly Buffer[], maxBytes = 1_000_000): Promise<WatchFrame[]> {
  const frames: WatchFrame[] = [];
  const body = (async function* () {
    yield* chunks;
  })();
  for await (const frame of readFrames(body, { type: PODS, format: 'protobuf', maxBytes })) frames.push(frame);
  return frames;
}

const OWNER = message([1, 'ReplicaSet'], [3, 'web-7c9'], [4, 'uid-rs'], [5, 'apps/v1'], [6, 1], [7, 1]);
const NODE = message([1, message([1, 'node-1'], [2, ''], [3, ''], [5, 'uid-n'], [6, '3'])]);
const POD = { name: 'wéb-0', namespace: 'shop', uid: 'uid-0', resourceVersion: '7' };

describe('the frames of a watch of placements, in protobuf', () => {
  it('tell what places an object, in the shape of the JSON', async () => {
    const managed = message([1, 'kubectl'], [7, message([1, '{"f:spec":{}}'])]);
    const frames = await read([frame('ADDED', metadata([13, OWNER], [17, managed])), frame('DELETED', metadata())]);
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-7c9', uid: 'uid-rs', controller: true };
    assert.deepEqual(frames, [
      { type: 'ADDED', object: { metadata: { ...POD, ownerReferences: [owner] }, apiVersion: 'v1', kind: 'Pod' } },
      { type: 'DELETED', object: { metadata: POD, apiVersion: 'v1', kind: 'Pod' } },
    ]);
  });

  it('are the same wherever the network cuts the bytes', async () => {
    const bytes = Buffer.concat([
      frame('ADDED', metadata([13, OWNER])),
      frame('BOOKMARK', message([1, message([6, '9'], [12, message([1, 'k8s.io/initial-events-end'], [2, 'true'])])])),
      frame('MODIFIED', metadata()),
    ]);
    const whole = await read([bytes]);
    assert.deepEqual(whole[1], { type: 'BOOKMARK', resourceVersion: '9', initialEventsEnd: true });
    assert.equal(whole.length, 3);
    await holds(
      fc.asyncProperty(fc.array(fc.nat({ max: bytes.length })), async (places) => {
        const edges = [0, ...places.sort((a, b) => a - b), bytes.length];
        assert.deepEqual(await read(edges.slice(1).map((end, index) => bytes.subarray(edges[index], end))), whole);
      }),
    );
  });

  it('of an error carry it', async () => {
    const status = message([2, 'Failure'], [3, 'too old'], [4, 'Expired'], [5, message([5, 3])], [6, 410]);
    const [error] = await read([frame('ERROR', status, 'Status')]);
    assert.ok(error?.type === 'ERROR');
    assert.deepEqual([error.error.code, error.error.message, error.error.retryAfterMs], ['expired', 'too old', 3000]);
  });

  const broken: readonly (readonly [string, Buffer, string])[] = [
    ['that is cut', frame('ADDED', metadata()).subarray(0, -1), 'unreachable'],
    ['that is no message', framed(Buffer.from('hello')), 'protocol'],
    ['without an envelope', framed(message([1, 'ADDED'], [2, message([1, 'raw'])])), 'protocol'],
    ['of unknown type', frame('CHANGED', metadata()), 'protocol'],
    ['that is too large', frame('ADDED', metadata([12, 'x'.repeat(2000)])), 'protocol'],
    ['that claims four gigabytes', Buffer.from([255, 255, 255, 255, 0]), 'protocol'],
  ];
  for (const [what, bytes, code] of broken)
    it(`${what} is an error`, async () => {
      await assert.rejects(read([frame('ADDED', metadata()), bytes], 1000), { name: 'FaroError', code });
    });

  it('of any bytes at all end in a FaroError or in frames', async () => {
    const bytes = fc.uint8Array({ maxLength: 60 }).map((array) => framed(Buffer.from(array)));
    await holds(
      fc.asyncProperty(bytes, async (noise) => {
        await read([noise]).catch((error: unknown) => assert.equal((error as Error).name, 'FaroError'));
      }),
    );
  });
});

describe('a list of placements, in protobuf', () => {
  const page = (bytes: Buffer): ListPage => readList(readDocument(bytes), PODS);
  const list = (...fields: readonly Field[]) => document('PartialObjectMetadataList', message(...fields));
  const at = (resourceVersion: string, next = '') => message([1, ''], [2, resourceVersion], [3, next], [4, 17]);

  it('tells what places each object, in the shape of the JSON', () => {
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-7c9', uid: 'uid-rs', controller: true };
    assert.deepEqual(page(list([1, at('12', 'next')], [2, metadata([13, OWNER])], [2, metadata()])), {
      items: [
        { metadata: { ...POD, ownerReferences: [owner] }, apiVersion: 'v1', kind: 'Pod' },
        { metadata: POD, apiVersion: 'v1', kind: 'Pod' },
      ],
      resourceVersion: '12',
      continue: 'next',
      remaining: 17,
    });
  });

  it('may be empty, and without a continuation', () => {
    assert.deepEqual(page(list([1, message([1, ''], [2, '1'])])), {
      items: [],
      resourceVersion: '1',
      continue: undefined,
    });
  });

  it('gives objects without a namespace none', () => {
    const [{ metadata } = assert.fail('no object')] = page(list([1, at('1')], [2, NODE])).items;
    assert.deepEqual(metadata, { name: 'node-1', uid: 'uid-n', resourceVersion: '3' });
  });

  const broken: readonly (readonly [string, Buffer, RegExp])[] = [
    ['that is cut', list([1, at('1')], [2, metadata()]).subarray(0, -5), /no protobuf/],
    ['whose object is cut', list([1, at('1')], [2, message([1, 'odd'])]), /no protobuf/],
    [
      'whose field claims more than there is',
      list([1, at('1')], [2, Buffer.from([0x0a, 0xff, 0xff, 0x7f])]),
      /no protobuf/,
    ],
    ['whose length has no end', list([1, at('1')], [2, Buffer.from(Array(12).fill(0xff))]), /no protobuf/],
    ['whose number is cut', document('PartialObjectMetadataList', Buffer.from([0x0d, 1])), /no protobuf/],
    ['without an envelope', message([1, at('1')]), /no list/],
    ['of another kind', document('PartialObjectMetadata', message([1, at('1')])), /no list/],
    ['without a position', list([2, metadata()]), /no list/],
    [
      'of an object without a name',
      list([1, at('1')], [2, message([1, message([5, 'u'], [6, '1'])])]),
      /without metadata.name/,
    ],
    ['of an object without metadata', list([1, at('1')], [2, Buffer.alloc(0)]), /without metadata.name/],
  ];
  for (const [what, bytes, words] of broken)
    it(`${what} is an error`, () => {
      assert.throws(() => page(bytes), { name: 'FaroError', code: 'protocol', message: words });
    });

  it('tells of any metadata what places the object', () => {
    const text = fc.string({ unit: 'binary', minLength: 1 });
    const map = fc.dictionary(text, text, { maxKeys: 3, noNullPrototype: true });
    const owner = fc.record({ apiVersion: text, kind: text, name: text, uid: text }, { noNullPrototype: true });
    const time = fc.constantFrom('2026-11-26T08:00:00Z', '1970-01-01T00:00:00Z');
    const managed = fc.record({ manager: text, operation: text, time, fieldsV1: map });
    const some = fc.record(
      {
        ...{ name: text, uid: text, resourceVersion: text, namespace: text, generation: fc.maxSafeNat() },
        ...{ labels: map, annotations: map, creationTimestamp: time, deletionTimestamp: time },
        ...{ ownerReferences: fc.array(owner, { minLength: 1 }), managedFields: fc.array(managed, { maxLength: 3 }) },
      },
      { requiredKeys: ['name', 'uid', 'resourceVersion'], noNullPrototype: true },
    );
    const named = { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadataList' };
    holds(
      fc.property(fc.array(some), text, (objects, resourceVersion) => {
        const items = objects.map((metadata) => ({ metadata }));
        const read = page(protobufDocument({ ...named, metadata: { resourceVersion, remainingItemCount: 3 }, items }));
        assert.equal(read.resourceVersion, resourceVersion);
        assert.deepEqual(
          read.items.map(({ metadata }) => metadata),
          objects.map(({ name, uid, resourceVersion, namespace, ownerReferences }) => ({
            ...{ name, uid, resourceVersion },
            ...(namespace === undefined ? {} : { namespace }),
            ...(ownerReferences === undefined ? {} : { ownerReferences }),
          })),
        );
      }),
    );
  });

  it('of any bytes at all is an error or a list', () => {
    holds(
      fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
        try {
          page(document('PartialObjectMetadataList', Buffer.from(noise)));
        } catch (error) {
          assert.equal((error as Error).name, 'FaroError');
        }
      }),
    );
  });
});
