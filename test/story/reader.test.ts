import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { FaroError } from '../../src/model/errors.ts';
import type { Timestamp } from '../../src/model/time.ts';
import type { Story, TimelineEntry } from '../../src/story/document.ts';
import { type EntryFilter, openStory } from '../../src/story/reader.ts';
import { temporaryFolder } from '../folder.ts';
import { holds } from '../property.ts';
import { lacks } from '../tools.ts';
import { canonical, sampleStory } from './sample.ts';

const folder = temporaryFolder('reader');

function fileOf(content: string | Buffer, name = 'story.json'): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

async function read(file: string, filter?: EntryFilter): Promise<Story> {
  await using reader = await openStory(file);
  const timeline: TimelineEntry[] = [];
  for await (const entry of reader.entries(filter)) timeline.push(entry);
  const { verdict, signature: _, ...head } = reader.head;
  return {
    apiVersion: 'faro/v1',
    kind: 'Story',
    ...head,
    timeline,
    ...(verdict === undefined ? {} : { verdict }),
  } as Story;
}

/** The same value with the fields of every object in another order. */
function shuffled(value: unknown, order: (names: string[]) => string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => shuffled(item, order));
  if (typeof value !== 'object' || value === null) return value;
  const names = order(Object.keys(value));
  return Object.fromEntries(names.map((name) => [name, shuffled(Reflect.get(value, name), order)]));
}

