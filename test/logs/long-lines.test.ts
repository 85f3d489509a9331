import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { SimulatedClock } from '../../src/demo/clock.ts';
import { seededRandom } from '../../src/demo/random.ts';
import type { LogOptions } from '../../src/kube/client.ts';
import { FirstLines } from '../../src/logs/binding.ts';
import { InstanceLife, type InstanceView } from '../../src/logs/life.ts';
import { LineParts } from '../../src/logs/line-parts.ts';
import { linesOf } from '../../src/logs/lines.ts';
import { OpenLog } from '../../src/logs/open-log.ts';
import { OpenStreams } from '../../src/logs/open-streams.ts';
import { LogPast } from '../../src/logs/past.ts';
import { LogCursor } from '../../src/logs/position.ts';
import type { FollowEnd, LogSink } from '../../src/logs/sink.ts';
import { StreamFollower } from '../../src/logs/stream-follower.ts';
import type { LinePart, LogRecord } from '../../src/model/record.ts';
import { Slots } from '../../src/model/slots.ts';
import { type Timestamp, timestampOf } from '../../src/model/time.ts';
import { collect } from '../held-memory.ts';
import { SEED, TIMES } from '../property.ts';
import { FakeStream, Following } from './following.ts';
import { kept } from './kept.ts';

type Written = Parameters<LogSink['append']>[0];

const MIB = 1024 * 1024;
const CHUNK = 64 * 1024;
const instance = { podUid: 'p', namespace: 'shop', pod: 'web', container: 'app', restart: 0 };

/** Two texts of megabytes are not to be printed where they differ. */
function sameLines(actual: readonly string[], expected: readonly string[]): void {
  const short = (line: string) =>
    `${line.slice(0, 40)} ${line.length} ${createHash('sha1').update(line).digest('hex')}`;
  assert.deepEqual(actual.map(short), expected.map(short));
}

/** The whole lines that were written down, in order, those in parts put together. */
function wholeLines(records: readonly Written[]): readonly string[] {
  const parts = new LineParts<LogRecord>();
  return records.flatMap((record) => {
    if (record.kind !== 'log') return [];
    const whole = parts.take(record, record.part);
    if (record.part === undefined) return [...linesOf(record.bytes)].map(String);
    const contents = whole.map(({ bytes }, at) =>
      bytes.toString('latin1', at === 0 ? 0 : bytes.indexOf(32) + 1).slice(0, -1),
    );
    return whole.length === 0 ? [] : [contents.join('')];
  });
}

function openLog(append: (record: Written) => void, cursor = new LogCursor()): OpenLog {
  return new OpenLog({
    ...{ instance, stream: 0, attempt: 0, limited: false, cursor, matcher: cursor.resume()?.matcher },
    ...{ sink: { append, drained: async () => undefined }, clock: new SimulatedClock(), isOwn: () => true },
    ...{ stop: () => undefined, proof: { take: () => undefined } },
  });
}

