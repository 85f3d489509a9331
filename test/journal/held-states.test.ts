import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '../../src/demo/clock.ts';
import { JournalReader } from '../../src/journal/reader.ts';
import { JournalWriter } from '../../src/journal/writer.ts';
import type { JournalRecord } from '../../src/model/record.ts';
import { timestampOf } from '../../src/model/time.ts';
import { FaultyDisk } from './faulty-disk.ts';

const DIR = '/journal';
const STATES = 40;

function state(resourceVersion: number): JournalRecord {
  const metadata = { name: 'web', namespace: 'shop', uid: 'p1', resourceVersion: String(resourceVersion) };
  return {
    ...{ kind: 'object', observed: timestampOf(resourceVersion), action: 'changed', resource: 'pods', redactions: 0 },
    object: { apiVersion: 'v1', kind: 'Pod', metadata },
  };
}

async function recordsOn(disk: FaultyDisk): Promise<JournalRecord[]> {
  await using reader = await JournalReader.open(DIR, { fs: disk });
  const records: JournalRecord[] = [];
  for await (const { record } of reader.records()) if (record.kind !== 'log') records.push(record);
  return records;
}

/** A journal that holds little in memory, whose disk takes nothing for now. */
async function withLittleMemory() {
  const disk = new FaultyDisk();
  const clock = new SimulatedClock();
  const how = { syncIntervalMs: 100, retryMs: 100, heldBytes: 1000 };
  const journal = await JournalWriter.create(DIR, { clock, fs: disk, ...how });
  await disk.syncFolder('/');
  disk.isReadOnly = true;
  return { disk, clock, journal };
}

test('wherever it is killed, a journal says of no watch that it stands behind states that only memory holds', async () => {
  const { disk, clock, journal } = await withLittleMemory();
  for (let version = 1; version <= STATES; version += 1) journal.append(state(version));
  const observed = timestampOf(STATES);
  const resourceVersion = String(STATES);
  journal.append({ kind: 'watched', observed, resource: 'pods', namespace: 'shop', resourceVersion });
  await clock.advance(1000, settle);
  const before = disk.operations;
  disk.isReadOnly = false;
  await clock.advance(1000, settle);
  let told = 0;
  for (let operations = before; operations <= disk.operations; operations += 1) {
    const records = await recordsOn(disk.at(operations));
    if (!records.some(({ kind }) => kind === 'watched')) continue;
    told += 1;
    const states = records.flatMap((record) =>
      record.kind === 'object' ? [record.object.metadata.resourceVersion] : [],
    );
    assert.equal(states.at(-1), resourceVersion, `after ${operations} operations`);
    assert.ok(states.length < STATES && records.some(({ kind }) => kind === 'gap'));
  }
  assert.ok(told > 0);
  await journal.close();
});

test('that a watch of metadata is lost waits for no state: none of them is its own', async () => {
  const { disk, clock, journal } = await withLittleMemory();
  for (let version = 1; version <= STATES; version += 1) journal.append(state(version));
  const observed = timestampOf(STATES);
  journal.append({ kind: 'watched', observed, resource: 'pods', namespace: 'shop', isMetadata: true });
  disk.isReadOnly = false;
  await clock.advance(1000, settle);
  const records = await recordsOn(disk);
  const at = records.findIndex(({ kind }) => kind === 'watched');
  assert.ok(at > 0 && records.slice(at).some(({ kind }) => kind === 'object'), 'states come after it');
  await journal.close();
});

test('what a watch says of its place comes before states that are newer: a resumed capture goes on behind those', async () => {
  const { disk, clock, journal } = await withLittleMemory();
  for (let version = 1; version <= STATES; version += 1) {
    journal.append(state(version));
    const [observed, resourceVersion] = [timestampOf(version), String(version)];
    if (version < STATES)
      journal.append({ kind: 'watched', observed, resource: 'pods', namespace: 'shop', resourceVersion });
  }
  disk.isReadOnly = false;
  await clock.advance(1000, settle);
  const records = await recordsOn(disk);
  const last = records.at(-1);
  assert.equal(last?.kind === 'object' ? last.object.metadata.resourceVersion : last?.kind, String(STATES));
  assert.ok(records.some(({ kind }) => kind === 'watched'));
  await journal.close();
});

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
