import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '../../src/demo/clock.ts';
import { Turns } from '../../src/logs/turns.ts';
import { Following } from './following.ts';

/** A run whose first lines were read from its file, with a stream beside it, and whose pod is being deleted. */
async function leaving(how: ConstructorParameters<typeof Following>[0] = {}) {
  const follow = new Following(how);
  follow.writeFile(1, 'one');
  follow.writeFile(2, 'two');
  await follow.advance(1000);
  follow.stream.push(follow.line(1, 'one') + follow.line(2, 'two'));
  await follow.advance(100);
  follow.life.podLeaving();
  await follow.advance(500);
  return follow;
}

/** Its stream ends, then its files go, then word comes of when its container had ended. */
async function vanish(follow: Following, finishedAt: number): Promise<void> {
  follow.stream.end();
  await follow.advance(300);
  follow.node.names.clear();
  follow.life.update(follow.view('terminated', follow.time(finishedAt)), 0);
  await follow.advance(5000);
}

test('files that vanish after their stream had come to its end, with nothing that they did not hold, were read to the end', async () => {
  using follow = await leaving();
  follow.stream.end();
  await follow.advance(300);
  follow.node.names.clear();
  await follow.advance(300);
  follow.life.update(follow.view('terminated', follow.time(900)), 0);
  await follow.advance(5000);
  assert.deepEqual(follow.recorded(), { lines: ['one', 'two'], gaps: [] });
  assert.deepEqual(follow.end?.end, 'proven', follow.end?.evidence);
});

for (const [what, finishedAt] of [
  ['before its container did', 3000],
  ['in the second in which its container did, perhaps before it,', 1000],
] as const)
  test(`a stream that had ended ${what} proves nothing of files that vanish`, async () => {
    using follow = await leaving();
    await vanish(follow, finishedAt);
    assert.deepEqual(follow.recorded().lines, ['one', 'two']);
    assert.equal(follow.recorded().gaps.length, 1);
    assert.deepEqual(follow.end?.end, 'not proven');
  });

for (const { what, refuses, finishedAt, isProven } of [
  { what: "in the second in which its container did is its kubelet's word", finishedAt: 1000, isProven: true },
  { what: 'before its container did is of no use', finishedAt: 3000, isProven: false },
  {
    what: 'that is refused, and comes by the pod log API, proves nothing',
    refuses: true,
    finishedAt: 1000,
    isProven: false,
  },
])
  test(`of files that vanish, the end of a stream by the node's proxy ${what}`, async () => {
    using follow = await leaving({ proxy: 'node-1', ...(refuses === undefined ? {} : { refuses }) });
    assert.equal(follow.streams.at(-1)?.request.node, refuses === true ? undefined : 'node-1');
    await vanish(follow, finishedAt);
    assert.deepEqual(follow.recorded().lines, ['one', 'two']);
    assert.equal(follow.recorded().gaps.length, isProven ? 0 : 1);
    assert.equal(follow.end?.end, isProven ? 'proven' : 'not proven', follow.end?.evidence);
  });

test('a line that only the stream brought before the files vanished stands', async () => {
  using follow = await leaving();
  follow.node.names.clear();
  follow.stream.push(follow.line(1600, 'three'));
  await follow.advance(500);
  follow.stream.end();
  follow.life.update(follow.view('terminated', follow.time(1600)), 0);
  await follow.advance(5000);
  assert.deepEqual(follow.recorded(), { lines: ['one', 'two', 'three'], gaps: [] });
  assert.deepEqual(follow.end?.end, 'proven', follow.end?.evidence);
});

for (const [what, finishedAt, isToldFirst] of [
  ['whose end is told before they come', 1000, true],
  ['whose end is told once they came', 1000, false],
] as const)
  test(`lines that a stream brought of a later run are none of a run that wrote none, and ${what}`, async () => {
    using follow = new Following();
    await follow.advance(1000);
    follow.life.podLeaving();
    await follow.advance(500);
    const { stream } = follow;
    const tell = () => follow.life.update(follow.view('terminated', follow.time(finishedAt)), 2);
    follow.node.names.clear();
    if (isToldFirst) tell();
    stream.push(follow.line(4000, 'of run 2') + follow.line(4100, 'of run 2, too'));
    await follow.advance(200);
    stream.end();
    if (!isToldFirst) tell();
    await follow.advance(8000);
    assert.deepEqual(follow.recorded().lines, []);
    assert.equal(follow.end?.end, 'not proven', follow.end?.evidence);
    assert.equal(follow.recorded().gaps.length, 1);
  });

