import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32, gzipSync } from 'node:zlib';
import { FileLog } from '../../src/logs/file-log.ts';
import { KeptFiles } from '../../src/logs/kept-files.ts';
import { FakeNode } from './fake-node.ts';

const NEVER = new AbortController().signal;

/** Lines are a second apart. */
function record(second: number): string {
  return `2026-11-25T12:00:${String(second).padStart(2, '0')}Z stdout F line ${second}\n`;
}

/** A log whose node's files a test spoils. */
class Reading {
  readonly node = new FakeNode();
  readonly read: string[] = [];
  readonly lost: { readonly certainty: string; readonly evidence: string; readonly after?: string | undefined }[] = [];
  readonly log: FileLog;
  #now = 0;

  constructor() {
    const clock = { now: () => this.#now };
    this.log = new FileLog({ files: this.node, folder: '', restart: 0, kept: new KeptFiles(() => 5), clock });
  }

  /** What the reading came to; `failed` where it is to be tried again. */
  async poll(): Promise<string> {
    this.#now += 1000;
    try {
      for await (const piece of this.log.read({ hurry: false }, NEVER))
        if (piece.type === 'lost') this.lost.push(piece);
        else this.read.push(...piece.bytes.toString().split('\n').slice(0, -1));
      return this.log.state;
    } catch {
      return 'failed';
    }
  }

  async pollToEnd(): Promise<void> {
    for (let polls = 0; polls < 20; polls += 1) if ((await this.poll()) === 'end') return;
    assert.fail(`never at the end: ${this.log.state}`);
  }

  get lines(): readonly number[] {
    return this.read.map((text) => Number(text.split(' ').at(-1)));
  }
}

/** Two lines in a compressed file, one in the renamed one after it, one in the live file. */
function afterTwoRotations() {
  const reading = new Reading();
  reading.node.write(record(1) + record(2));
  const name = reading.node.rotate();
  reading.node.write(record(3));
  reading.node.rotate();
  reading.node.write(record(4));
  const packed = reading.node.names.get(`${name}.gz`) ?? assert.fail('it is not compressed');
  return { reading, name: `${name}.gz`, packed };
}

const ALL = [1, 2, 3, 4];

test('a compressed file that is cut short anywhere, its trailer included, is read again, and then a gap', async () => {
  const { packed } = afterTwoRotations();
  for (let length = 0; length < packed.length; length += 1) {
    const { reading, name } = afterTwoRotations();
    reading.node.names.set(name, packed.subarray(0, length));
    await reading.pollToEnd();
    const missing = ALL.filter((line) => !reading.lines.includes(line));
    assert.deepEqual(reading.lines, [...reading.lines].sort(), `cut at ${length}`);
    assert.deepEqual(missing.length > 0 ? reading.lines.slice(-2) : [3, 4], [3, 4]);
    assert.match(reading.lost[0]?.evidence ?? '', /^0\.log\.\S+\.gz is damaged \(/, `cut at ${length}`);
  }
});

test('a compressed file that was cut short on its way is whole at the next reading', async () => {
  for (const length of [20, 30]) {
    const { reading, name, packed } = afterTwoRotations();
    reading.node.names.set(name, packed.subarray(0, length));
    assert.equal(await reading.poll(), 'failed');
    reading.node.names.set(name, packed);
    await reading.pollToEnd();
    assert.deepEqual([reading.lines, reading.lost], [ALL, []]);
  }
});

test('where CRC-32 or size of a compressed file are not those of what it held, all that came of it is in doubt', async () => {
  for (const at of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const { reading, name, packed } = afterTwoRotations();
    const wrong = Buffer.from(packed);
    wrong.writeUInt8(wrong.readUInt8(wrong.length - at) ^ 1, wrong.length - at);
    reading.node.names.set(name, wrong);
    await reading.pollToEnd();
    assert.deepEqual(reading.lines, ALL);
    const [lost] = reading.lost;
    assert.deepEqual([lost?.certainty, lost?.after, reading.lost.length], ['suspected', undefined, 1]);
    assert.match(lost?.evidence ?? '', /is damaged/);
  }
});

test('a file that had grown after it was read to its end shows it when it is compressed', async () => {
  const reading = new Reading();
  reading.node.write(record(1));
  await reading.poll();
  const name = reading.node.rotate();
  reading.node.write(record(3));
  await reading.pollToEnd();
  assert.deepEqual(reading.lines, [1, 3]);
  reading.node.write(record(2), name);
  reading.node.rotate();
  reading.node.write(record(4));
  await reading.pollToEnd();
  assert.deepEqual(reading.lines, [1, 3, 4]);
  assert.deepEqual(
    reading.lost.map(({ certainty, after }) => [certainty, after]),
    [['known', '2026-11-25T12:00:01.000000000Z']],
  );
  assert.match(reading.lost[0]?.evidence ?? '', new RegExp(`with ${record(2).length} more$`));
});

test('a file that had not grown is looked at once when it is compressed, by its last four bytes', async () => {
  const reading = new Reading();
  reading.node.write(record(1));
  await reading.poll();
  const name = reading.node.rotate();
  reading.node.write(record(2));
  await reading.pollToEnd();
  reading.node.rotate();
  reading.node.write(record(3));
  const asked: string[] = [];
  const read = reading.node.read.bind(reading.node);
  reading.node.read = (file, from) => {
    asked.push(`${file} from ${from}`);
    return read(file, from);
  };
  await reading.pollToEnd();
  await reading.pollToEnd();
  assert.deepEqual(
    asked.filter((one) => one.startsWith(name)),
    [`${name}.gz from -4`],
  );
  assert.deepEqual([reading.lines, reading.lost], [[1, 2, 3], []]);
});

test('the trailer is checked modulo 2^32 and the CRC is that of all bytes', () => {
  // What the two tests above rely on: the form of the trailer.
  const packed = gzipSync('some bytes');
  assert.deepEqual(
    [packed.readUInt32LE(packed.length - 8), packed.readUInt32LE(packed.length - 4)],
    [crc32('some bytes'), 10],
  );
});

test('while there is no new file, the renamed one is written to, for however long', async () => {
  const reading = new Reading();
  reading.node.write(record(1));
  await reading.poll();
  const name = reading.node.rotate();
  const live = reading.node.names.get('0.log') ?? assert.fail();
  reading.node.names.delete('0.log');
  for (let polls = 0; polls < 5; polls += 1) await reading.poll();
  assert.equal(reading.log.state, 'absent');
  reading.node.write(record(2), name);
  reading.node.names.set('0.log', live);
  reading.node.write(record(3));
  await reading.pollToEnd();
  assert.deepEqual([reading.lines, reading.lost], [[1, 2, 3], []]);
});

test('a rename that is taken back after a while does not bring its lines twice', async () => {
  const reading = new Reading();
  reading.node.write(record(1));
  await reading.poll();
  const name = reading.node.rotate();
  reading.node.names.delete('0.log');
  for (let polls = 0; polls < 5; polls += 1) await reading.poll();
  reading.node.names.set('0.log', reading.node.names.get(name) ?? assert.fail());
  reading.node.names.delete(name);
  reading.node.write(record(2));
  await reading.pollToEnd();
  assert.deepEqual([reading.lines, reading.lost], [[1, 2], []]);
});

test('a renamed file that is removed between the listing and its reading is stated', async () => {
  const { reading, name } = afterTwoRotations();
  reading.node.between = () => {
    if (reading.read.length === 0) reading.node.names.delete(name);
  };
  const list = reading.node.list.bind(reading.node);
  reading.node.list = async () => [...new Set([...((await list()) ?? []), name])].sort();
  await reading.poll();
  reading.node.list = list;
  await reading.pollToEnd();
  assert.deepEqual(reading.lines, [3, 4]);
  assert.deepEqual(
    reading.lost.map(({ certainty }) => certainty),
    ['suspected'],
  );
});

test('a file after which another one was renamed is not waited for', async () => {
  const reading = new Reading();
  for (const second of [1, 2, 3]) {
    reading.node.write(record(second));
    if (second < 3) reading.node.rotate();
  }
  // The first is compressed, and the second may still be written to.
  assert.equal(await reading.poll(), 'waiting');
  assert.deepEqual(reading.lines, [1, 2]);
});
