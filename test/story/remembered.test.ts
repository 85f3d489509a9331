import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JournalEntry } from '../../src/journal/reader.ts';
import { RememberedJournal } from '../../src/story/remembered.ts';
import { log, note } from '../journal/sample.ts';

/** A journal of some records, each of so many bytes, that counts how often it was read. */
function journalOf(count: number, length: number) {
  const entries = Array.from({ length: count }, (_, seq) => {
    const position = { segment: 1, offset: seq * length, length };
    return { seq, position, record: note(`${seq}`) } as JournalEntry;
  });
  const source = { readings: 0, damage: [], readLog: async () => log(Buffer.alloc(0)) };
  async function* records() {
    source.readings += 1;
    yield* entries;
  }
  return { entries, source: Object.assign(source, { records }) };
}

async function all(journal: RememberedJournal): Promise<JournalEntry[]> {
  const entries: JournalEntry[] = [];
  for await (const entry of journal.records()) entries.push(entry);
  return entries;
}

test('a small journal is read once for two passes, a large one twice, and both give the same', async () => {
  for (const { length, readings } of [
    { length: 100, readings: 1 },
    { length: 1024 * 1024, readings: 2 },
  ]) {
    const { entries, source } = journalOf(3, length);
    const journal = new RememberedJournal(source);
    assert.deepEqual(await all(journal), entries);
    assert.deepEqual(await all(journal), entries);
    assert.equal(source.readings, readings);
  }
});

test('what was not read to its end is not taken for all', async () => {
  const { entries, source } = journalOf(3, 100);
  const journal = new RememberedJournal(source);
  for await (const _ of journal.records()) break;
  assert.deepEqual(await all(journal), entries);
});

test('the states of a large journal are brief at first, and whole when they are read again', async () => {
  const metadata = { name: 'web', namespace: 'shop', uid: 'web', resourceVersion: '1' };
  const whole = Array.from({ length: 6 }, (_, revision) => {
    const object = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { text: 'x'.repeat(99) }, status: { revision } };
    return { kind: 'object', observed: `${revision}`, action: 'changed', resource: 'pods', object, redactions: 0 };
  });
  async function* records(parse?: (json: Buffer) => unknown) {
    for (const [seq, record] of whole.entries()) {
      const position = { segment: 1, offset: 0, length: 2 ** 20 };
      yield { seq, position, record: parse?.(Buffer.from(JSON.stringify(record))) } as JournalEntry;
    }
  }
  const journal = new RememberedJournal({ ...journalOf(0, 0).source, records });
  const [first, second] = [await all(journal), await all(journal)];
  assert.deepEqual(
    second.map(({ record }) => record),
    whole,
  );
  assert.notDeepEqual(first, second);
  assert.deepEqual(
    first.map(({ record }) => 'observed' in record && record.observed),
    whole.map(({ observed }) => observed),
  );
});