test('a stream that is opened anew while the files vanish repeats nothing', async () => {
  using follow = await leaving();
  const first = follow.stream;
  first.end();
  await follow.advance(1000);
  assert.equal(follow.streams.length, 2);
  follow.node.names.clear();
  follow.stream.push(follow.line(1, 'one') + follow.line(2, 'two'));
  follow.stream.end();
  follow.life.update(follow.view('terminated', follow.time(1600)), 0);
  await follow.advance(5000);
  assert.deepEqual(follow.recorded(), { lines: ['one', 'two'], gaps: [] });
});

for (const { what, finishedAt, isProven } of [
  {
    what: 'seconds after the end of their container, of which word came later, were',
    finishedAt: 1000,
    isProven: true,
  },
  {
    what: 'in the second in which their container ended, perhaps before it, were not',
    finishedAt: 2000,
    isProven: false,
  },
])
  test(`files that vanished after readings ${what} read to the end`, async () => {
    using follow = await leaving();
    follow.stream.end();
    follow.node.times = { modified: Date.parse(follow.time(0)), opened: Date.parse(follow.time(2000)) };
    await follow.advance(400);
    follow.node.names.clear();
    await follow.advance(300);
    follow.life.update(follow.view('terminated', follow.time(finishedAt)), 0);
    await follow.advance(5000);
    const { lines, gaps } = follow.recorded();
    assert.deepEqual(lines, ['one', 'two']);
    assert.equal(gaps.length, isProven ? 0 : 1);
    assert.equal(follow.end?.end, isProven ? 'proven' : 'not proven', follow.end?.evidence);
  });

for (const { what, openedMs, isProven } of [
  { what: 'more than a second after the end of its container was enough', openedMs: 3000, isProven: true },
  { what: 'in the second after that in which its container ended was not', openedMs: 2000, isProven: false },
])
  test(`of files that vanished, one reading ${what}`, async () => {
    using follow = await leaving();
    follow.stream.end();
    follow.node.times = { modified: Date.parse(follow.time(0)), opened: Date.parse(follow.time(openedMs)) };
    let isRead = false;
    follow.node.between = () => {
      if (isRead) follow.node.names.clear();
      isRead = true;
    };
    await follow.advance(700);
    follow.life.update(follow.view('terminated', follow.time(1000)), 0);
    await follow.advance(5000);
    assert.deepEqual(follow.recorded().lines, ['one', 'two']);
    assert.equal(follow.end?.end, isProven ? 'proven' : 'not proven', follow.end?.evidence);
  });

test('where a pod is being deleted a stream opens its busy log at once, while a reading of the file is under way', async () => {
  using follow = new Following({ proxy: 'node-1' });
  for (let line = 0; line < 1500; line += 1) follow.writeFile(line / 2, `line ${line}`);
  await follow.advance(1000);
  assert.equal(follow.streams.length, 0);
  const { node } = follow;
  const slow = Promise.withResolvers<void>();
  const read = node.read.bind(node);
  node.read = async (...what) => {
    await slow.promise;
    return await read(...what);
  };
  await follow.advance(1000);
  follow.life.podLeaving();
  await follow.advance(200);
  assert.equal(follow.streams.length, 1);
  follow.stream.push(follow.line(749, 'line 1498') + follow.line(749.5, 'line 1499') + follow.line(1800, 'by both'));
  follow.writeFile(1800, 'by both');
  await follow.advance(200);
  assert.equal(follow.recorded().lines.length, 1500, 'what a stream brings waits for the reading');
  slow.resolve();
  await follow.advance(100);
  follow.stream.push(follow.line(1900, 'by the stream'));
  node.names.clear();
  follow.stream.end();
  follow.life.update(follow.view('terminated', follow.time(1000)), 0);
  await follow.advance(5000);
  const { lines, gaps } = follow.recorded();
  assert.deepEqual([lines.length, lines.slice(1499), gaps], [1502, ['line 1499', 'by both', 'by the stream'], []]);
  assert.equal(follow.end?.end, 'proven', follow.end?.evidence);
});

