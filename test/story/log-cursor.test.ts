import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { systemClock } from '../../src/cli/context.ts';
import { JournalWriter } from '../../src/journal/writer.ts';
import type { JournalRecord } from '../../src/model/record.ts';
import type { Timestamp } from '../../src/model/time.ts';
import type { Story } from '../../src/story/document.ts';
import { writeStory } from '../../src/story/file.ts';
import { temporaryFolder } from '../folder.ts';
import { holds } from '../property.ts';
import { beginning, INSTANCE, TIME } from './one-pod.ts';

const folder = temporaryFolder('log-cursor');

const OPENED = { kind: 'streamOpened', observed: TIME, route: 'stream', attempt: 0, limited: false } as const;

/** A log with each of these lines in a block of its own. */
function* recordsOf(lines: readonly string[]): Generator<JournalRecord> {
  yield* beginning();
  yield { ...OPENED, stream: 0, instance: INSTANCE };
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

/** Nanoseconds from one line to the next: while one log rests, the others write some lines in a row. */
const step = fc.oneof(
  { weight: 20, arbitrary: fc.nat(1) },
  { weight: 2, arbitrary: fc.integer({ min: 5, max: 60 }) },
  { weight: 1, arbitrary: fc.constant(2_000_000_000) },
);
const logs = fc.array(
  fc.array(fc.record({ step, isLate: fc.nat(30), isPart: fc.nat(30) }), { minLength: 1, maxLength: 80, size: 'max' }),
  { minLength: 1, maxLength: 3 },
);

test('the lines of some logs stand in order, whether they are taken one by one or at once', async () => {
  let run = 0;
  await holds(
    fc.asyncProperty(logs, fc.constantFrom('cri', 'timestamped'), async (logs, format) => {
      const journal = join(folder, `order-${run++}.journal`);
      const expected: { place: number; order: number; line: string }[] = [];
      {
        await using writer = await JournalWriter.create(journal, { clock: systemClock });
        for (const record of beginning()) writer.append(record);
        for (const [stream, steps] of logs.entries()) {
          const instance = { ...INSTANCE, container: `app-${stream}` };
          writer.append({ ...OPENED, stream, instance });
          let [text, place, clock, first, last] = ['', 0, 1, '', ''];
          for (const [index, { step, isLate, isPart }] of steps.entries()) {
            clock += step;
            const own = isLate === 0 ? Math.max(0, clock - 5) : clock;
            place = Math.max(place, own);
            const line = `${stream}.${index} "${'\\'.repeat(step % 4)}é`;
            expected.push({ place, order: expected.length, line });
            const time = timeOf(own);
            if (first === '' || time < first) first = time;
            if (time > last) last = time;
            const tag =
              isPart === 0 && format === 'cri' ? `P ${line.slice(0, 3)}\n${time} stdout F ${line.slice(3)}` : '';
            text += `${time} ${format === 'cri' ? (tag === '' ? `stdout F ${line}` : `stdout ${tag}`) : line}\n`;
          }
          const bytes = Buffer.from(text);
          const size = { lines: steps.length, contentBytes: 0, first: first as Timestamp, last: last as Timestamp };
          const origin = { format, file: null, offset: 0, unterminated: false } as const;
          writer.append({ kind: 'log', observed: TIME, stream, ...size, ...origin, bytes });
        }
        writer.append({ kind: 'end', time: TIME, ended: 'for' });
      }
      const output = `${journal}.json`;
      await writeStory({ journal, output, force: true });
      const { timeline } = JSON.parse(readFileSync(output, 'utf8')) as Story;
      const told = timeline.flatMap((entry) => (entry.type === 'log' ? [entry.line] : []));
      expected.sort((a, b) => a.place - b.place || a.order - b.order);
      assert.deepEqual(
        told,
        expected.map(({ line }) => line),
      );
    }),
    { numRuns: 40 },
  );
});

/** So many nanoseconds after a moment. */
function timeOf(nanoseconds: number): string {
  const second = Math.floor(nanoseconds / 1e9);
  const [minutes, seconds] = [Math.floor(second / 60), second % 60].map((part) => String(part).padStart(2, '0'));
  return `2026-11-23T12:${minutes}:${seconds}.${String(nanoseconds % 1e9).padStart(9, '0')}Z`;
}
