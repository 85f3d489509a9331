import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/cli/context.ts';
import { seededRandom } from '../../src/demo/random.ts';
import { FRAME_HEADER_BYTES } from '../../src/journal/frame.ts';
import { JournalReader } from '../../src/journal/reader.ts';
import { SEGMENT_HEADER_BYTES } from '../../src/journal/segment.ts';
import { JournalWriter } from '../../src/journal/writer.ts';
import { FaroError } from '../../src/model/errors.ts';
import type { JournalRecord } from '../../src/model/record.ts';
import { SEED, TIMES } from '../property.ts';
import { FaultyDisk } from './faulty-disk.ts';
import { log, note, read, shown } from './sample.ts';

/** Disks in memory are copied often. */
const SMALL = { clock: systemClock, reserveBytes: 8 };
const DIR = '/story.json.journal';
const SEGMENT = `${DIR}/000001.faroj`;

/** A journal as it grew on a disk: what had been appended, and what was promised to be kept, after each operation. */
interface Grown {
  readonly disk: FaultyDisk;
  readonly records: readonly JournalRecord[];
  /** How many records were synced once so many operations were done. */
  synced(operations: number): number;
}

async function grow(batches: readonly (readonly JournalRecord[])[], segmentBytes: number): Promise<Grown> {
  const disk = new FaultyDisk();
  const promises: { operations: number; records: number }[] = [];
  let records = 0;
  const journal = await JournalWriter.create(DIR, { ...SMALL, fs: disk, segmentBytes });
  for (const batch of batches) {
    for (const record of batch) journal.append(record);
    await journal.sync();
    records += batch.length;
    promises.push({ operations: disk.operations, records });
  }
  await journal.close();
  const synced = (operations: number) => promises.findLast((promise) => promise.operations <= operations)?.records ?? 0;
  return { disk, records: batches.flat(), synced };
}

/** What is left of a journal is the beginning of what was written, with all that was promised. Gives it. */
async function assertSound(
  left: FaultyDisk,
  grown: Grown,
  promised: number,
  where: string,
): Promise<readonly unknown[]> {
  const found = await read(DIR, left).catch((error: unknown) => {
    assert.ok(error instanceof FaroError && promised === 0, `${where}: ${String(error)}`);
    return undefined;
  });
  if (found === undefined) return [];
  const indexes = found.records.map((record) =>
    grown.records.findIndex((known) => JSON.stringify(shown(known)) === JSON.stringify(record)),
  );
  assert.deepEqual(indexes, [...indexes.keys()], `${where}: in order, none twice, and none that was not written`);
  assert.ok(indexes.length >= promised, `${where}: all that was synced`);
  return found.records;
}

const MORE = note('of another recorder');

/** Another recorder goes on: whatever befalls it then, all of this is there. */
async function assertGoesOn(left: FaultyDisk, before: readonly unknown[], where: string): Promise<void> {
  await using reader = await readThrough(left);
  assert.deepEqual(reader.holes, [], where);
  const writer = await JournalWriter.goOn(DIR, reader.end ?? assert.fail(where), { ...SMALL, fs: left });
  writer.append(MORE);
  await writer.close();
  const { records, damage } = await read(DIR, left.afterPowerCut());
  assert.deepEqual(records, [...before, shown(MORE)], where);
  assert.deepEqual(damage, [], where);
}

/** Goes on trying, at once. */
const PATIENT = { retryMs: 1, waitMs: 10_000 };

const BATCHES = [
  [note('first'), log(Buffer.from('T line\n'))],
  [note('x'.repeat(700))],
  [log(Buffer.from('T long\n'.repeat(200))), note('between'), note('a last one of its batch')],
  [note('last')],
];