/** A pod that goes, whose file a stream by its node's proxy has open, and how often its node is asked from then on. */
async function heldByStream(): Promise<{ readonly following: Following; readonly asked: () => number }> {
  const following = new Following({ proxy: 'node-1' });
  following.writeFile(1, 'one');
  await following.advance(1000);
  following.life.podLeaving();
  following.stream.push(following.line(1, 'one'));
  await following.advance(1000);
  let requests = 0;
  following.node.between = () => {
    requests += 1;
  };
  return { following, asked: () => requests };
}

test("the files of a pod that takes long to go are left alone while a stream by the node's proxy has them open", async () => {
  const { following, asked } = await heldByStream();
  using follow = following;
  follow.writeFile(2000, 'two');
  follow.stream.push(follow.line(2000, 'two'));
  await follow.advance(30_000);
  assert.equal(asked(), 0);
  assert.deepEqual(follow.recorded().lines, ['one', 'two']);
  follow.writeFile(30_000, 'not brought');
  follow.life.update(follow.view('terminated', follow.time(32_000)), 0);
  await follow.advance(1000);
  assert.deepEqual(follow.recorded(), { lines: ['one', 'two', 'not brought'], gaps: [] });
  assert.equal(follow.end?.end, 'proven', follow.end?.evidence);
});

test("a leaving pod's busy log is read once a second while a stream by the node's proxy has it open", async () => {
  const { following, asked } = await heldByStream();
  using follow = following;
  for (let ms = 2000; ms < 12_000; ms += 100) {
    for (const part of [0, 20, 40, 60, 80]) {
      follow.writeFile(ms + part, `line ${ms + part}`);
      follow.stream.push(follow.line(ms + part, `line ${ms + part}`));
    }
    await follow.advance(100);
  }
  assert.ok(asked() <= 11, `${asked()} requests in ten seconds`);
  follow.stream.end();
  follow.node.names.clear();
  follow.life.update(follow.view('terminated', follow.time(11_000)), 0);
  await follow.advance(5000);
  assert.equal(follow.recorded().lines.length, 501);
  assert.equal(follow.end?.end, 'proven', follow.end?.evidence);
});

for (const { what, everyMs, isClosed } of [
  {
    what: 'a quiet log that were held up on their way and come faster for a while leave',
    everyMs: 30,
    isClosed: false,
  },
  { what: 'a busy log close', everyMs: 10, isClosed: true },
])
  test(`lines of ${what} its stream`, async () => {
    using follow = new Following();
    follow.writeFile(1, 'one');
    await follow.advance(1000);
    const lines = Array.from({ length: 4000 / everyMs }, (_, at) => follow.line(1000 + at * everyMs, `${at}`));
    follow.stream.push(follow.line(1, 'one'));
    await follow.advance(4000);
    follow.stream.push(lines.slice(0, lines.length / 2).join(''));
    await follow.advance(1000);
    follow.stream.push(lines.slice(lines.length / 2).join(''));
    await follow.advance(500);
    follow.stream.push(follow.line(5500, 'last'));
    await follow.advance(500);
    assert.equal(follow.recorded().lines.includes('last'), !isClosed);
  });

/** A run that ended `endedAt` after the beginning, and a node that says of its file when it was written to and opened. */
function ended(endedAt: number, times: { readonly modified: number; readonly opened: number } | undefined) {
  const follow = new Following();
  follow.writeFile(1, 'one');
  const at = (ms: number) => Math.floor((Date.parse(follow.time(0)) + ms) / 1000) * 1000;
  follow.node.times = times && { modified: at(times.modified), opened: at(times.opened) };
  follow.life.update(follow.view('terminated', follow.time(Math.floor(endedAt / 1000) * 1000)), 0);
  return follow;
}

test('a file that was last written to long before it was read, and whose container had ended long before, is read once', async () => {
  using follow = ended(4900, { modified: 3000, opened: 8000 });
  await follow.advance(100);
  assert.deepEqual(follow.recorded(), { lines: ['one'], gaps: [] });
  assert.deepEqual(follow.end?.end, 'proven', follow.end?.evidence);
});

