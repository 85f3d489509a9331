import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { systemClock } from '../../src/cli/context.ts';
import { SimulatedClock } from '../../src/demo/clock.ts';
import { type JournalFile, type JournalFs, nodeFs } from '../../src/journal/fs.ts';
import { JournalReader } from '../../src/journal/reader.ts';
import { JournalWriter } from '../../src/journal/writer.ts';
import { FaroError } from '../../src/model/errors.ts';
import { parseJson } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/resource.ts';
import { temporaryFolder } from '../folder.ts';
import { holds } from '../property.ts';
import { FaultyDisk } from './faulty-disk.ts';
import { log, note, read, shown, T, write } from './sample.ts';

function freshDir(): string {
  return join(temporaryFolder('journal'), 'journal');
}

test('what is appended is read again, in order, whatever bytes and texts it holds', async () => {
  const record = fc.oneof(
    fc.string({ unit: 'binary' }).map(note),
    fc.uint8Array({ maxLength: 3000 }).map((bytes) => log(Buffer.from(bytes))),
    fc.string({ maxLength: 3000 }).map((text) => note(text.repeat(3))),
  );
  const plainBytes = fc.constantFrom(0, 0, 5000, undefined);
  await holds(
    fc.asyncProperty(fc.array(record, { maxLength: 20 }), plainBytes, async (records, plain) => {
      const dir = freshDir();
      await write(dir, records, { plainBytes: plain });
      const { records: found, damage } = await read(dir);
      assert.deepEqual(found, records.map(shown));
      assert.deepEqual(damage, []);
    }),
    { numRuns: 40 },
  );
});

test('numbers that no double can hold keep their digits', async () => {
  const object = parseJson(
    '{"apiVersion":"v1","kind":"X","metadata":{"name":"x","uid":"u","resourceVersion":"1"},"spec":{"big":12345678901234567890}}',
  ) as KubeObject;
  const dir = freshDir();
  await write(dir, [{ kind: 'object', observed: T, action: 'found', resource: 'xs', object, redactions: 0 }]);
  await using reader = await JournalReader.open(dir);
  for await (const { record } of reader.records()) assert.match(JSON.stringify(record), /12345678901234567890/);
});

test('a journal goes on in a new segment when one is full, and is read as one', async () => {
  const records = Array.from({ length: 20 }, (_, index) => note(`record ${index}`));
  const dir = freshDir();
  await write(dir, records, { segmentBytes: 200, syncEach: true });
  assert.ok(readdirSync(dir).length > 3);
  assert.deepEqual((await read(dir)).records, records.map(shown));
});

test('a journal is compressed once it is large, and from its beginning where its size is limited', async () => {
  const records = [note('a'.repeat(4000)), log(Buffer.from('b'.repeat(4000))), note('c'.repeat(4000))];
  const sizeOf = async (options: object) => {
    const dir = freshDir();
    await write(dir, records, options);
    return statSync(join(dir, '000001.faroj')).size;
  };
  assert.ok((await sizeOf({})) > 12_000);
  const [afterTwo, none] = [await sizeOf({ plainBytes: 8000 }), await sizeOf({ plainBytes: 0 })];
  assert.ok(afterTwo > 8000 && afterTwo < 9000, `${afterTwo} bytes`);
  assert.ok(none < 1000, `${none} bytes`);
  assert.ok((await sizeOf({ maxBytes: 50 * 1024 * 1024 })) < 1000);
});

test('only the owner can read a journal', async () => {
  const dir = freshDir();
  await write(dir, [note('x')]);
  assert.equal(statSync(dir).mode & 0o777, 0o700);
  assert.equal(statSync(join(dir, '000001.faroj')).mode & 0o777, 0o600);
});

test('a journal that is there already is refused: it may be all that is left of a capture', async () => {
  const dir = freshDir();
  await write(dir, [note('precious')]);
  await assert.rejects(
    JournalWriter.create(dir, { clock: systemClock }),
    (error) => error instanceof FaroError && /faro recover/.test(error.hint ?? ''),
  );
  assert.equal((await read(dir)).records.length, 1);
});