test('a journal that was cut at any byte of any write is the beginning of what was written, with all that was synced, and goes on', async () => {
  const grown = await grow(BATCHES, 300);
  const { disk } = grown;
  let cuts = 0;
  for (let operation = 0; operation <= disk.operations; operation += 1)
    for (let bytes = 0; bytes <= disk.bytesOf(operation); bytes += 1) {
      const cut = disk.at(operation, { bytes });
      const where = `operation ${operation}, byte ${bytes}, seed ${SEED + cuts}`;
      const lefts = {
        killed: cut.afterKill(),
        'power cut': cut.afterPowerCut(),
        torn: cut.afterPowerCut(seededRandom(SEED + cuts)),
      };
      for (const [index, [how, left]] of Object.entries(lefts).entries()) {
        const promised = grown.synced(operation);
        const found = await assertSound(left, grown, promised, `${how} at ${where}`);
        // A third of each kind: to go on takes more than to read.
        if (promised > 0 && (cuts + index) % 3 === 0) await assertGoesOn(left, found, `${how} at ${where}`);
      }
      cuts += 1;
    }
  assert.ok(cuts > 500, `${cuts} cuts`);
  assert.deepEqual((await read(DIR, disk)).records, grown.records.map(shown));
});

test('what was written whole before a kill is read, whether it was synced or not, and the torn rest is stated', async () => {
  const grown = await grow([[note('one'), note('two'), note('three')]], 10_000);
  const write = Array.from({ length: grown.disk.operations }, (_, index) => index).findLast(
    (index) => grown.disk.bytesOf(index) > 0,
  );
  assert.ok(write !== undefined);
  const torn = await read(DIR, grown.disk.at(write, { bytes: grown.disk.bytesOf(write) - 1 }).afterKill());
  assert.deepEqual(torn.records, grown.records.slice(0, 2).map(shown));
  assert.deepEqual(
    torn.damage.map(({ meaning, seq }) => ({ meaning, seq })),
    [{ meaning: 'the last write was cut off', seq: 2 }],
  );
});

test('a bit that was flipped costs the record in which it lies, header or body, and no other, and is stated', async () => {
  const { disk, records } = await grow(
    [[note('one'), note('two')], [log(Buffer.from('T three\n'))], [note('four')], [note('five')]],
    10_000,
  );
  const whole = Buffer.from(disk.bytes(SEGMENT));
  const all = records.map((record) => JSON.stringify(shown(record)));
  for (let bit = 0; bit < 8 * whole.length; bit += 3) {
    const at = Math.floor(bit / 8);
    const damaged = Buffer.from(whole);
    damaged.writeUInt8((damaged.readUInt8(at) ^ (1 << (bit % 8))) & 0xff, at);
    disk.set(SEGMENT, damaged);
    const found = await read(DIR, disk);
    const kept = found.records.map((record) => all.indexOf(JSON.stringify(record)));
    assert.deepEqual(kept, [...new Set(kept)].sort(), `byte ${at}`);
    assert.ok(!kept.includes(-1), `byte ${at}: nothing that was not written`);
    assert.equal(found.damage.length, 1, `byte ${at}: stated`);
    const isOfSegment = at < SEGMENT_HEADER_BYTES;
    assert.equal(kept.length, isOfSegment ? 0 : records.length - 1, `byte ${at}: nothing else is lost`);
  }
});

function secondFrame(segment: Buffer): number {
  return SEGMENT_HEADER_BYTES + FRAME_HEADER_BYTES + segment.readUInt32LE(SEGMENT_HEADER_BYTES);
}

test('behind a damaged length the next record is found, and the damage is told where it stands', async () => {
  const { disk } = await grow([[note('one')], [note('two')], [note('three')]], 10_000);
  const bytes = Buffer.from(disk.bytes(SEGMENT));
  const two = secondFrame(bytes);
  disk.set(SEGMENT, bytes.fill(0xff, two, two + 4));
  await using reader = await readThrough(disk);
  const length = FRAME_HEADER_BYTES + 1 + JSON.stringify(note('two')).length;
  assert.deepEqual(reader.damage, [
    { segment: 1, offset: two, bytes: length, meaning: 'a damaged record or more', seq: 1 },
  ]);
  assert.deepEqual(reader.holes, reader.damage);
  assert.equal(reader.end?.bytes, bytes.length, 'another recorder goes on behind all of it');
});

