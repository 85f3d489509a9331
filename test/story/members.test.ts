import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { FaroError } from '../../src/model/errors.ts';
import { openBytes } from '../../src/story/bytes.ts';
import { type Compression, gzip, zstd } from '../../src/story/compress.ts';
import type { Story, TimelineEntry } from '../../src/story/document.ts';
import { EntryMatcher } from '../../src/story/entry-filter.ts';
import { rangesOf, someIn } from '../../src/story/index-set.ts';
import { MemberWriter } from '../../src/story/member-writer.ts';
import { contentsOf } from '../../src/story/members.ts';
import { type EntryFilter, openStory } from '../../src/story/reader.ts';
import { verifyStory } from '../../src/verify/verify.ts';
import { temporaryFolder } from '../folder.ts';
import { holds } from '../property.ts';
import { lacks } from '../tools.ts';
import { canonical, sampleStory } from './sample.ts';

const folder = temporaryFolder('members');

/** 6,000 lines of 200 bytes, the first run's before the second's. */
const STORY = sampleStory(
  Array.from({ length: 6000 }, (_, index) => [index < 5000 ? 0 : 1, `${index} ${'x'.repeat(200)}`] as const),
  true,
);
const TEXT = canonical(STORY);

async function written(compression: Compression, text: string, name: string): Promise<string> {
  const parts: Buffer[] = [];
  const writer = new MemberWriter(compression, async (bytes) => void parts.push(bytes));
  for (let at = 0; at < text.length; at += 100_000) await writer.take(Buffer.from(text.slice(at, at + 100_000)));
  await writer.finish();
  const file = join(folder, name);
  writeFileSync(file, Buffer.concat(parts));
  return file;
}

async function entriesOf(file: string, filter?: EntryFilter): Promise<TimelineEntry[]> {
  await using reader = await openStory(file);
  return await Array.fromAsync(reader.entries(filter));
}

const FORMATS = {
  gz: {
    compression: gzip,
    tools: [
      'gzip -dc',
      'python3 -c "import gzip,sys; sys.stdout.buffer.write(gzip.open(sys.argv[1]).read())"',
      `${process.execPath} -e "process.stdout.write(zlib.gunzipSync(fs.readFileSync(process.argv[1])))"`,
    ],
  },
  zst: { compression: zstd, tools: ['zstd -qdc'] },
} as const;