test('a folder that is no journal, or is not there, is refused clearly', async () => {
  const empty = temporaryFolder('journal');
  await assert.rejects(JournalReader.open(empty), /is no journal/);
  await assert.rejects(JournalReader.open(join(empty, 'nowhere')), /cannot be read/);
});

test('a disk that fails is told to everyone who asks, once and for all', async () => {
  const dir = freshDir();
  await using journal = await JournalWriter.create(dir, {
    clock: systemClock,
    fs: failingAfter(2),
    highWaterBytes: 10,
  });
  journal.append(note('kept'));
  await journal.sync();
  journal.append(note('lost'));
  await assert.rejects(
    journal.sync(),
    (error) => error instanceof FaroError && error.code === 'journal' && /no space/.test(error.message),
  );
  assert.throws(() => journal.append(note('more')), /cannot be written/);
  assert.deepEqual((await read(dir)).records, [shown(note('kept'))]);
  await assert.rejects(journal.close(), /cannot be written/);
});

/** A file system whose disk is full after that many writes. */
function failingAfter(writes: number): JournalFs {
  let left = writes;
  const failing = (file: JournalFile): JournalFile => ({
    ...file,
    async append(bytes) {
      left -= 1;
      if (left < 0) throw new Error('ENOSPC: no space left on device');
      await file.append(bytes);
    },
  });
  return { ...nodeFs, createFile: async (path) => failing(await nodeFs.createFile(path)) };
}

test('what is read waits while the disk lags behind', async () => {
  const dir = freshDir();
  await using journal = await JournalWriter.create(dir, { clock: systemClock, highWaterBytes: 1000 });
  for (let index = 0; index < 50; index += 1) journal.append(note(`${index}`.repeat(300)));
  assert.ok(journal.bufferedBytes > 1000);
  await journal.drained(new AbortController().signal);
  assert.ok(journal.bufferedBytes <= 1000);
});

test('who waits for a disk that takes nothing need not wait for longer than it likes', async () => {
  const disk = new FaultyDisk();
  await using journal = await JournalWriter.create('/journal', { clock: systemClock, fs: disk, reserveBytes: 8 });
  disk.capacity = disk.used;
  const leaving = new AbortController();
  journal.append(note('one'));
  const first = journal.sync(leaving.signal); // begins to write
  const second = journal.sync(leaving.signal); // finds it under way
  while (journal.hold === undefined) await setImmediate();
  leaving.abort();
  await Promise.all([first, second]);
  disk.capacity = Number.POSITIVE_INFINITY;
});

test('a timer runs only while something waits for the disk', async () => {
  const [clock, disk] = [new SimulatedClock(), new FaultyDisk()];
  const settle = () => setImmediate<void>();
  let sleeps = 0;
  const counted = {
    now: () => clock.now(),
    sleep: (ms: number, signal?: AbortSignal) => {
      sleeps += 1;
      return clock.sleep(ms, signal);
    },
  };
  await using journal = await JournalWriter.create('/j', { clock: counted, fs: disk, syncIntervalMs: 100 });
  await clock.advance(60_000, settle);
  assert.equal(sleeps, 0);
  for (const text of ['one', 'two']) {
    journal.append(note(text));
    await clock.advance(100, settle);
    assert.deepEqual((await read('/j', disk.afterPowerCut())).records.at(-1), shown(note(text)));
    await clock.advance(60_000, settle);
  }
  assert.equal(sleeps, 2);
});

const NO_SYNC = '/proc/self'; // a folder that no Linux can sync

test('a folder that cannot be synced is closed all the same', { skip: process.platform !== 'linux' }, async () => {
  const files = () => readdirSync('/proc/self/fd').length;
  const before = files();
  for (let tries = 0; tries < 20; tries += 1) await assert.rejects(nodeFs.syncFolder(NO_SYNC), { code: 'EINVAL' });
  const left = files() - before;
  assert.ok(left < 10, `${left} files are open that were not`);
});
