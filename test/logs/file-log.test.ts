import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '../../src/demo/clock.ts';
import { ContainerLog } from '../../src/demo/container-log.ts';
import { LogFolder } from '../../src/demo/log-folder.ts';
import type { NodeFiles } from '../../src/kube/node-files.ts';
import { FileLog } from '../../src/logs/file-log.ts';
import { KeptFiles } from '../../src/logs/kept-files.ts';
import { Gatherings } from '../../src/model/gathering.ts';
import { heldMemory } from '../held-memory.ts';

const signal = new AbortController().signal;
const MIB = 1024 * 1024;
const PIECE_BYTES = 256 * 1024;

/** A container's folder as a node serves it. */
function filesOf(
  folder: Pick<LogFolder, 'names' | 'bytes'>,
  sent: (bytes: number) => void = () => undefined,
): NodeFiles {
  return {
    through: 'the test',
    list: async () => folder.names(),
    read: async (file, from, _signal, most = Number.POSITIVE_INFINITY) => {
      const bytes = folder.bytes(file);
      if (bytes === undefined) return { type: 'missing' };
      if (from >= bytes.length) return { type: 'beyond', size: bytes.length };
      const isCut = from > 0 && from + most < bytes.length;
      const part = bytes.subarray(from, isCut ? from + most : bytes.length);
      async function* body() {
        for (let at = 0; at < part.length; at += PIECE_BYTES) {
          const piece = part.subarray(at, at + PIECE_BYTES);
          sent(piece.length);
          yield piece;
        }
      }
      const stream = Object.assign(body(), { [Symbol.asyncDispose]: async () => undefined });
      return { type: 'bytes', from, body: stream, isCut };
    },
  };
}

function startLog() {
  const clock = new SimulatedClock();
  const folder = new LogFolder();
  const log = new ContainerLog(clock, folder, 0);
  const reader = new FileLog({ files: filesOf(folder), folder: '', restart: 0, kept: new KeptFiles(() => 5), clock });
  const rotate = async () => {
    log.rotate(5);
    await clock.advance(10_000, async () => undefined);
  };
  /** What a reading brings: the lines' texts, and what is told as lost. */
  const read = async () => {
    const told: string[] = [];
    for await (const piece of reader.read({ hurry: true }, signal))
      if (piece.type === 'lost') told.push(`${piece.certainty}: ${piece.evidence}`);
      else
        told.push(
          ...String(piece.bytes)
            .trimEnd()
            .split('\n')
            .map((record) => record.split(' ').slice(3).join(' ')),
        );
    return told;
  };
  return { log, rotate, read };
}

test('a file that was empty when it was first read, and rotated before the next reading, is read from its beginning', async () => {
  const { log, rotate, read } = startLog();
  assert.deepEqual(await read(), []);
  log.write('one');
  await rotate();
  log.write('two');
  await rotate();
  log.write('three');
  assert.deepEqual(await read(), ['one', 'two', 'three']);
});

test('where as many rotated files are found as the kubelet keeps, the beginning may have been removed', async () => {
  const { log, rotate, read } = startLog();
  for (const line of ['one', 'two', 'three', 'four', 'five', 'six']) {
    log.write(line);
    await rotate();
  }
  const [lost = '', ...lines] = await read();
  assert.match(lost, /^suspected: .* older ones may have been removed$/);
  assert.deepEqual(lines, ['three', 'four', 'five', 'six']);
  assert.deepEqual(await read(), []);
});

test('files that came and went since an empty one was read may have been removed', async () => {
  const { log, rotate, read } = startLog();
  log.write('one');
  assert.deepEqual(await read(), ['one']);
  await rotate();
  assert.deepEqual(await read(), []);
  for (const line of ['two', 'three', 'four', 'five', 'six', 'seven']) {
    log.write(line);
    await rotate();
  }
  const [lost = '', ...lines] = await read();
  assert.match(lost, /^suspected: since its files were last read, .* older ones may have been removed$/);
  assert.deepEqual(lines, ['four', 'five', 'six', 'seven']);
});

