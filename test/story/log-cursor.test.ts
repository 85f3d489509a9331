import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../src/cli/context.ts';
import { JournalWriter } from '../../src/journal/writer.ts';
import type { JournalRecord } from '../../src/model/record.ts';
import type { Story } from '../../src/story/document.ts';
import { writeStory } from '../../src/story/file.ts';
import { temporaryFolder } from '../folder.ts';
import { beginning, INSTANCE, TIME } from './one-pod.ts';

const folder = temporaryFolder('log-cursor');

/** A log with each of these lines in a block of its own. */
function* recordsOf(lines: readonly string[]): Generator<JournalRecord> {
  yield* beginning();
  yield {
    kind: 'streamOpened',
    observed: TIME,
    stream: 0,
    instance: INSTANCE,
    route: 'stream',
    attempt: 0,
    limited: false,
  };
  for (const line of lines) {
    const bytes = Buffer.from(`${TIME} ${line}\n`);
    const size = { lines: 1, contentBytes: line.length, first: TIME, last: TIME };
    const origin = { format: 'timestamped', file: null, offset: 0, unterminated: false } as const;
    yield { kind: 'log', observed: TIME, stream: 0, ...size, ...origin, bytes };
  }
  yield { kind: 'end', time: TIME, ended: 'for' };
}

/** Node gives buffers of less than half of it parts of one piece of memory, and others a piece of their own. */
const sizes = [1, 500, Buffer.poolSize / 4, Buffer.poolSize / 2 - 33, Buffer.poolSize / 2, Buffer.poolSize, 300_000];

for (const [name, plainBytes] of [
  ['packed', 0],
  ['as it is', undefined],
] as const)
  test(`the memory of a block that the journal holds ${name} is given back, and no other with it`, async () => {
    const lines = sizes.flatMap((size) => [`${size} ${'a'.repeat(size)}`, `${size + 1} ${'b'.repeat(size)}`]);
    const journal = join(folder, `${name}.journal`);
    {
      await using writer = await JournalWriter.create(journal, { clock: systemClock, plainBytes });
      for (const record of recordsOf(lines)) writer.append(record);
    }
    const output = join(folder, `${name}.json`);
    await writeStory({ journal, output, force: true });
    const { timeline } = JSON.parse(readFileSync(output, 'utf8')) as Story;
    const told = timeline.flatMap((entry) => (entry.type === 'log' ? [entry.line] : []));
    assert.deepEqual(told, lines);
  });
