import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JournalFile } from '../../src/journal/fs.ts';
import { ReadAhead } from '../../src/journal/window.ts';
import { holds } from '../property.ts';

const BYTES = Buffer.from(Uint32Array.from({ length: 500_000 }, (_, index) => index * 2_654_435_761).buffer);

function fileOf(bytes: Buffer) {
  let reads = 0;
  const refuse = () => assert.fail('it is only read');
  const file: JournalFile = {
    append: refuse,
    sync: refuse,
    truncate: refuse,
    close: refuse,
    async read(position, length) {
      reads += 1;
      return bytes.subarray(position, position + length);
    },
  };
  return { file, reads: () => reads };
}

test('places of a file are read as they stand, in whatever order they are asked for', async () => {
  const places = fc.array(fc.tuple(fc.nat(BYTES.length), fc.integer({ min: 1, max: 700_000 })), { maxLength: 30 });
  await holds(
    fc.asyncProperty(places, async (all) => {
      const window = new ReadAhead(fileOf(BYTES).file);
      for (const [offset, length] of all)
        assert.ok((await window.at(offset, length)).equals(BYTES.subarray(offset, offset + length)));
    }),
    { numRuns: 50 },
  );
});

test('places that follow each other are read many at once, others alone', async () => {
  const following = fileOf(BYTES);
  const ahead = new ReadAhead(following.file);
  for (let offset = 0; offset < 1_000_000; offset += 5000) await ahead.at(offset, 5000);
  assert.ok(following.reads() <= 3, `${following.reads()} reads`);
  const backwards = fileOf(BYTES);
  const back = new ReadAhead(backwards.file);
  for (let offset = 1_900_000; offset > 0; offset -= 100_000) await back.at(offset, 5000);
  assert.equal(backwards.reads(), 19);
});