for (const [what, endedAt, times] of [
  ['was written to a moment ago', 1000, { modified: 5900, opened: 7800 }],
  [
    "was last written to long ago, but whose container ended a moment ago, by the node's clock",
    5900,
    { modified: 1000, opened: 7800 },
  ],
  ['has no times, for all that its node says,', 1000, undefined],
] as const)
  test(`a file that ${what} is watched to stay still, and a line that comes late is recorded`, async () => {
    using follow = ended(endedAt, times);
    await follow.advance(500);
    assert.ok(!follow.hasEnded);
    follow.writeFile(2, 'late');
    await follow.advance(3000);
    assert.deepEqual(follow.recorded(), { lines: ['one', 'late'], gaps: [] });
    assert.deepEqual(follow.end?.end, 'proven', follow.end?.evidence);
  });

test('the age of a file says nothing of a run that was not seen to end', async () => {
  using follow = new Following();
  follow.writeFile(1, 'one');
  follow.node.times = { modified: Date.parse(follow.time(0)), opened: Date.parse(follow.time(60_000)) };
  follow.life.update(undefined, 1);
  await follow.advance(500);
  assert.ok(!follow.hasEnded);
});

test('a capture that ends while the files are being read has them read once more, at once', async () => {
  using follow = new Following();
  follow.writeFile(1, 'one');
  await follow.advance(1000);
  follow.stream.end();
  let isCalled = false;
  follow.node.between = () => {
    if (!isCalled) follow.life.lastCall();
    isCalled = true;
  };
  await follow.advance(300);
  assert.ok(isCalled);
  assert.equal(follow.end?.end, 'proven', follow.end?.evidence);
  const [, at = ''] =
    /^read to the end of 0\.log at (\S+), when the capture ended/.exec(follow.end?.evidence ?? '') ?? [];
  assert.ok(at >= follow.time(1000) && at <= follow.time(1300), at);
});

test('behind files that went away unread no line goes on that was begun before', async () => {
  using follow = new Following();
  const record = `${follow.time(0)} stdout P ${'x'.repeat(16 * 1024)}\n`;
  follow.node.write(record.repeat(80));
  await follow.advance(1000);
  follow.node.names.set('0.log', Buffer.alloc(0));
  follow.writeFile(1000, 'rest');
  follow.life.update(follow.view('terminated', follow.time(1500)), 0);
  await follow.advance(5000);
  const blocks = follow.records.flatMap((each) => (each.kind === 'log' && each.format === 'cri' ? [each] : []));
  assert.notEqual(blocks[0]?.position?.open, undefined);
  const shown = blocks.map(({ bytes, anew = false }) => [bytes.toString('latin1').slice(-5), anew]);
  assert.deepEqual(shown, [
    ['xxxx\n', false],
    ['rest\n', true],
  ]);
  assert.equal(follow.recorded().gaps.length, 1);
});

for (const { what, maxBytes, from } of [
  { what: 'begins behind its last line', maxBytes: undefined, from: 3000 },
  { what: 'begins where the file was read last, if that may have been rotated since', maxBytes: 148, from: 1 },
])
  test(`what is missing behind a stream that is cut off ${what}`, async () => {
    using follow = new Following({ proxy: 'node-1', ...(maxBytes === undefined ? {} : { maxBytes }) });
    follow.writeFile(1, 'one');
    await follow.advance(1000);
    follow.stream.push(follow.line(1, 'one') + follow.line(2000, 'two') + follow.line(3000, 'three'));
    await follow.advance(1000);
    follow.node.names.clear();
    follow.life.podDeleted();
    follow.stream.end();
    follow.life.update(follow.view('terminated', follow.time(60_000)), 0);
    await follow.advance(10_000);
    const { lines, gaps } = follow.recorded();
    assert.deepEqual(lines, ['one', 'two', 'three']);
    assert.deepEqual(
      gaps.map(({ from, cause }) => [from, cause]),
      [[follow.time(from), 'instance-gone']],
    );
  });