test('of a line of 100 MB no more is held than two of its parts, and it is written down byte by byte', () => {
  const heldBytes = () => {
    for (let times = 0; times < 3; times += 1) collect(); // what was unheard of at first is let go of by a later one
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const [raw, written] = [createHash('sha1'), createHash('sha1')];
  const counted = { lines: 0, contentBytes: 0 };
  const log = openLog((record) => {
    if (record.kind !== 'log') return;
    counted.lines += record.lines;
    counted.contentBytes += record.contentBytes;
    written.update(record.bytes.subarray(31, -1));
  });
  const before = heldBytes();
  log.push(Buffer.from('2026-11-23T12:00:05.100000000Z '));
  for (let at = 0; at < 1600; at += 1) {
    const chunk = Buffer.alloc(CHUNK, `spinner ${at}\r`);
    raw.update(chunk);
    log.push(chunk);
    log.flush();
    if (at % 400 === 399) assert.ok(heldBytes() - before < 4 * MIB, `${heldBytes() - before} bytes held`);
  }
  assert.equal(counted.lines, 0);
  log.push(Buffer.from('\n'));
  assert.deepEqual(counted, { lines: 1, contentBytes: 1600 * CHUNK });
  assert.equal(written.digest('hex'), raw.digest('hex'));
});

test('lines around the size from which on one comes in parts are each there once, wherever streams break', () => {
  for (let seed = SEED; seed < SEED + 6 * TIMES; seed += 1) {
    const random = seededRandom(seed);
    const below = (n: number) => Math.floor(random() * n);
    const start = Date.UTC(2026, 10, 23, 12);
    const log = Array.from({ length: 7 }, (_, at) => {
      const length = [20, MIB - 40 + below(80), MIB + below(CHUNK), 3 * MIB][below(4)] ?? 0;
      return `${timestampOf(start + at * 300)} ${String(at).padEnd(length, 'abc \r')}`;
    });
    const records: Written[] = [];
    const cursor = new LogCursor();
    for (let attempt = 0; attempt < 6; attempt += 1) {
      const since = cursor.resume()?.sinceTime.slice(0, 19) ?? '';
      const shown = Buffer.from(
        log
          .filter((line) => line >= since)
          .map((line) => `${line}\n`)
          .join(''),
      );
      const end = attempt === 5 ? shown.length : below(shown.length);
      const open = openLog((record) => void records.push(kept(record)), cursor);
      for (let at = 0; at < end; ) {
        const next = Math.min(end, at + 1 + below(random() < 0.1 ? 2 * MIB : CHUNK));
        open.push(shown.subarray(at, next));
        at = next;
      }
      open.close();
      assert.ok(open.joint !== 'disjoint', `seed ${seed}`);
    }
    const lines = wholeLines(records);
    assert.equal(lines.length, log.length, `seed ${seed}`);
    assert.ok(
      lines.every((line, at) => line === log[at]),
      `seed ${seed}`,
    );
  }
});

/** One container run's log, read by the pod log API alone, on a clock that goes when the test says so. */
class Reading {
  readonly clock = new SimulatedClock();
  readonly streams: FakeStream[] = [];
  readonly records: Written[] = [];
  readonly life: InstanceLife;
  readonly #open = new OpenStreams();
  readonly #start = this.clock.now();
  end: FollowEnd | undefined;

  constructor({ past }: { readonly past?: LogPast } = {}) {
    this.life = new InstanceLife(instance, this.view('running'));
    const logs = async ({ limitBytes }: LogOptions, signal: AbortSignal) => {
      const stream = new FakeStream();
      if (limitBytes === undefined) this.streams.push(stream);
      else {
        stream.push(this.line(50, ''));
        stream.end();
      }
      return stream.bytes(signal);
    };
    const follower = new StreamFollower({
      ...{ life: this.life, client: { logs }, clock: this.clock, slots: new Slots(1), limits: {}, past },
      ...{ sink: { append: (record) => void this.records.push(kept(record)), drained: async () => undefined } },
      ...{ firstLines: new FirstLines(), nextStream: () => this.streams.length, open: this.#open },
      rotatesAt: () => 1024 * MIB,
    });
    void follower.run(new AbortController().signal).then((end) => {
      this.end = end;
    });
  }

  time(ms: number): Timestamp {
    return timestampOf(this.#start + ms);
  }

  view(state: InstanceView['state'], finishedAt?: Timestamp): InstanceView {
    return { state, startedAt: this.time(0), finishedAt };
  }

  line(ms: number, text: string): string {
    return `${this.time(ms)} ${text}\n`;
  }

  async advance(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 100) {
      await this.clock.advance(100, settle);
      this.#open.flush();
      await settle();
    }
  }

  /** Shows bytes by the newest stream, in chunks. */
  async show(text: string): Promise<void> {
    for (let at = 0; at < text.length; at += CHUNK) this.streams.at(-1)?.push(text.slice(at, at + CHUNK));
    await this.advance(200);
  }
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const LONG = 'x'.repeat(2 * MIB + 5);

test('a stream that breaks in the middle of a long line shows it again, and it is there once', async () => {
  const reading = new Reading();
  await reading.advance(100);
  const [one, long, two] = [reading.line(50, 'one'), reading.line(60, LONG), reading.line(70, 'two')];
  await reading.show(one + long.slice(0, -9));
  assert.ok(
    reading.records.some((record) => record.kind === 'log' && record.part !== undefined),
    'it is written in parts',
  );
  reading.streams.at(-1)?.end();
  await reading.advance(2000);
  assert.equal(reading.streams.length, 2);
  await reading.show(one + long + two);
  reading.streams.at(-1)?.end();
  await reading.advance(2000);
  await reading.show(one + long + two + reading.line(80, 'three'));
  sameLines(
    wholeLines(reading.records).map((line) => `${line}\n`),
    [one, long, two, reading.line(80, 'three')],
  );
  assert.ok(!reading.records.some(({ kind }) => kind === 'gap'));
});

test('a long line of which the log itself ends is whole without its newline', async () => {
  const reading = new Reading();
  await reading.advance(100);
  const long = reading.line(50, LONG).slice(0, -1);
  await reading.show(long);
  reading.life.update(reading.view('terminated', reading.time(1000)), 0);
  for (let looks = 0; looks < 2; looks += 1) {
    reading.streams.at(-1)?.end();
    await reading.advance(1000);
    if (looks === 0) await reading.show(long);
  }
  await reading.advance(1000);
  assert.equal(reading.end?.end, 'proven', JSON.stringify(reading.end));
  sameLines(wholeLines(reading.records), [long]);
  const last = reading.records.findLast((record) => record.kind === 'log');
  assert.ok(last?.kind === 'log' && last.unterminated);
});

test('a capture that was killed in the middle of a long line goes on with it from its beginning', async () => {
  const before = new Reading();
  await before.advance(100);
  const [one, long] = [before.line(50, LONG.slice(1)), before.line(60, LONG)];
  await before.show(one + long.slice(0, -9));
  const past = new LogPast(instance);
  for (const record of before.records) if (record.kind === 'log') past.take({ ...record, read: async () => record });
  assert.equal(past.lines, 1);
  const after = new Reading({ past });
  await after.advance(100);
  await after.show(one + long);
  sameLines(
    wholeLines([...before.records, ...after.records]).map((line) => `${line}\n`),
    [one, long],
  );
  assert.ok(!after.records.some(({ kind }) => kind === 'gap'));
});

test('what goes on behind a gap with a long line is whole', async () => {
  const reading = new Reading();
  await reading.advance(100);
  const [one, long] = [reading.line(50, 'one'), reading.line(60, LONG)];
  await reading.show(one);
  reading.streams.at(-1)?.end();
  await reading.advance(2000);
  await reading.show(long + reading.line(70, 'two'));
  await reading.advance(5000);
  sameLines(
    wholeLines(reading.records).map((line) => `${line}\n`),
    [one, long, reading.line(70, 'two')],
  );
  assert.equal(reading.records.filter(({ kind }) => kind === 'gap').length, 1);
});

test('a stream beside the file gives a line up that is too long to be held: the file brings it', async () => {
  using follow = new Following();
  follow.writeFile(10, 'one');
  await follow.advance(1000);
  const { stream } = follow;
  stream.push(follow.line(10, 'one'));
  await follow.advance(200);
  follow.writeFile(20, 'x'.repeat(MIB));
  stream.push(follow.line(20, 'x'.repeat(MIB)).slice(0, -1));
  await follow.advance(10_000);
  sameLines(follow.recorded().lines, ['one', 'x'.repeat(MIB)]);
});

test('a line of which a part is missing, or that began anew, is none', () => {
  const part = (index: number, isLast = false) => ({ index, isLast });
  const parts = new LineParts<string>();
  const whole = (item: string, of: LinePart | undefined) => parts.take(item, of).join(' ');
  assert.equal(whole('a', part(0)), '');
  assert.equal(whole('line', undefined), 'line');
  assert.equal(whole('b', part(1, true)), '', 'its beginning was given up');
  for (const [at, item] of ['a', 'b'].entries()) assert.equal(whole(item, part(at)), '');
  assert.equal(whole('d', part(3, true)), '', 'its third part is missing');
  assert.equal(whole('a', part(0)), '');
  for (const [at, item] of ['A', 'B'].entries()) assert.equal(whole(item, part(at)), '');
  assert.equal(whole('C', part(2, true)), 'A B C');
});