test('bytes of a log line that are a copy of records of the same journal are no records, though its own header is damaged', async () => {
  const SAME = { ...SMALL, clock: { ...systemClock, now: () => 1 } };
  const journalOf = async (...batches: (readonly JournalRecord[])[]) => {
    const disk = new FaultyDisk();
    const journal = await JournalWriter.create(DIR, { ...SAME, fs: disk });
    for (const batch of batches) {
      for (const record of batch) journal.append(record);
      await journal.sync();
    }
    await journal.close();
    return disk;
  };
  const copied = (await journalOf([note('one')], [note('two')])).bytes(SEGMENT).subarray(SEGMENT_HEADER_BYTES);
  const line = Buffer.concat([Buffer.from('T '), copied, Buffer.from('\n')]);
  const disk = await journalOf([note('one')], [log(line)], [note('three')]);
  const bytes = Buffer.from(disk.bytes(SEGMENT));
  const frame = secondFrame(bytes);
  assert.ok(bytes.indexOf(copied) > frame, 'the journal was written with the same salt, and the line as it is');
  for (const place of [frame, frame + 4, frame + 8]) {
    disk.set(SEGMENT, Buffer.from(bytes).fill(bytes.readUInt8(place) ^ 1, place, place + 1));
    const { records, damage } = await read(DIR, disk);
    assert.deepEqual(records, [note('one'), note('three')].map(shown));
    assert.equal(damage.length, 1);
  }
});

test('to find the next record costs no more than a look at every byte, whatever stands between', async () => {
  const random = seededRandom(SEED);
  const lines = Buffer.from(Array.from({ length: 1_200_000 }, () => Math.floor(random() * 256)));
  const { disk } = await grow(
    [[note('one')], [log(lines)], [log(Buffer.alloc(1_200_000))], [note('two')]],
    100_000_000,
  );
  const bytes = Buffer.from(disk.bytes(SEGMENT));
  // Each of these is a length and a place for flags as a frame may have them.
  for (let at = secondFrame(bytes); at < bytes.length - 200; at += 13) bytes.writeUInt32LE(1, at);
  disk.set(SEGMENT, bytes);
  let taken = 0;
  disk.openFile = async (path) => {
    const file = await FaultyDisk.prototype.openFile.call(disk, path);
    const read = async (position: number, length: number) => {
      const part = await file.read(position, length);
      taken += part.length;
      return part;
    };
    return { ...file, read };
  };
  const { records, damage } = await read(DIR, disk);
  assert.deepEqual(records, [note('one'), note('two')].map(shown));
  assert.equal(damage.length, 1);
  assert.ok(taken < 4 * bytes.length, `${taken} bytes were read of ${bytes.length}`);
});

test('random cuts and flips of a large journal never make up a record, nor hide that one is missing', async () => {
  const random = seededRandom(SEED);
  const batches = Array.from({ length: 30 }, (_, batch) =>
    Array.from({ length: 1 + Math.floor(random() * 10) }, (__, index) =>
      random() < 0.5
        ? note(`note ${batch}.${index}`)
        : log(Buffer.from(`T ${batch}.${index}\n`.repeat(1 + random() * 200))),
    ),
  );
  const { disk, records } = await grow(batches, 5000);
  const all = new Map(records.map((record, index) => [JSON.stringify(shown(record)), index]));
  const segments = (await disk.list(DIR)).filter((name) => name.endsWith('.faroj'));
  assert.ok(segments.length > 3);
  for (let round = 0; round < 100 * TIMES; round += 1) {
    const left = disk.afterKill();
    for (let damages = 0; damages <= random() * 3; damages += 1) {
      const path = `${DIR}/${segments[Math.floor(random() * segments.length)]}`;
      const bytes = left.bytes(path);
      const at = Math.floor(random() * bytes.length);
      if (random() < 0.3) left.set(path, bytes.subarray(0, at));
      else
        left.set(
          path,
          Buffer.concat([bytes.subarray(0, at), Buffer.of((bytes[at] ?? 0) ^ 0x10), bytes.subarray(at + 1)]),
        );
    }
    const { records: found, damage } = await read(DIR, left);
    const kept = found.map((record) => all.get(JSON.stringify(record)) ?? -1);
    assert.deepEqual(
      kept,
      [...new Set(kept)].sort((a, b) => a - b),
      `seed ${SEED}, round ${round}`,
    );
    assert.ok(!kept.includes(-1), `seed ${SEED}, round ${round}`);
    // A segment may end between two frames by chance of the cut; the next one knows how long it was.
    assert.ok(kept.length === records.length || damage.length > 0, `seed ${SEED}, round ${round}: stated`);
  }
});

