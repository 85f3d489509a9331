import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type JournalEntry, JournalReader } from '../../src/journal/reader.ts';
import type { Timestamp } from '../../src/model/time.ts';
import type { JournalSource } from '../../src/story/survey.ts';
import { note } from '../journal/sample.ts';
import { readAssembled } from '../record/simulation/story.ts';
import { simulatedJournal } from './simulated-story.ts';

/** More than is kept of a story's entries as they were made. */
const LONG_BYTES = 300_000;

/** A journal with a note behind all of it, so that no other entry has another number for it. */
function withNote(journal: JournalReader, text: string): JournalSource {
  async function* records(parse?: Parameters<JournalSource['records']>[0]): AsyncGenerator<JournalEntry> {
    let last: JournalEntry | undefined;
    for await (const entry of journal.records(parse)) {
      last = entry;
      yield entry;
    }
    assert.ok(last !== undefined);
    const observed = '2030-01-01T00:00:00.000000000Z' as Timestamp;
    yield { ...last, seq: last.seq + 1, record: { ...note(text), observed } as JournalEntry['record'] };
  }
  return { records, damage: [], readLog: (position) => journal.readLog(position) };
}

test('a long story, whose entries are read again for its verdict, comes to the same as a short one', async () => {
  const folder = await simulatedJournal();
  await using journal = await JournalReader.open(folder);
  const [short, long] = [
    await readAssembled(withNote(journal, 'short')),
    await readAssembled(withNote(journal, 'x'.repeat(LONG_BYTES))),
  ];
  assert.equal(short.timeline.at(-1)?.type, 'note');
  assert.deepEqual(long.timeline.slice(0, -1), short.timeline.slice(0, -1));
  assert.ok(short.head.verdict?.firstCause !== null, 'there is something to judge');
  assert.deepEqual(long.head.verdict, short.head.verdict);
});
