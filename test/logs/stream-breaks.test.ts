import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '../../src/demo/clock.ts';
import type { LogOptions } from '../../src/kube/client.ts';
import { ApiError } from '../../src/kube/error.ts';
import { FirstLines } from '../../src/logs/binding.ts';
import { InstanceLife, type InstanceView } from '../../src/logs/life.ts';
import { OpenStreams } from '../../src/logs/open-streams.ts';
import type { FollowEnd, LogLimits, LogSink } from '../../src/logs/sink.ts';
import { StreamFollower } from '../../src/logs/stream-follower.ts';
import type { ContainerInstance } from '../../src/model/instance.ts';
import { Slots } from '../../src/model/slots.ts';
import { millisecondsOf, type Timestamp, timestampOf } from '../../src/model/time.ts';
import { heldMemory } from '../held-memory.ts';
import { FakeStream } from './following.ts';

const instance: ContainerInstance = { podUid: 'p', namespace: 'shop', pod: 'web', container: 'app', restart: 0 };
const FLUSH_MS = 100;

/** One container run's log, read by the pod log API alone, on a clock that goes when the test says so. */
class Following {
  readonly clock = new SimulatedClock();
  readonly life: InstanceLife;
  readonly streams: FakeStream[] = [];
  readonly records: Parameters<LogSink['append']>[0][] = [];
  /** Resolves when the disk takes lines. */
  disk = Promise.resolve();
  /** What the server answers instead of a log. */
  refusal: ApiError | undefined;
  readonly #stop = new AbortController();
  readonly #open = new OpenStreams();
  readonly #start: number;
  readonly #ended: Promise<void>;
  end: FollowEnd | undefined;

  /** @param ranMs how long the container had run when its log is first asked for */
  constructor({ ranMs = 0, limits = {} }: { readonly ranMs?: number; readonly limits?: LogLimits } = {}) {
    this.#start = this.clock.now();
    this.life = new InstanceLife(instance, this.view('running', undefined, -ranMs));
    const logs = async ({ limitBytes }: LogOptions, signal: AbortSignal) => {
      if (this.refusal !== undefined) throw this.refusal;
      if (limitBytes !== undefined) throw new Error('nobody can look at the beginning of the file');
      const stream = new FakeStream();
      this.streams.push(stream);
      return stream.bytes(signal);
    };
    const follower = new StreamFollower({
      life: this.life,
      client: { logs },
      sink: { append: (record) => void this.records.push(record), drained: () => this.disk },
      clock: this.clock,
      slots: new Slots(1),
      limits,
      firstLines: new FirstLines(),
      nextStream: () => this.streams.length,
      open: this.#open,
      rotatesAt: () => 10 * 1024 * 1024,
    });
    this.#ended = follower.run(this.#stop.signal).then(
      (end) => {
        this.end = end;
      },
      () => {
        this.end = follower.interrupted();
      },
    );
  }

  /** One whose first line has come, at 50 ms, `ms` ago. */
  static async withOne(ms = 200): Promise<Following> {
    const follow = new Following();
    await follow.advance(100);
    follow.stream.push(follow.line(50, 'one'));
    await follow.advance(ms);
    return follow;
  }

  time(ms: number): Timestamp {
    return timestampOf(this.#start + ms);
  }

  view(state: InstanceView['state'], finishedAt?: Timestamp, startedMs = 0): InstanceView {
    return { state, startedAt: this.time(startedMs), finishedAt };
  }

  line(ms: number, text: string): string {
    return `${this.time(ms)} ${text}\n`;
  }

  get stream(): FakeStream {
    const newest = this.streams.at(-1);
    if (newest === undefined) throw new Error('no stream was opened');
    return newest;
  }

  async advance(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += FLUSH_MS) {
      await this.clock.advance(FLUSH_MS, settle);
      this.#open.flush();
      await settle();
    }
  }

  /** The capture ends. */
  async interrupt(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  get text(): string {
    return this.records.map((record) => (record.kind === 'log' ? String(record.bytes) : '')).join('');
  }

  /** The blocks of the streams that were not given back. */
  get kept(): readonly string[] {
    const given = new Set(
      this.records.flatMap((record) =>
        record.kind === 'streamClosed' && record.boundTo === null ? record.stream : [],
      ),
    );
    return this.records.flatMap((record) =>
      record.kind === 'log' && !given.has(record.stream) ? [String(record.bytes)] : [],
    );
  }

  /** Milliseconds from the test's beginning. */
  get gaps(): readonly (readonly [string, number, number])[] {
    const since = (time: Timestamp) => millisecondsOf(time) - this.#start;
    return this.records.flatMap((record) =>
      record.kind === 'gap' ? [[record.gap.cause, since(record.gap.from), since(record.gap.to)] as const] : [],
    );
  }
}