for (const { when, back } of [
  { when: 'before the folder is listed', back: 1 },
  { when: 'when the folder was listed', back: 2 },
])
  test(`a file that is renamed, and renamed back ${when}, for its container had ended, comes once`, async () => {
    using follow = new Following();
    follow.writeFile(1, 'one');
    follow.writeFile(2, 'two');
    await follow.advance(1000);
    const { node } = follow;
    let requests = 0;
    const bytes = node.names.get('0.log') ?? Buffer.alloc(0);
    node.between = () => {
      requests += 1;
      if (requests === 1) node.names.set('0.log.20261125-100001', bytes).delete('0.log');
      if (requests === back + 1) node.names.set('0.log', bytes).delete('0.log.20261125-100001');
    };
    follow.life.update(follow.view('terminated', follow.time(900)), 0);
    await follow.advance(5000);
    assert.ok(requests > back);
    assert.deepEqual(follow.recorded(), { lines: ['one', 'two'], gaps: [] });
    assert.equal(follow.end?.end, 'proven', follow.end?.evidence);
  });

/** Resumed when `two` had come by the stream alone, while its pod is being deleted and its files cannot be read. */
async function resumed(): Promise<Following> {
  const before = new Following();
  before.writeFile(1, 'one');
  await before.advance(1000);
  before.stream.push(before.line(1, 'one') + before.line(1001, 'two'));
  await before.advance(100);
  assert.deepEqual(before.recorded().lines, ['one', 'two']);
  before[Symbol.dispose]();
  const follow = new Following({ before });
  follow.node.between = () => {
    throw new Error('the kubelet is down');
  };
  follow.life.podLeaving();
  await follow.advance(100);
  follow.stream.push(follow.line(1001, 'two') + follow.line(1101, 'three'));
  await follow.advance(100);
  assert.deepEqual(follow.recorded().lines, ['one', 'two', 'three']);
  return follow;
}

for (const [what, held] of [
  ['stand where the file holds the same', ['two', 'three']],
  ['give way to what the file holds where that is more', ['two', 'two and a half', 'three']],
  ['give way to what the file holds where that is less', ['two']],
] as const)
  test(`lines of a stream behind those of a killed recorder, none of which were proven, ${what}`, async () => {
    using follow = await resumed();
    follow.node.between = () => undefined;
    for (const [at, text] of held.entries()) follow.writeFile(1001 + (100 / (held.length - 1 || 1)) * at, text);
    follow.life.update(follow.view('terminated', follow.time(1101)), 0);
    await follow.advance(20_000);
    assert.deepEqual(follow.recorded(), { lines: ['one', ...held], gaps: [] });
    assert.equal(follow.end?.end, 'proven', follow.end?.evidence);
  });

test('what the streams of many quiet logs brought is proven by one after the other, seconds apart', async () => {
  const clock = new SimulatedClock();
  const stop = new AbortController();
  const proofs = new Turns(3000, clock, stop.signal);
  const follows = Array.from({ length: 30 }, () => new Following({ clock, proofs }));
  const pass = async (seconds: number) => {
    for (let at = 0; at < seconds; at += 1) {
      await clock.advance(1000, () => new Promise((resolve) => setImmediate(resolve)));
      for (const follow of follows) await follow.flush();
    }
  };
  await pass(2);
  let requests = 0;
  for (const follow of follows) {
    follow.writeFile(2000, 'one');
    follow.stream.push(follow.line(2000, 'one'));
    follow.node.between = () => {
      requests += 1;
    };
  }
  await pass(55);
  assert.equal(requests, 0);
  await pass(60);
  assert.ok(requests > 20 && requests <= 2 * 21, `${requests} requests in a minute`);
  await pass(60);
  assert.equal(requests, 2 * follows.length); // the file, and whether it was rotated while it was empty
  for (const follow of follows) {
    assert.deepEqual(follow.recorded(), { lines: ['one'], gaps: [] });
    follow[Symbol.dispose]();
  }
  stop.abort();
});

test('the log of a pod that is being deleted is proven without waiting for its turn', async () => {
  const proofs = { next: () => new Promise<never>(() => undefined) };
  using follow = await leaving({ proxy: 'node-1', proofs });
  follow.writeFile(1600, 'three');
  follow.stream.push(follow.line(1600, 'three'));
  let requests = 0;
  follow.node.between = () => {
    requests += 1;
  };
  await follow.advance(50_000);
  assert.equal(requests, 0);
  await follow.advance(20_000);
  assert.equal(requests, 1);
});
