import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { createGzip, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { gunzip, gunzipOnTheSpot } from '../../src/kube/gunzip.ts';
import { holds } from '../property.ts';

const FRAMES = Array.from({ length: 40 }, (_, index) => Buffer.from(`frame ${index} ${'x'.repeat(index * 50)}\n`));
const PLAIN = Buffer.concat(FRAMES).toString();

async function* cutAt(bytes: Buffer, sizes: readonly number[], pauses: readonly boolean[]): AsyncGenerator<Buffer> {
  let at = 0;
  for (let index = 0; at < bytes.length; index += 1) {
    const size = Math.max(1, sizes[index % sizes.length] ?? 1);
    if (pauses[index % pauses.length] === true) for (let turns = 0; turns < 3; turns += 1) await setImmediate();
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function textOf(bytes: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Compressed as one, each frame flushed, as a proxy does it. */
async function asOneStream(frames: readonly Buffer[]): Promise<readonly Buffer[]> {
  const gzip = createGzip();
  const packed: Buffer[] = [];
  for (const frame of frames) {
    gzip.write(frame);
    await new Promise<void>((resolve) => gzip.flush(resolve));
    packed.push(gzip.read() as Buffer);
  }
  gzip.end();
  for await (const rest of gzip) packed.push(rest as Buffer);
  return packed;
}

describe('gunzip of a watch', () => {
  it('gives what was packed, however it is cut and whenever it pauses', async () => {
    const members = Buffer.concat(FRAMES.map((frame) => gzipSync(frame)));
    const one = gzipSync(Buffer.concat(FRAMES));
    const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 20 });
    const pauses = fc.array(fc.boolean(), { minLength: 1, maxLength: 20 });
    const property = fc.asyncProperty(fc.constantFrom(members, one), sizes, pauses, async (bytes, cuts, rests) => {
      for (const unpack of [gunzip, gunzipOnTheSpot])
        assert.equal(await textOf(unpack(cutAt(bytes, cuts, rests))), PLAIN);
    });
    await holds(property, { numRuns: 60 });
  });

  it('gives a frame on before the next one comes, also where a proxy packs the whole answer as one', async () => {
    for (const packed of [FRAMES.map((frame) => gzipSync(frame)), await asOneStream(FRAMES)]) {
      let received = '';
      let sent = 0;
      async function* source(): AsyncGenerator<Buffer> {
        for (const chunk of packed) {
          yield chunk;
          sent += 1;
          const expected = Buffer.concat(FRAMES.slice(0, sent));
          // Whoever sends waits for the frame to be read: a reader that waited for more would wait for ever.
          for (let turns = 0; received.length < expected.length; turns += 1) {
            assert.ok(turns < 5000, `frame ${sent} is held back`);
            await setImmediate();
          }
        }
      }
      for await (const chunk of gunzipOnTheSpot(source())) received += chunk.toString();
      assert.equal(received, PLAIN);
    }
  });

  it('unpacks a chunk where it stands, without the turn of a thread', async () => {
    const [packed] = await asOneStream(FRAMES);
    assert.ok(packed);
    const unpacked = gunzipOnTheSpot(cutAt(packed, [packed.length], [false]));
    const turn = setImmediate('a turn of the event loop');
    assert.deepEqual(await Promise.race([turn, unpacked.next()]), { done: false, value: FRAMES[0] });
    await unpacked.return(undefined);
  });

  it('unpacks a member that is larger than any flush', async () => {
    const bytes = randomBytes(700_000);
    const packed = Buffer.concat([gzipSync(bytes), gzipSync('the end')]);
    const chunks: Buffer[] = [];
    for await (const chunk of gunzipOnTheSpot(cutAt(packed, [4096], [false]))) chunks.push(chunk);
    assert.ok(Buffer.concat(chunks).equals(Buffer.concat([bytes, Buffer.from('the end')])));
  });

  it('throws where its end is missing, and where it is none', async () => {
    const whole = gzipSync(PLAIN);
    for (const bytes of [whole.subarray(0, whole.length - 20), Buffer.from('{"no":"gzip"}')])
      await assert.rejects(textOf(gunzipOnTheSpot(cutAt(bytes, [50], [false]))), { code: /^Z_/ });
  });
});