for (const [extension, { compression, tools }] of Object.entries(FORMATS)) {
  test(`a story.json.${extension} with an index is an ordinary file to other tools`, {
    skip: lacks('gzip', 'zstd', 'python3'),
  }, async () => {
    const file = await written(compression, TEXT, `tools.json.${extension}`);
    for (const tool of tools)
      assert.equal(execFileSync('sh', ['-c', `${tool} ${file}`], { maxBuffer: 2 ** 30 }).toString(), TEXT, tool);
  });

  test(`a reader of story.json.${extension} finds head, verdict and entries by the index, and skips the rest`, async () => {
    const file = await written(compression, TEXT, `seek.json.${extension}`);
    await using reader = await openStory(file);
    assert.deepEqual(reader.head.verdict, STORY.verdict);
    await using bytes = await openBytes(file);
    const members = bytes.index?.members ?? assert.fail('no index');
    assert.ok(members.length > 4);
    const wanted = (filter: EntryFilter) =>
      members.filter(({ contents }) => new EntryMatcher(filter, STORY).mayMatchAny(contents)).length;
    const [early, late] = [STORY.timeline[10]?.time, STORY.timeline.at(-10)?.time] as Required<EntryFilter>['since'][];
    assert.equal(wanted({ until: early ?? assert.fail() }), 1);
    assert.equal(wanted({ types: ['event'] }), 1);
    assert.equal(wanted({ objects: new Set([1]), types: ['log', 'object'] }), 0);
    assert.ok(wanted({ since: late ?? assert.fail() }) <= 2);
    assert.ok(wanted({ containers: new Set([1]) }) < members.length / 2);
  });

  test(`any filter finds in story.json.${extension} what it finds in story.json`, async () => {
    const file = await written(compression, TEXT, `filter.json.${extension}`);
    const plain = join(folder, 'filter.json');
    writeFileSync(plain, TEXT);
    const time = fc
      .nat({ max: STORY.timeline.length - 1 })
      .map((at) => STORY.timeline[at]?.time as EntryFilter['since']);
    const filters = fc.record(
      {
        since: time,
        until: time,
        types: fc.subarray<TimelineEntry['type']>(['object', 'event', 'log', 'gap', 'note']),
        objects: fc.subarray([0, 1]).map((indexes) => new Set(indexes)),
        containers: fc.subarray([0, 1, 2]).map((indexes) => new Set(indexes)),
      },
      { requiredKeys: [] },
    );
    await holds(
      fc.asyncProperty(filters as fc.Arbitrary<EntryFilter>, async (filter) => {
        assert.deepEqual(await entriesOf(file, filter), await entriesOf(plain, filter));
      }),
      { numRuns: 12 },
    );
  });

  test(`a story.json.${extension} that is cut or joined is never read by an index that does not fit it`, async () => {
    const small: Story = sampleStory([[0, 'a']], true);
    const bytes = readFileSync(await written(compression, canonical(small), `small.json.${extension}`));
    const file = join(folder, `cut.json.${extension}`);
    for (let length = 0; length <= bytes.length; length += 1) {
      writeFileSync(file, bytes.subarray(0, length));
      const entries = await entriesOf(file).catch((error: unknown) => error);
      if (!(entries instanceof FaroError)) assert.deepEqual(entries, small.timeline, `cut to ${length}`);
    }
    writeFileSync(file, Buffer.concat([bytes, bytes]));
    await assert.rejects(entriesOf(file), FaroError);
  });

  test(`a flipped byte in story.json.${extension} is an error, or changes nothing that is read`, async () => {
    const small: Story = sampleStory([[0, 'a']], true);
    const bytes = readFileSync(await written(compression, canonical(small), `flip.json.${extension}`));
    const file = join(folder, `flipped.json.${extension}`);
    for (let at = 0; at < bytes.length; at += 1) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ 0x5a;
      writeFileSync(file, damaged);
      const entries = await entriesOf(file).catch((error: unknown) => error);
      if (!(entries instanceof FaroError)) assert.deepEqual(entries, small.timeline, `flipped at ${at}`);
    }
  });

  test(`story.json.${extension} is read from its beginning where its index is damaged, and the damage is told`, async () => {
    const name = `index.json.${extension}`;
    const bytes = readFileSync(await written(compression, TEXT, name));
    const begin = Number(bytes.readBigUInt64LE(bytes.indexOf('faroidx1') - 8));
    const file = join(folder, `damaged-${name}`);
    writeFileSync(file, bytes);
    const events = STORY.timeline.filter(({ type }) => type === 'event');
    const proof = await verifyStory(file);
    let damages = 0;
    for (let at = begin + 26; at < bytes.length - 60; at += Math.ceil((bytes.length - begin) / 40)) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ 0x5a;
      writeFileSync(file, damaged);
      assert.deepEqual(await entriesOf(file, { types: ['event'] }), events, `flipped at ${at}`);
      const { problems, sha256 } = await verifyStory(file);
      assert.equal(sha256, proof.sha256);
      if (problems.some((problem) => problem.startsWith('the index behind the story is damaged'))) damages += 1;
    }
    assert.ok(damages > 10, `${damages}`);
  });
}

test('the contents of bytes that are no whole lines are found out, or refused', () => {
  const line = Buffer.from(TEXT.slice(TEXT.indexOf('{"seq":2,'), TEXT.indexOf('{"seq":3,')));
  assert.deepEqual(contentsOf(line.subarray(0, -2)).containers, [[0, 0]], 'without a line end');
  assert.throws(() => contentsOf(Buffer.from('{"seq":2,"time":')), SyntaxError);
  assert.equal(contentsOf(Buffer.alloc(0)).types, 0);
});

test('ranges hold every number that was put in, and stay few', () => {
  holds(
    fc.property(fc.uniqueArray(fc.nat({ max: 5000 }), { maxLength: 400 }), (numbers) => {
      const ranges = rangesOf(new Set(numbers));
      assert.ok(ranges.length <= 64);
      for (const number of numbers) assert.ok(someIn(ranges, (candidate) => candidate === number));
      if (numbers.length <= 64)
        assert.equal(
          ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0),
          numbers.length,
        );
    }),
  );
});
