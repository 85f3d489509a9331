import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { systemClock } from '../../src/cli/context.ts';
import { type JournalFile, type JournalFs, nodeFs } from '../../src/journal/fs.ts';
import { JournalReader } from '../../src/journal/reader.ts';
import { JournalWriter } from '../../src/journal/writer.ts';
import { FaroError } from '../../src/model/errors.ts';
import { parseJson } from '../../src/model/json.ts';
import type { JournalRecord, LogRecord } from '../../src/model/record.ts';
import type { KubeObject } from '../../src/model/resource.ts';
import type { Timestamp } from '../../src/model/time.ts';

const T = '2026-11-23T12:00:05.000000000Z' as Timestamp;

function note(text: string): JournalRecord {
  return { kind: 'note', observed: T, text };
}

function log(bytes: Buffer): LogRecord {
  const counts = { lines: 1, contentBytes: bytes.length, first: T, last: T };
  return {
    kind: 'log',
    observed: T,
    stream: 0,
    format: 'timestamped',
    file: null,
    offset: 0,
    unterminated: false,
    ...counts,
    bytes,
  };
}

function freshDir(): string {
  return join(mkdtempSync(join(tmpdir(), 'faro-journal-')), 'journal');
}

async function write(dir: string, records: readonly JournalRecord[], segmentBytes?: number): Promise<void> {
  await using journal = await JournalWriter.create(dir, {
    clock: systemClock,
    ...(segmentBytes === undefined ? {} : { segmentBytes }),
  });
  for (const record of records) {
    journal.append(record);
    if (segmentBytes !== undefined) await journal.sync();
  }
}

/** What a journal holds, log lines included, and what it says of its damage. */
async function read(
  dir: string,
): Promise<{ records: unknown[]; damage: readonly { bytes: number; meaning: string }[] }> {
  await using reader = await JournalReader.open(dir);
  const records: unknown[] = [];
  for await (const { record, position } of reader.records())
    records.push(
      record.kind === 'log'
        ? { kind: 'log', bytes: (await reader.readLog(position)).bytes.toString('latin1') }
        : record,
    );
  return { records, damage: [...reader.damage] };
}

function shown(record: JournalRecord): unknown {
  return record.kind === 'log'
    ? { kind: 'log', bytes: record.bytes.toString('latin1') }
    : JSON.parse(JSON.stringify(record));
}

test('what is appended is read again, in order, whatever bytes and texts it holds', async () => {
  const record = fc.oneof(
    fc.string({ unit: 'binary' }).map(note),
    fc.uint8Array({ maxLength: 3000 }).map((bytes) => log(Buffer.from(bytes))),
    fc.string({ maxLength: 3000 }).map((text) => note(text.repeat(3))),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(record, { maxLength: 20 }), async (records) => {
      const dir = freshDir();
      await write(dir, records);
      const { records: found, damage } = await read(dir);
      assert.deepEqual(found, records.map(shown));
      assert.deepEqual(damage, []);
    }),
    { numRuns: 30 },
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

test('a journal cut at any byte holds exactly the whole records before the cut, and says what was cut', async () => {
  const records = [note('first'), log(Buffer.from('T line\n')), note('x'.repeat(700)), note('last')];
  const dir = freshDir();
  await write(dir, records);
  const file = join(dir, '000001.faroj');
  const whole = readFileSync(file);
  let longest = 0;
  for (let cut = 8; cut <= whole.length; cut += 1) {
    writeFileSync(file, whole.subarray(0, cut));
    const { records: found, damage } = await read(dir);
    assert.deepEqual(found, records.slice(0, found.length).map(shown));
    assert.ok(found.length >= longest);
    longest = found.length;
    const bytes = damage.reduce((sum, { bytes: lost }) => sum + lost, 0);
    if (cut === whole.length) assert.equal(bytes, 0);
    else if (bytes > 0) assert.match(damage[0]?.meaning ?? '', /cut off/);
  }
  assert.equal(longest, records.length);
});

test('a byte that was flipped never yields a record that was not written', async () => {
  const records = [note('one'), note('two'), log(Buffer.from('T three\n')), note('four')];
  const dir = freshDir();
  await write(dir, records);
  const file = join(dir, '000001.faroj');
  const whole = readFileSync(file);
  for (let at = 0; at < whole.length; at += 1) {
    const damaged = Buffer.from(whole);
    damaged.writeUInt8((damaged.readUInt8(at) ^ 0x41) & 0xff, at);
    writeFileSync(file, damaged);
    const { records: found, damage } = await read(dir);
    assert.deepEqual(found, records.slice(0, found.length).map(shown), `byte ${at}`);
    assert.ok(found.length === records.length || damage.length > 0, `byte ${at}`);
  }
});

test('a journal goes on in a new segment when one is full, and is read as one', async () => {
  const records = Array.from({ length: 20 }, (_, index) => note(`record ${index}`));
  const dir = freshDir();
  await write(dir, records, 200);
  assert.ok(readdirSync(dir).length > 3);
  assert.deepEqual((await read(dir)).records, records.map(shown));
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
  const empty = mkdtempSync(join(tmpdir(), 'faro-journal-'));
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
