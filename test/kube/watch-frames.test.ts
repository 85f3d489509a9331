import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { WatchFrame } from '../../src/kube/client.ts';
import { readFrames } from '../../src/kube/watch-frames.ts';
import { holds } from '../property.ts';
import { DEPLOYMENTS, item, PODS } from './wire/types.ts';

async function read(chunks: readonly (Buffer | string)[], maxBytes = 1_000_000): Promise<WatchFrame[]> {
  const body = {
    async *[Symbol.asyncIterator]() {
      for (const chunk of chunks) yield Buffer.from(chunk);
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
  const frames: WatchFrame[] = [];
  for await (const frame of readFrames(body, { type: PODS, format: 'json', maxBytes })) frames.push(frame);
  return frames;
}

const line = (type: string, object: unknown): string => `${JSON.stringify({ type, object })}\n`;
const bookmark = (metadata: object): string => line('BOOKMARK', { kind: 'Pod', apiVersion: 'v1', metadata });

/** The bytes, cut at the given places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const edges = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return edges.slice(1).map((end, index) => bytes.subarray(edges[index], end));
}

describe('the frames of a watch', () => {
  const text =
    line('ADDED', item('web-0', { note: 'ünïcode 日本 \u2028 \n \r inside' })) +
    line('MODIFIED', item('web-0', { spec: { n: 1 } })) +
    bookmark({ resourceVersion: '9' }) +
    line('DELETED', item('web-0'));

  it('are the same wherever the network cuts the bytes', async () => {
    const bytes = Buffer.from(text);
    const whole = await read([bytes]);
    assert.deepEqual(
      whole.map(({ type }) => type),
      ['ADDED', 'MODIFIED', 'BOOKMARK', 'DELETED'],
    );
    assert.deepEqual(await read(Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))), whole);
    await holds(
      fc.asyncProperty(fc.array(fc.nat()), async (places) => {
        assert.deepEqual(await read(cut(bytes, places)), whole);
      }),
    );
  });

  it('carry the object as it came, with the kind of its type', async () => {
    const [frame] = await read([
      line('ADDED', { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', ...item('a') }),
    ]);
    assert.deepEqual(frame, { type: 'ADDED', object: { ...item('a'), apiVersion: 'v1', kind: 'Pod' } });
  });

  it('keep numbers that a double cannot hold', async () => {
    const [frame] = await read([
      `{"type":"ADDED","object":${JSON.stringify(item('a')).slice(0, -1)},"big":9007199254740993}}\n`,
    ]);
    assert.match(JSON.stringify(frame), /"big":9007199254740993/);
  });

  it('may have empty lines between them, and no newline after the last', async () => {
    assert.equal((await read([`\n\n${text.trimEnd()}`])).length, 4);
    assert.deepEqual(await read([]), []);
    assert.deepEqual(await read(['', '\n']), []);
  });

  it('of a bookmark say where the watch stands, and whether the first events are all there', async () => {
    const end = { resourceVersion: '8', annotations: { 'k8s.io/initial-events-end': 'true' } };
    assert.deepEqual(await read([bookmark({ resourceVersion: '9' }), bookmark(end)]), [
      { type: 'BOOKMARK', resourceVersion: '9', initialEventsEnd: false },
      { type: 'BOOKMARK', resourceVersion: '8', initialEventsEnd: true },
    ]);
  });

  it('of an error carry it, and what follows it', async () => {
    const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version: 1 (5)' };
    const [frame, next] = await read([line('ERROR', status) + line('ADDED', item('a'))]);
    assert.ok(frame?.type === 'ERROR');
    assert.deepEqual(
      [frame.error.code, frame.error.status, frame.error.message],
      ['expired', 410, 'too old resource version: 1 (5)'],
    );
    assert.equal(next?.type, 'ADDED');
  });

  const broken: readonly (readonly [string, string, RegExp])[] = [
    ['that is no JSON', '<html>\n', /sent what is no JSON/],
    ['that is cut by a newline', '{"type":"ADDED","object":{"secret":"abcdef\n', /sent what is no JSON/],
    ['of a type that nobody knows', line('CHANGED', item('a')), /a frame of unknown type/],
    ['without a type', '{}\n', /a frame of unknown type/],
    ['of a bookmark without a position', bookmark({}), /a bookmark without a resourceVersion/],
    [
      'whose object has no uid',
      line('ADDED', { metadata: { name: 'a', resourceVersion: '1' } }),
      /"a" of pods came without metadata\.uid/,
    ],
    ['without an object', line('ADDED', undefined), /an object of pods came without metadata\.name/],
  ];
  for (const [title, bytes, message] of broken) {
    it(`${title} is an error that repeats nothing of it, after what came before`, async () => {
      const frames: WatchFrame[] = [];
      const body = {
        async *[Symbol.asyncIterator]() {
          yield Buffer.from(line('ADDED', item('before')) + bytes);
        },
        [Symbol.asyncDispose]: async () => undefined,
      };
      const reading = async () => {
        for await (const frame of readFrames(body, { type: PODS, format: 'json', maxBytes: 1000 })) frames.push(frame);
      };
      await assert.rejects(reading(), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'protocol');
        assert.match(error.message, message);
        assert.doesNotMatch(`${error.message}${String(error.cause)}`, /abcdef|html/);
        return true;
      });
      assert.equal(frames.length, 1);
    });
  }

  it('that the end of the stream cuts is a break, not a wrong answer', async () => {
    await assert.rejects(read([text.slice(0, -20)]), {
      code: 'unreachable',
      message: 'the watch of pods was cut within a frame',
    });
  });

  it('may be as large as the bound, and no larger, however they come', async () => {
    const frame = line('ADDED', item('a', { data: 'x'.repeat(5000) }));
    const size = frame.length - 1;
    assert.equal((await read([frame], size)).length, 1);
    for (const chunks of [[frame], [...frame], [frame.slice(0, 3000), frame.slice(3000)]])
      await assert.rejects(read(chunks, size - 1), {
        code: 'protocol',
        message: `the watch of pods sent a frame of more than ${size - 1} bytes`,
      });
  });

  it('name the type with its group', async () => {
    const body = {
      async *[Symbol.asyncIterator]() {
        yield Buffer.from('x\n');
      },
      [Symbol.asyncDispose]: async () => undefined,
    };
    const frames = readFrames(body, { type: DEPLOYMENTS, format: 'json', maxBytes: 1000 });
    await assert.rejects(frames.next(), { message: /the watch of deployments\.apps / });
  });
});