test('after a sync that failed all is written once more, elsewhere, and read once', async () => {
  for (const call of ['sync', 'append'] as const) {
    const disk = new FaultyDisk();
    const journal = await JournalWriter.create(DIR, { ...SMALL, fs: disk, ...PATIENT });
    journal.append(note('one'));
    await journal.sync();
    let failures = 1;
    disk.fault = (operation) => (operation.call === call && failures-- > 0 ? { code: 'EIO', bytes: 30 } : undefined);
    journal.append(note('two'));
    await journal.sync();
    journal.append(note('three'));
    await journal.close();
    for (const left of [disk, disk.afterKill(), disk.afterPowerCut(), disk.afterPowerCut(seededRandom(1))]) {
      const { records, damage } = await read(DIR, left);
      assert.deepEqual(records, [note('one'), note('two'), note('three')].map(shown));
      assert.deepEqual(damage, []);
    }
  }
});

test('a disk that is full for long is tried again and again, and no file stays of what was tried in vain', async () => {
  const disk = new FaultyDisk();
  const journal = await JournalWriter.create(DIR, { ...SMALL, fs: disk, ...PATIENT });
  journal.append(note('one'));
  await journal.sync();
  let segments = 1;
  disk.capacity = disk.used + SEGMENT_HEADER_BYTES;
  disk.fault = ({ call }) => {
    if (call === 'createFile') segments += 1;
    if (segments === 10) disk.capacity = Number.POSITIVE_INFINITY;
    return undefined;
  };
  journal.append(note('two'));
  await journal.sync();
  await journal.close();
  assert.deepEqual((await disk.list(DIR)).toSorted(), ['000001.faroj', '000010.faroj']);
  for (const left of [disk, disk.afterKill(), disk.afterPowerCut()]) {
    const { records, damage } = await read(DIR, left);
    assert.deepEqual(records.slice(0, 2), [note('one'), note('two')].map(shown));
    assert.deepEqual(damage, []);
  }
});

