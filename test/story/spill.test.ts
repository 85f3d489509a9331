import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { DocumentText } from '../../src/story/document-text.ts';
import { TIME_BYTES } from '../../src/story/line-time.ts';
import { type Cursor, type EntrySink, type LineHead, merge, type Source } from '../../src/story/merge.ts';
import { isBefore, type Place } from '../../src/story/order.ts';
import { limitFanIn, ScratchFolder } from '../../src/story/spill.ts';
import { temporaryFolder } from '../folder.ts';
import { holds } from '../property.ts';

const folder = temporaryFolder('spill');

interface Line extends Place {
  readonly json: string;
}

/** Lines of one log, handed on in batches of three. */
function sourceOf(
  container: number,
  lines: readonly Line[],
  { memory = 1000, bytes = 60 * lines.length } = {},
): Source {
  const [first, last] = [lines[0], lines.at(-1)];
  assert.ok(first !== undefined && last !== undefined);
  return { from: first, until: last, memory, bytes, open: () => new Lines(container, lines) };
}

class Lines implements Cursor, LineHead {
  second = 0;
  nanosecond = 0;
  steps = 0;
  order = 0;
  #at = 0;
  readonly container: number;
  readonly time = Buffer.from('.'.repeat(TIME_BYTES + 1));
  readonly timeAt = 1;
  readonly about: Buffer;
  readonly aboutAt = 0;
  readonly aboutEnd: number;
  readonly #lines: readonly Line[];

  constructor(container: number, lines: readonly Line[]) {
    this.container = container;
    this.about = Buffer.from(`<log ${container}>`);
    this.aboutEnd = this.about.length;
    this.#lines = lines;
  }

  async load(): Promise<boolean> {
    return this.#show();
  }

  drain(sink: EntrySink, limit: Place | undefined): boolean {
    do {
      this.time.write(`"time":"${this.second}.${this.nanosecond}`.padEnd(TIME_BYTES), 1);
      sink.beginLine(this);
      sink.text.addText(this.#lines[this.#at]?.json ?? '');
      sink.endLine();
      this.#at += 1;
      if (this.#at % 3 === 0 || !this.#show()) return true;
    } while (!sink.isFull && (limit === undefined || isBefore(this, limit)));
    return false;
  }

  #show(): boolean {
    Object.assign(this, this.#lines[this.#at]);
    return this.#at < this.#lines.length;
  }
}

async function merged(sources: readonly Source[]): Promise<string[]> {
  const lines: string[] = [];
  let isFull = false;
  const text = new DocumentText(async (chunk) => void lines.push(...chunk.toString().split('\n').slice(0, -1)));
  await merge(sources, {
    text,
    get isFull() {
      return isFull;
    },
    entry: () => assert.fail('there are only lines'),
    takeLines: () => undefined,
    beginLine({ container, time, timeAt, about, aboutAt, aboutEnd }) {
      text.addText(`${container} `);
      text.addBytes(time, timeAt, timeAt + TIME_BYTES);
      text.addBytes(about, aboutAt, aboutEnd);
    },
    endLine() {
      text.addText('\n');
      isFull = !isFull;
    },
    async flush() {
      isFull = false;
      await text.flush();
    },
  });
  await text.end();
  return lines;
}

/** Logs whose lines are in order and hold bytes of UTF-8; `order` tells equal places apart. */
const logs = fc
  .array(fc.array(fc.nat(50), { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 12 })
  .map((all) =>
    all.map((times, container) =>
      times
        .sort((a, b) => a - b)
        .map((time, index): Line => {
          const [second, nanosecond] = [1_750_000_000_000 + Math.floor(time / 10), time % 10];
          const json = `"line":"${container}.${index} ä ${'x'.repeat(time)}"}`;
          return { second, nanosecond, steps: 0, order: container, json };
        }),
    ),
  );

test('logs that are merged in parts stand in the same order as logs that are merged at once', async () => {
  await holds(
    fc.asyncProperty(logs, fc.integer({ min: 100, max: 2000 }), async (all, memory) => {
      const sources = all.map((lines, container) => sourceOf(container, lines));
      const expected = await merged(sources);
      await using scratch = new ScratchFolder(folder);
      const parts = await limitFanIn(sources, { scratch, memory });
      assert.deepEqual(await merged(parts), expected);
    }),
    { numRuns: 100 },
  );
  assert.deepEqual(readdirSync(folder), [], 'the parts went with their folder');
});

test('of a part that is dealt out once more, piece by piece, each line keeps what is said about it', async () => {
  const sources = [0, 1, 2, 3].map((container) => {
    const lines = Array.from({ length: 3000 }, (_, index): Line => {
      const json = `"line":"${container}.${index} ${'x'.repeat(index % 100)}"}`;
      return { second: 1_750_000_000_000 + index, nanosecond: 0, steps: 0, order: container, json };
    });
    return sourceOf(container, lines, { memory: 400_000, bytes: 10 }); // it seems to fit into one part
  });
  const expected = await merged(sources);
  await using scratch = new ScratchFolder(folder);
  const parts = await limitFanIn(sources, { scratch, memory: 400_000 });
  assert.ok(parts.length > 2, `${parts.length} parts`);
  const lines = await merged(parts);
  assert.equal(lines.length, expected.length);
  assert.equal(
    lines.find((text, index) => text !== expected[index]),
    undefined,
  );
});

const line = (second: number): Line => ({ second, nanosecond: 0, steps: 0, order: 0, json: '' });

test('logs that follow each other are not merged in parts, however many they are', async () => {
  const sources = Array.from({ length: 50 }, (_, index) => sourceOf(index, [line(2 * index), line(2 * index + 1)]));
  await using scratch = new ScratchFolder(folder);
  assert.equal(await limitFanIn(sources, { scratch, memory: 2000 }), sources);
});

test('where there is no room for the parts, nothing is begun, and the error says how much it takes', async () => {
  const sources = [1, 2, 3].map((index) => sourceOf(index, [line(1), line(9)], { bytes: 2 ** 60 }));
  await using scratch = new ScratchFolder(folder);
  await assert.rejects(limitFanIn(sources, { scratch, memory: 2 }), {
    code: 'output',
    message: /the story takes \d+ MiB while it is made, and \d+ MiB are free$/,
    hint: 'free some space, or write the story elsewhere',
  });
  assert.deepEqual(readdirSync(folder), []);
});