test('what was rotated and not yet removed is no loss', async () => {
  const { log, rotate, read } = startLog();
  log.write('one');
  await rotate();
  log.write('two');
  assert.deepEqual(await read(), ['one', 'two']);
});

/** Reads one file in as many turns as it takes, at most so many. */
async function inTurns(bytes: Buffer, most: number) {
  let sent = 0;
  const folder = { names: () => ['0.log'], bytes: (file: string) => (file === '0.log' ? bytes : undefined) };
  const files = filesOf(folder, (count) => {
    sent += count;
  });
  const kept = new KeptFiles(() => 5);
  const reader = new FileLog({ files, folder: '', restart: 0, kept, clock: new SimulatedClock() });
  const read: Buffer[] = [];
  let turns = 0;
  do {
    turns += 1;
    assert.ok(turns <= most, 'it comes to no end');
    for await (const piece of reader.read({ hurry: false }, signal))
      if (piece.type === 'records') read.push(Buffer.from(piece.bytes));
  } while (reader.state === 'more');
  return { read: Buffer.concat(read), sent, state: reader.state };
}

test('a large file is asked for in parts, which are read to their end, each line once', async () => {
  const record = (n: number) => `2026-11-23T12:00:00.000000000Z stdout F ${n} ${'x'.repeat(1000 + (n % 100))}\n`;
  const bytes = Buffer.from(Array.from({ length: 40_000 }, (_, n) => record(n)).join(''), 'latin1');
  const { read, sent, state } = await inTurns(bytes, 8);
  assert.equal(state, 'end');
  assert.ok(read.equals(bytes));
  assert.ok(sent < bytes.length + PIECE_BYTES, `${sent} bytes were sent of ${bytes.length}`);
});

test('what is no record, and longer than a part, is read all the same', async () => {
  const record = Buffer.from('2026-11-23T12:00:00.000000000Z stdout F before and after\n');
  const bytes = Buffer.concat([record, Buffer.alloc(20 * MIB), Buffer.from('\n'), record]);
  const { read, state } = await inTurns(bytes, 8);
  assert.equal(state, 'end');
  assert.ok(read.equals(bytes));
});

test('logs that are read in turns share the memory for it: what one of them has of a line that never ended stays its own', async () => {
  const gatherings = new Gatherings();
  const clock = new SimulatedClock();
  const reader = (text: string) => {
    const folder = { names: () => ['0.log'], bytes: () => Buffer.from(text) };
    return new FileLog({
      files: filesOf(folder),
      folder: '',
      restart: 0,
      kept: new KeptFiles(() => 5),
      clock,
      gatherings,
    });
  };
  const record = (tag: string, content: string) => `2026-11-23T12:00:05.123456789Z stdout ${tag} ${content}\n`;
  const first = reader(record('F', 'whole') + record('P', 'begun'));
  const second = reader(record('F', 'x'.repeat(1000)));
  for (const log of [first, second]) for await (const _ of log.read({ hurry: true }, signal));
  assert.equal(String(first.takeUnended()?.bytes), record('P', 'begun'));
});

test('many logs that were read hold no memory of what they read', async () => {
  const gatherings = new Gatherings();
  const bytes = Buffer.from('2026-11-23T12:00:05.123456789Z stdout F x\n'.repeat(6000));
  const files = filesOf({ names: () => ['0.log'], bytes: () => bytes });
  const logs = Array.from(
    { length: 100 },
    () =>
      new FileLog({
        files,
        folder: '',
        restart: 0,
        kept: new KeptFiles(() => 5),
        clock: new SimulatedClock(),
        gatherings,
      }),
  );
  const { arrayBuffers: before } = await heldMemory();
  for (const log of logs) for await (const _ of log.read({ hurry: true }, signal));
  const grown = (await heldMemory()).arrayBuffers - before;
  assert.ok(grown < 4 * bytes.length, `${grown} bytes for ${logs.length} logs of ${bytes.length}`);
  assert.equal(logs.length, 100); // they live until here
});
