import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/cli/context.ts';
import { seededRandom } from '../../src/demo/random.ts';
import { JournalReader } from '../../src/journal/reader.ts';
import { Room } from '../../src/journal/room.ts';
import { JournalWriter } from '../../src/journal/writer.ts';
import type { ContainerInstance } from '../../src/model/instance.ts';
import type { JournalRecord } from '../../src/model/record.ts';
import { FaultyDisk } from './faulty-disk.ts';
import { log, T } from './sample.ts';

const MAX_BYTES = 400_000;
const RESERVE_BYTES = 20_000;
const QUIET = ['a', 'b', 'c', 'd', 'e'];
const random = seededRandom(7);

function run(container: string, restart = 0): ContainerInstance {
  return { podUid: 'p', namespace: 'shop', pod: 'web', container, restart };
}

function opened(stream: number, container: string, restart?: number): JournalRecord {
  const instance = run(container, restart);
  return { kind: 'streamOpened', observed: T, stream, instance, route: 'stream', attempt: 0, limited: false };
}

function ended(container: string, restart?: number): JournalRecord {
  return { kind: 'logEnd', observed: T, instance: run(container, restart), end: 'proven', evidence: 'terminated' };
}

function change(name: string): JournalRecord {
  const metadata = { name, uid: name, resourceVersion: '1', annotations: { text: noise(1000).toString('hex') } };
  const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata };
  return { kind: 'object', observed: T, action: 'changed', resource: 'deployments', object, redactions: 0 };
}

/** Bytes that do not become fewer by compression. */
function noise(bytes: number): Buffer {
  return Buffer.from(Array.from({ length: bytes }, () => random() * 256));
}

/** What a journal of limited size on a disk without limits holds in the end, and the order in which logs stopped. */
async function journalOf(records: Iterable<JournalRecord>) {
  const disk = new FaultyDisk();
  const said: string[] = [];
  const how = { clock: systemClock, fs: disk, reserveBytes: RESERVE_BYTES, maxBytes: MAX_BYTES };
  const journal = await JournalWriter.create('/j', { ...how, log: { warn: (_, text) => void said.push(text) } });
  for (const record of records) {
    journal.append(record);
    await journal.sync();
  }
  const { ending } = journal;
  await journal.close();
  await using reader = await JournalReader.open('/j', { fs: disk });
  const kept: JournalRecord[] = [];
  for await (const { record, position } of reader.records())
    kept.push(record.kind === 'log' ? await reader.readLog(position) : record);
  assert.ok(disk.used <= MAX_BYTES, `${disk.used} bytes`);
  return { kept, said, ending, blocksOf: (stream: number) => count(kept, stream) };
}

function count(records: readonly JournalRecord[], stream: number): number {
  return records.filter((record) => record.kind === 'log' && record.stream === stream).length;
}

test('the busiest log gives way first, with a stated gap; quiet ones and states are whole', async () => {
  function* records(): Generator<JournalRecord> {
    yield opened(0, 'hot');
    for (const [index, name] of QUIET.entries()) yield opened(index + 1, name);
    for (let turn = 0; turn < 100; turn += 1) {
      yield log(noise(5000), 0);
      if (turn % 10 !== 0) continue;
      for (const index of QUIET.keys()) yield log(noise(50), index + 1);
      yield change(`web-${turn}`);
    }
    for (const name of ['hot', ...QUIET]) yield ended(name);
  }
  const { kept, said, ending, blocksOf } = await journalOf(records());
  for (const [index, name] of QUIET.entries()) {
    assert.equal(blocksOf(index + 1), 10, name);
    assert.equal(endOf(kept, name), 'proven');
  }
  assert.equal(kept.filter(({ kind }) => kind === 'object').length, 10);
  const gaps = kept.flatMap((record) => (record.kind === 'gap' ? [record.gap] : []));
  assert.deepEqual(
    gaps.map(({ of, cause }) => [of, cause]),
    [[{ container: run('hot') }, 'journal-full']],
  );
  assert.match(gaps[0]?.evidence ?? '', new RegExp(`^${100 - blocksOf(0)} log lines were not kept`));
  assert.equal(endOf(kept, 'hot'), 'not proven');
  const share = (blocksOf(0) * 5000) / (MAX_BYTES - RESERVE_BYTES);
  assert.ok(share > 0.5, `of a single busy log ${share} of the journal are kept`);
  assert.equal(said.length, 1);
  assert.equal(ending.aborted, false);
});

function endOf(records: readonly JournalRecord[], container: string): string | undefined {
  for (const record of records)
    if (record.kind === 'logEnd' && record.instance.container === container) return record.end;
  return undefined;
}

test('a container that crashes again and again takes no more room for it', async () => {
  function* records(): Generator<JournalRecord> {
    yield opened(0, 'quiet');
    for (let restart = 0; restart < 80; restart += 1) {
      yield opened(restart + 1, 'crash', restart);
      yield log(noise(5000), restart + 1);
      yield ended('crash', restart);
      yield log(noise(20), 0);
    }
    yield ended('quiet');
  }
  const { kept, blocksOf } = await journalOf(records());
  assert.equal(blocksOf(0), 80);
  assert.equal(endOf(kept, 'quiet'), 'proven');
  const runs = kept.filter((record) => record.kind === 'log' && record.stream > 0).length;
  const gaps = kept.filter(({ kind }) => kind === 'gap').length;
  assert.deepEqual([runs > 30, runs + gaps], [true, 80]);
});

test('logs that are equally busy stop together, and what is left is for others', () => {
  const room = new Room({ maxBytes: 1_000_000 });
  const kept = new Map([
    ['a', 0],
    ['b', 0],
  ]);
  for (let turn = 0; turn < 10_000; turn += 1)
    for (const [log, bytes] of kept)
      if (room.takes(100, log)) {
        room.add(100);
        kept.set(log, bytes + 100);
      }
  for (const bytes of kept.values()) assert.ok(Math.abs(bytes - (800_000 * 4) / 9) < 1000, `${bytes} bytes`);
  assert.ok(room.takes(20_000, 'c'));
});

test('what a journal of an earlier recorder holds already counts', () => {
  const room = new Room({ maxBytes: 1_000_000, taken: 790_000 });
  assert.deepEqual([room.takes(5000, 'a'), room.takes(9000, 'b'), room.takes(100_000, undefined)], [true, false, true]);
});

test('states come to an end, too, and no log goes on then', () => {
  const room = new Room({ maxBytes: 100_000 });
  assert.ok(room.takes(95_000, undefined));
  room.add(95_000);
  assert.deepEqual(
    [room.takes(1, 'a'), room.isFull, room.takes(1, undefined), room.isFull],
    [false, false, false, true],
  );
});