/** What this process cannot let go of, in bytes. */
async function heldBytes(): Promise<number> {
  const { heapUsed, external } = await heldMemory();
  return heapUsed + external;
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test('a stream that shows lines of the last second again is opened anew, and nothing is written twice', async () => {
  const follow = new Following();
  await follow.advance(100);
  const lines = follow.line(500, 'one') + follow.line(600, 'two');
  follow.stream.push(lines);
  await follow.advance(700);
  follow.stream.push(lines);
  await follow.advance(1000);
  assert.equal(follow.streams.length, 2);
  follow.stream.push(lines + follow.line(1700, 'three'));
  await follow.advance(1000);
  await follow.interrupt();
  assert.equal(follow.text, lines + follow.line(1700, 'three'));
  assert.deepEqual(
    follow.gaps.map(([cause]) => cause),
    ['reconnect'],
  );
});

test('lines that do not touch what was known stand behind a gap, though nothing comes after them', async () => {
  const follow = await Following.withOne();
  follow.stream.end();
  await follow.advance(1000);
  assert.equal(follow.streams.length, 2);
  follow.stream.push(follow.line(1200, 'nine') + follow.line(1201, 'ten'));
  await follow.advance(5000);
  assert.equal(follow.text, follow.line(50, 'one') + follow.line(1200, 'nine') + follow.line(1201, 'ten'));
  assert.deepEqual(follow.gaps, [['reconnect', 50, 1200]]);
  await follow.interrupt();
  assert.equal(follow.end?.end, 'not proven');
});

test('a capture that ends before an interrupted log was open again has not read all of it', async () => {
  const follow = await Following.withOne();
  follow.refusal = new ApiError(503, 'not now');
  follow.stream.end();
  await follow.advance(3000);
  await follow.interrupt();
  assert.equal(follow.end?.end, 'not proven');
  assert.deepEqual(
    follow.gaps.map(([cause, from]) => [cause, from]),
    [['interrupted', 50]],
  );
});

test('a log that is opened again and does not show its last lines has not been read to now', async () => {
  const follow = await Following.withOne();
  follow.stream.end();
  await follow.advance(3000);
  assert.equal(follow.streams.length, 2);
  await follow.interrupt();
  assert.equal(follow.end?.end, 'not proven');
});

test('a log that is not found while its pod lives is asked for again: its type may not be served for a while', async () => {
  const follow = await Following.withOne(100);
  follow.refusal = new ApiError(404, 'the server could not find the requested resource', { reason: 'NotFound' });
  follow.stream.end();
  await follow.advance(20_000);
  follow.refusal = undefined;
  await follow.advance(12_000);
  follow.stream.push(follow.line(50, 'one') + follow.line(15_000, 'two'));
  await follow.advance(1000);
  await follow.interrupt();
  assert.equal(follow.text, follow.line(50, 'one') + follow.line(15_000, 'two'));
  assert.deepEqual([follow.end?.end, follow.gaps], ['proven', []]);
});

test('a log that may not be read any more lacks what its container writes until its end', async () => {
  const follow = await Following.withOne(100);
  follow.refusal = new ApiError(403, 'forbidden', { reason: 'Forbidden' });
  follow.stream.end();
  await follow.advance(60_000);
  assert.equal(follow.end, undefined);
  follow.life.update(follow.view('terminated', follow.time(60_000)), 0);
  await follow.advance(100);
  assert.deepEqual(follow.gaps, [['forbidden', 50, 60_999]]);
});

for (const [title, lagMs, end] of [
  ['within the second in which its container ended', 200, 'not proven'],
  ['after that second', 1500, 'proven'],
] as const)
  test(`of a pod that is gone, a stream that ended ${title} leaves its log ${end}`, async () => {
    const follow = new Following();
    await follow.advance(100);
    follow.stream.push(follow.line(100, 'one'));
    await follow.advance(100 + lagMs);
    follow.stream.end();
    await follow.advance(100);
    follow.life.update(follow.view('terminated', follow.time(0)), 0);
    follow.life.podDeleted();
    await follow.advance(1000);
    assert.equal(follow.end?.end, end, follow.end?.evidence);
    assert.equal(follow.gaps.length, end === 'proven' ? 0 : 1);
  });

test('of a pod that is gone, a stream that ended while the disk was waited for may have ended before its container', async () => {
  const follow = await Following.withOne();
  const disk = Promise.withResolvers<void>();
  follow.disk = disk.promise;
  follow.stream.push(follow.line(300, 'two'));
  follow.stream.end();
  await follow.advance(3000);
  follow.life.update(follow.view('terminated', follow.time(1500)), 0);
  follow.life.podDeleted();
  disk.resolve();
  await follow.advance(1000);
  assert.deepEqual([follow.end?.end, follow.gaps.length], ['not proven', 1]);
});

test('an empty stream of a pod that is gone may have been of another run', async () => {
  const follow = new Following();
  await follow.advance(2000);
  follow.stream.end();
  await follow.advance(100);
  follow.life.update(follow.view('terminated', follow.time(500)), 0);
  follow.life.podDeleted();
  await follow.advance(1000);
  assert.equal(follow.end?.end, 'not proven');
});

test('that a log was first read late is said with its first lines, for a recorder that is killed says nothing more', async () => {
  const follow = new Following({ ranMs: 3_600_000 });
  await follow.advance(100);
  follow.stream.push(follow.line(-1000, 'one'));
  await follow.advance(200);
  assert.deepEqual(follow.gaps, [['rotation', -3_600_000, -1000]]);
  assert.deepEqual(
    follow.records.map(({ kind }) => kind),
    ['streamOpened', 'gap', 'log'],
  );
});

test('of a log without a line that was first read late nothing is known', async () => {
  const follow = new Following({ ranMs: 3_600_000 });
  await follow.advance(5000);
  await follow.interrupt();
  assert.equal(follow.end?.end, 'not proven');
  assert.equal(follow.gaps.length, 1);
});

test('lines that were written after the end of the container are of the next run, though its pod does not tell of it yet', async () => {
  const follow = await Following.withOne();
  follow.stream.end();
  await follow.advance(1000);
  follow.stream.push(follow.line(5000, 'another'));
  await follow.advance(200);
  follow.life.update(follow.view('terminated', follow.time(0)), 0);
  await follow.advance(3000);
  assert.equal(follow.text, follow.line(50, 'one'));
  await follow.interrupt();
  assert.equal(follow.end?.end, 'not proven');
});

test('a log that began after the container had ended is given back, where the status comes after its lines', async () => {
  const follow = new Following();
  await follow.advance(100);
  follow.stream.push(follow.line(5000, 'of a later run'));
  await follow.advance(200);
  follow.stream.end();
  await follow.advance(1000);
  follow.stream.push(follow.line(5000, 'of a later run'));
  follow.stream.end();
  follow.life.update(follow.view('terminated', follow.time(2000)), 0);
  await follow.advance(1000);
  const disowned = follow.records.filter((record) => record.kind === 'streamClosed' && record.boundTo === null);
  assert.ok(disowned.length > 0);
  follow.life.update(undefined, 2);
  follow.stream.end();
  await follow.advance(1000);
  assert.equal(follow.end?.end, 'not proven');
  assert.deepEqual(follow.kept, []);
});

test('a log that began in the second in which the container ended, and went on after it, is given back', async () => {
  const follow = new Following();
  await follow.advance(100);
  const later = follow.line(750, 'of a later run') + follow.line(2200, 'of a later run, its last');
  follow.stream.push(later);
  await follow.advance(200);
  follow.stream.end();
  await follow.advance(1000);
  follow.life.update(follow.view('terminated', follow.time(0)), 0);
  for (let looks = 0; looks < 5; looks += 1) {
    follow.stream.push(later);
    follow.stream.end();
    await follow.advance(1000);
  }
  assert.deepEqual([follow.end, follow.kept], [undefined, []]);
  assert.ok(follow.streams.length < 10, 'it is asked for less and less often');
  follow.life.update(undefined, 2);
  follow.stream.end();
  await follow.advance(10_000);
  assert.deepEqual([follow.end?.end, follow.kept], ['not proven', []]);
});

test('lines that were written after a later run had begun are given back, where the end of the run itself is never told', async () => {
  const follow = new Following();
  await follow.advance(100);
  follow.stream.push(follow.line(750, 'of a later run') + follow.line(2200, 'of a later run, too'));
  follow.stream.end();
  await follow.advance(200);
  assert.equal(follow.kept.length, 1);
  follow.life.leftBehind(follow.time(0));
  follow.life.update(undefined, 1);
  await follow.advance(1000);
  assert.deepEqual([follow.end?.end, follow.kept], ['not proven', []]);
});

test('the end of a stream that showed no line of the log proves no end of it: it may have been a later run that wrote nothing', async () => {
  for (const isOfIt of [true, false]) {
    const follow = await Following.withOne();
    follow.stream.end();
    await follow.advance(2000);
    assert.equal(follow.streams.length, 2);
    if (isOfIt) follow.stream.push(follow.line(50, 'one'));
    await follow.advance(1000);
    follow.stream.end();
    await follow.advance(100);
    follow.life.update(follow.view('terminated', follow.time(900)), 2);
    await follow.advance(1000);
    assert.equal(follow.end?.end, isOfIt ? 'proven' : 'not proven');
  }
});

test('a capture that ends while a stream shows a later run gives its lines back', async () => {
  const follow = new Following();
  await follow.advance(100);
  follow.stream.push(follow.line(750, 'of a later run') + follow.line(2200, 'of a later run, too'));
  await follow.advance(200);
  follow.life.update(follow.view('terminated', follow.time(0)), 0);
  await follow.interrupt();
  assert.deepEqual([follow.end?.end, follow.kept], ['not proven', []]);
});

test('lines that a stream brought behind a gap are given back, where its container had ended before them', async () => {
  const follow = await Following.withOne();
  follow.stream.end();
  await follow.advance(1000);
  follow.stream.push(follow.line(5000, 'of a later run'));
  await follow.advance(4000);
  assert.equal(follow.kept.length, 2);
  follow.stream.end();
  follow.life.update(follow.view('terminated', follow.time(1000)), 0);
  await follow.advance(500);
  assert.deepEqual(follow.kept, [follow.line(50, 'one')]);
  follow.life.update(undefined, 1);
  await follow.advance(1000);
  for (let looks = 0; looks < 3; looks += 1) {
    follow.stream.push(follow.line(50, 'one') + follow.line(900, 'two'));
    follow.stream.end();
    await follow.advance(1000);
  }
  assert.equal(follow.end?.evidence.startsWith('terminated, then read to the end'), true, follow.end?.evidence);
  assert.deepEqual(follow.kept, [follow.line(50, 'one'), follow.line(900, 'two')]);
});

test('the last lines may be read out of their pipe just after the second in which their container ended', async () => {
  const follow = new Following();
  await follow.advance(100);
  const line = `${timestampOf(millisecondsOf(follow.time(0).replace(/\.\d+Z$/, '.999999999Z') as Timestamp) + 50)} last\n`;
  follow.stream.push(line);
  await follow.advance(200);
  follow.life.update(follow.view('terminated', follow.time(0)), 0);
  follow.stream.end();
  await follow.advance(300);
  assert.deepEqual(follow.kept, [line]);
  await follow.interrupt();
});

test('lines before those that --tail asked for are passed over where a stream is opened again', async () => {
  const follow = new Following({ limits: { tailLines: 1 } });
  await follow.advance(100);
  const [one, two] = [follow.line(100, 'one'), follow.line(200, 'two')];
  follow.stream.push(two);
  await follow.advance(200);
  follow.stream.end();
  await follow.advance(100);
  follow.life.update(follow.view('terminated', follow.time(0)), 0);
  await follow.advance(500);
  assert.equal(follow.streams.length, 2);
  follow.stream.push(one + two);
  follow.stream.end();
  await follow.advance(500);
  follow.stream.push(one); // how its file begins is asked for at last
  await follow.advance(500);
  assert.deepEqual([follow.text, follow.gaps], [two, []]);
  assert.match(follow.end?.evidence ?? '', /its beginning was not asked for/);
});

test('a busy log whose stream ends again and again takes no more memory for it', async () => {
  const follow = new Following();
  await follow.advance(100);
  let known = '';
  let now = 100;
  const block = (ms: number) =>
    Array.from({ length: 2000 }, (_, at) => follow.line(ms, `${at} ${'x'.repeat(64)}`)).join('');
  const round = async () => {
    const fresh = block(now);
    const { stream } = follow;
    stream.push(known + fresh);
    known = fresh;
    await follow.advance(200);
    stream.end();
    while (follow.stream === stream) {
      await follow.advance(500);
      now += 500;
    }
    now += 200;
    follow.streams.splice(0, follow.streams.length - 1);
    follow.records.splice(0);
  };
  for (let at = 0; at < 10; at += 1) await round();
  const before = await heldBytes();
  for (let at = 0; at < 40; at += 1) await round();
  const grown = (await heldBytes()) - before;
  assert.ok(grown < 2 * 1024 * 1024, `${grown} bytes more are held after 40 streams of 200 kB each`);
  assert.deepEqual(follow.gaps, []);
  await follow.interrupt();
});