test('a segment that was begun in vain, and could not be removed, is not read', async () => {
  const disk = new FaultyDisk();
  const journal = await JournalWriter.create(DIR, { ...SMALL, fs: disk, ...PATIENT });
  journal.append(note('one'));
  await journal.sync();
  let syncs = 0;
  disk.fault = ({ call, path }) => {
    if (call === 'remove' || call === 'truncate') return { code: 'EIO' };
    if (call === 'syncFolder') return syncs++ < 2 ? { code: 'EIO' } : undefined;
    return call === 'sync' && path.endsWith('000001.faroj') ? { code: 'EIO' } : undefined;
  };
  journal.append(note('two'));
  await journal.sync();
  await journal.close();
  disk.fault = () => undefined;
  assert.deepEqual((await disk.list(DIR)).filter((name) => name.endsWith('.faroj')).sort(), [
    '000001.faroj',
    '000002.faroj',
    '000003.faroj',
    '000004.faroj',
  ]);
  const { records, damage } = await read(DIR, disk);
  assert.deepEqual(records.slice(0, 2), [note('one'), note('two')].map(shown));
  assert.match(JSON.stringify(records.slice(2)), /^\[[^[]*could not be written[^[]*\]$/, 'and a note of it');
  assert.deepEqual(damage, []);
});

test('whole records in a segment that holds nothing else, and could not be removed, are read once', async () => {
  const disk = new FaultyDisk();
  const journal = await JournalWriter.create(DIR, { ...SMALL, fs: disk, ...PATIENT });
  journal.append(note('one'));
  await journal.sync();
  const syncs = new Map<string, number>();
  disk.fault = ({ call, path }) => {
    if (call === 'remove' || call === 'truncate') return { code: 'EIO' };
    if (call !== 'sync') return undefined;
    syncs.set(path, (syncs.get(path) ?? 0) + 1);
    const isBatch = path.endsWith('000001.faroj') || syncs.get(path) === 2; // behind the header's
    return isBatch && syncs.size < 4 ? { code: 'EIO' } : undefined;
  };
  journal.append(note('two'));
  await journal.sync();
  await journal.close();
  disk.fault = () => undefined;
  assert.equal((await disk.list(DIR)).filter((name) => name.endsWith('.faroj')).length, 4);
  for (const left of [disk, disk.afterKill(), disk.afterPowerCut(), disk.afterPowerCut(seededRandom(1))]) {
    const { records, damage } = await read(DIR, left);
    assert.deepEqual(records.slice(0, 2), [note('one'), note('two')].map(shown));
    assert.match(JSON.stringify(records.slice(2)), /^\[[^[]*could not be written[^[]*\]$/, 'and a note of it');
    assert.deepEqual(damage, []);
  }
});

test('frames that another journal left on the disk are not read', async () => {
  const old = await grow([[note('of yesterday'), note('secret')]], 10_000);
  const clock = { ...systemClock, now: () => 1 };
  const disk = new FaultyDisk();
  await using journal = await JournalWriter.create(DIR, { clock, fs: disk });
  journal.append(note('of today'));
  await journal.sync();
  disk.set(SEGMENT, Buffer.concat([disk.bytes(SEGMENT), old.disk.bytes(SEGMENT).subarray(28)]));
  const { records, damage } = await read(DIR, disk);
  assert.deepEqual(records, [shown(note('of today'))]);
  assert.equal(damage.length, 1);
});

/** A journal of two notes, with what befell its bytes on the disk. */
async function twoNotes(damage: (bytes: Buffer) => Buffer): Promise<FaultyDisk> {
  const { disk } = await grow([[note('one')], [note('two')]], 10_000);
  disk.set(SEGMENT, damage(Buffer.from(disk.bytes(SEGMENT))));
  return disk;
}

async function readThrough(disk: FaultyDisk): Promise<JournalReader> {
  const reader = await JournalReader.open(DIR, { fs: disk });
  for await (const _ of reader.records());
  return reader;
}

test('a last record of which a power cut left the header alone is no hole: a journal goes on in front of it', async () => {
  const disk = await twoNotes((bytes) => bytes.fill(0, bytes.length - 5));
  await using reader = await readThrough(disk);
  assert.deepEqual(
    reader.damage.map(({ meaning, seq }) => ({ meaning, seq })),
    [{ meaning: 'the last write was cut off', seq: 1 }],
  );
  assert.deepEqual(reader.holes, []);
  const writer = await JournalWriter.goOn(DIR, reader.end ?? assert.fail(), { ...SMALL, fs: disk });
  writer.append(note('three'));
  await writer.close();
  const { records, damage } = await read(DIR, disk);
  assert.deepEqual(records, [note('one'), note('three')].map(shown));
  assert.deepEqual(damage, []);
});

test('of what was written and not yet synced when the recorder was killed, another one has synced what it goes on behind', async () => {
  const { disk, records } = await grow([[note('one')], [note('two')]], 10_000);
  const left = disk.at(disk.operations - 2); // before the last sync, and the end of the reserve
  await using reader = await readThrough(left);
  const writer = await JournalWriter.goOn(DIR, reader.end ?? assert.fail(), { ...SMALL, fs: left });
  writer.append(note('three'));
  await writer.sync();
  const { records: kept, damage } = await read(DIR, left.afterPowerCut());
  assert.deepEqual(kept, [...records, note('three')].map(shown));
  assert.deepEqual(damage, []);
});

test('a damaged record that whole ones of its batch follow, and no other batch, was never synced: it all is as if cut off', async () => {
  const { disk } = await grow([[note('one')], [note('two'), note('three'), note('four')]], 10_000);
  const bytes = Buffer.from(disk.bytes(SEGMENT));
  disk.set(SEGMENT, bytes.fill(0, bytes.indexOf('three'), bytes.indexOf('three') + 5));
  await assertGoesOn(disk, [note('one'), note('two')].map(shown), 'damaged');
});

test('a damaged record that whole ones follow is a hole', async () => {
  const disk = await twoNotes((bytes) => bytes.fill(0, bytes.indexOf('one'), bytes.indexOf('one') + 3));
  await using reader = await readThrough(disk);
  assert.deepEqual(
    reader.holes.map(({ meaning, seq }) => ({ meaning, seq })),
    [{ meaning: 'a damaged record', seq: 0 }],
  );
});

test('a journal that goes on after a crash begins a segment of its own, and disowns what was torn', async () => {
  const disk = await twoNotes((bytes) => Buffer.concat([bytes, Buffer.from('torn')]));
  await using reader = await readThrough(disk);
  assert.equal(reader.end?.segment, 1);
  assert.equal(reader.end?.bytes, disk.bytes(SEGMENT).length - 4);
});