const TEXT = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.stringMatching(/^[\]["{},:\\\n]*$/));
const LINES = fc.array(fc.tuple(fc.constantFrom(0, 1), TEXT), { maxLength: 30 });

const COMPRESSED: Readonly<Record<string, (text: string) => Buffer>> = {
  plain: (text) => Buffer.from(text),
  gzip: (text) => gzipSync(text),
  'gzip of two members': (text) => Buffer.concat(halves(text).map((half) => gzipSync(half))),
  zstd: (text) => zstdCompressSync(text),
  'zstd of two frames': (text) => Buffer.concat(halves(text).map((half) => zstdCompressSync(half))),
};

function halves(text: string): Buffer[] {
  const bytes = Buffer.from(text);
  return [bytes.subarray(0, bytes.length >> 1), bytes.subarray(bytes.length >> 1)];
}

test('a story reads the same however its JSON is laid out, ordered and compressed', async () => {
  await holds(
    fc.asyncProperty(
      LINES,
      fc.boolean(),
      fc.constantFrom<string | number | undefined>('as written', undefined, 1, 2, '\t'),
      fc.boolean(),
      fc.constantFrom(...Object.keys(COMPRESSED)),
      async (lines, withVerdict, layout, isReversed, compression) => {
        const story = sampleStory(lines, withVerdict);
        const other = shuffled(story, (names) => (isReversed ? names.toReversed() : names));
        const text = layout === 'as written' ? canonical(story) : JSON.stringify(other, null, layout);
        assert.deepEqual(await read(fileOf(COMPRESSED[compression]?.(text) ?? '')), story);
      },
    ),
    { numRuns: 100 },
  );
});

test('what a filter lets through is what a look at every entry finds', async () => {
  const second = fc
    .integer({ min: 0, max: 31 })
    .map((at) => `2026-11-23T12:00:${String(at).padStart(2, '0')}.000000000Z` as Timestamp);
  const filters = fc.record(
    {
      since: second,
      until: second,
      types: fc.subarray<TimelineEntry['type']>(['object', 'event', 'log', 'gap', 'note']),
      objects: fc.subarray([0, 1]).map((indexes) => new Set(indexes)),
      containers: fc.subarray([0, 1, 2]).map((indexes) => new Set(indexes)),
    },
    { requiredKeys: [] },
  );
  await holds(
    fc.asyncProperty(LINES, filters, fc.constantFrom(undefined, 1), async (lines, filter, indent) => {
      const story = sampleStory(lines);
      const wanted = story.timeline.filter((entry) => fits(entry, filter));
      const text = indent === undefined ? canonical(story) : JSON.stringify(story, null, indent);
      assert.deepEqual((await read(fileOf(text), filter)).timeline, wanted);
    }),
    { numRuns: 100 },
  );
});

/** In the sample every entry but notes is about object 0, its gap about run 1. */
function fits(entry: TimelineEntry, { since, until, types, objects, containers }: EntryFilter): boolean {
  const container = entry.type === 'log' ? entry.container : entry.type === 'gap' ? 1 : undefined;
  return (
    (since === undefined || entry.time >= since) &&
    (until === undefined || entry.time <= until) &&
    (types === undefined || types.includes(entry.type)) &&
    (objects === undefined || (entry.type !== 'note' && objects.has(0))) &&
    (containers === undefined || (container !== undefined && containers.has(container)))
  );
}

for (const [compression, compress] of Object.entries(COMPRESSED))
  test(`a story (${compression}) that is cut is refused, wherever the cut is`, async () => {
    const whole = sampleStory(
      [
        [0, 'a "line" \\ with [brackets'],
        [1, 'ü'],
      ],
      true,
    );
    const bytes = compress(canonical(whole));
    let [tried, found] = [0, 0];
    const step = Math.ceil(bytes.length / 250);
    for (let length = bytes.length - 1; length >= 0; length -= length > bytes.length - 40 ? 1 : step) {
      tried += 1;
      // Only white space may be missing, or an empty end of the compressed form.
      const result = await read(fileOf(bytes.subarray(0, length))).catch((error: unknown) => error);
      if (result instanceof FaroError && /^(no-)?story$/.test(result.code)) found += 1;
      else assert.deepEqual(result, whole, `cut to ${length} of ${bytes.length}`);
    }
    assert.ok(found >= tried - 2, `${found} of ${tried}`);
  });

test('errors name the file, the line, and the way out', async () => {
  const text = canonical(
    sampleStory([
      [0, 'a'],
      [1, 'b'],
    ]),
  );
  const line = text.slice(0, text.indexOf('{"seq":2')).split('\n').length;
  const cases: readonly (readonly [string, RegExp, RegExp])[] = [
    ['', /is no story/, /name a file/],
    ['[]', /is no story/, /name a file/],
    ['{"apiVersion":"v1","kind":"Pod"}', /no story: its apiVersion is "v1"/, /faro has written/],
    ['{"kind":"Story"}', /no story: its apiVersion is undefined/, /faro has written/],
    [text.replace('faro/v1', 'faro/v2'), /of format faro\/v2, this version of faro reads faro\/v1/, /newer version/],
    [text.slice(0, text.indexOf('{"seq":3') + 20), new RegExp(`line ${line + 1}: the story is cut`), /faro recover/],
    [
      text.replace('"container":0', '"container":"x"'),
      new RegExp(`line ${line}: an entry is not as the format demands`),
      /damaged or was edited/,
    ],
    [text.replace('{"seq":2,', '{"seq":2;'), new RegExp(`line ${line}: an entry is no JSON`), /damaged or was edited/],
    [text.replace('"kind": "Story"', '"kind": "Storm"'), /not as a story must be: kind/, /damaged or was edited/],
    [`${text}{}`, /something follows the document/, /damaged/],
    [text.replace('"timeline"', '"timelime"'), /no timeline/, /damaged/],
  ];
  for (const [content, message, hint] of cases) {
    const file = fileOf(content, 'broken.json');
    await assert.rejects(read(file), (error) => {
      assert.ok(error instanceof FaroError && /^(no-)?story$/.test(error.code), String(error));
      assert.ok(error.message.startsWith(file), error.message);
      assert.match(error.message, message);
      assert.match(error.hint ?? '', hint);
      return true;
    });
  }
  await assert.rejects(openStory(join(folder, 'nowhere.json')), /there is no file .*nowhere.json/);
});

test('a story that jq, gzip and zstd have written again is still one', {
  skip: lacks('jq', 'gzip', 'zstd'),
}, async () => {
  const story = sampleStory(
    [
      [0, 'a'],
      [1, 'b \u2028 ü'],
    ],
    true,
  );
  const file = fileOf(canonical(story), 'tools.json');
  for (const command of [
    `jq . ${file}`,
    `jq -cS . ${file}`,
    `gzip -c ${file}`,
    `zstd -qc ${file}`,
    `cat ${file} | gzip | cat - /dev/null`,
  ]) {
    const output = execFileSync('sh', ['-c', command], { maxBuffer: 2 ** 30 });
    assert.deepEqual(await read(fileOf(output)), story, command);
  }
});

test('fields that this version does not know are ignored', async () => {
  const text = canonical(sampleStory([[0, 'a']]));
  const newer = text
    .replace('"kind": "Story",', '"kind": "Story", "later": {"a": [1, "]}"]},')
    .replace('"seq":2,', '"seq":2,"later":1,');
  await using reader = await openStory(fileOf(newer));
  const entries = await Array.fromAsync(reader.entries({ types: ['log'] }));
  assert.deepEqual(
    entries.map((entry) => entry.later),
    [1],
  );
});

test('numbers beyond a double keep their digits', async () => {
  const text = canonical(sampleStory([])).replace(
    '"metadata":{"name"',
    '"metadata":{"big":12345678901234567890,"name"',
  );
  await using reader = await openStory(fileOf(text));
  const [first] = await Array.fromAsync(reader.entries({ types: ['object'] }));
  assert.match(JSON.stringify(first), /"big":12345678901234567890/);
});

test('an entry of 6 MB is read, without time that grows with its square', { timeout: 120_000 }, async () => {
  const story = sampleStory([
    [0, 'x"'.repeat(3_000_000)],
    [1, 'b'],
  ]);
  assert.deepEqual((await read(fileOf(canonical(story)))).timeline.length, story.timeline.length);
  assert.deepEqual((await read(fileOf(JSON.stringify(story, null, 1)))).timeline.length, story.timeline.length);
});

const COUNT = `
import { openStory } from ${JSON.stringify(new URL('../../src/story/reader.ts', import.meta.url).href)};
await using story = await openStory(process.argv[2]);
let entries = 0;
for await (const entry of story.entries()) entries += 1;
process.stdout.write(String(entries));
`;

test('a story larger than the heap is read in it', () => {
  const small = sampleStory([[0, 'a']]);
  const [before = '', after = ''] = canonical(small).split(/(?<=\n)(?=\{"seq":2)/);
  const [line = '', ...end] = after.split('\n');
  const file = fileOf(before, 'large.json');
  const block = `${line.replace('"line":"a"', `"line":"${'x'.repeat(300)}"`)}\n`.repeat(1000);
  for (let count = 0; count < 200; count += 1) appendFileSync(file, block);
  appendFileSync(file, end.join('\n'));
  const script = fileOf(COUNT, 'count.ts');
  const output = execFileSync(process.execPath, ['--max-old-space-size=40', script, file]).toString();
  assert.equal(Number(output), small.timeline.length - 1 + 200_000);
  assert.ok(statSync(file).size > 90e6);
  rmSync(file);
});
