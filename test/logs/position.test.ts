import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { measure } from '../../src/logs/blocks.ts';
import { linesOf, timeOf } from '../../src/logs/lines.ts';
import type { Overlap } from '../../src/logs/overlap.ts';
import { LogCursor } from '../../src/logs/position.ts';
import type { Timestamp } from '../../src/model/time.ts';
import { heldMemory } from '../held-memory.ts';
import { holds } from '../property.ts';

/** `05.3 text` becomes a line of the pod log API at 12:00:05.3. */
function line(text: string): string {
  const [time = '', ...content] = text.split(' ');
  const [second = '', fraction = ''] = time.split('.');
  return `2026-11-23T12:00:${second.padStart(2, '0')}.${fraction.padEnd(9, '0')}Z ${content.join(' ')}`;
}

function cursorAfter(lines: readonly string[], maxBytes?: number): LogCursor {
  const cursor = new LogCursor(maxBytes);
  for (const text of lines) {
    const { block } = measure(Buffer.from(`${text}\n`));
    assert.ok(block);
    cursor.remember(block.bytes, block.last);
  }
  return cursor;
}

/** Feeds what the server sends after a break; returns the fresh lines as text and how they were found. */
function resume(cursor: LogCursor, received: readonly string[]): { state: string; fresh: string[]; repeats: number } {
  const matcher = cursor.resume()?.matcher;
  assert.ok(matcher);
  const lines = received.map((text) => Buffer.from(text));
  for (const [index, buffer] of lines.entries()) {
    const overlap = matcher.accept(buffer);
    if (overlap.state !== 'open') return result(overlap, lines.slice(index + 1));
  }
  return result(matcher.end(), []);
}

function result(overlap: Overlap, rest: readonly Buffer[]) {
  assert.notEqual(overlap.state, 'open');
  const fresh = overlap.state === 'open' ? [] : [...overlap.fresh, ...rest].map(String);
  return { state: overlap.state, fresh, repeats: overlap.state === 'joined' ? overlap.repeats : 0 };
}

const cases: { title: string; known: string[]; received: string[]; state: string; fresh: string[] }[] = [
  {
    title: 'goes on after the last line',
    known: ['5.1 a', '5.2 b'],
    received: ['5.1 a', '5.2 b', '5.3 c'],
    state: 'joined',
    fresh: ['5.3 c'],
  },
  {
    title: 'asks again from the last whole second only',
    known: ['4.9 x', '5.1 a'],
    received: ['5.1 a', '6.0 b'],
    state: 'joined',
    fresh: ['6.0 b'],
  },
  {
    title: 'keeps equal lines with equal times apart by their number',
    known: ['5.1 a', '5.1 a'],
    received: ['5.1 a', '5.1 a', '5.1 a'],
    state: 'joined',
    fresh: ['5.1 a'],
  },
  {
    title: 'accepts times that step back where two streams meet',
    known: ['5.3 out', '5.2 err'],
    received: ['5.3 out', '5.2 err', '5.1 late'],
    state: 'joined',
    fresh: ['5.1 late'],
  },
  {
    title: 'finds nothing new when nothing was written',
    known: ['5.1 a', '5.2 b'],
    received: ['5.1 a', '5.2 b'],
    state: 'joined',
    fresh: [],
  },
  {
    title: 'takes a stream that was cut in the overlap as repeats',
    known: ['5.1 a', '5.2 b'],
    received: ['5.1 a'],
    state: 'joined',
    fresh: [],
  },
  {
    title: 'joins where rotation took the head of the overlap',
    known: ['5.1 a', '5.2 b', '5.3 c'],
    received: ['5.3 c', '5.4 d', '5.5 e', '5.6 f'],
    state: 'joined',
    fresh: ['5.4 d', '5.5 e', '5.6 f'],
  },
  {
    title: 'joins at the end of a short stream whose head is gone',
    known: ['5.1 a', '5.2 b', '5.3 c'],
    received: ['5.3 c', '5.4 d'],
    state: 'joined',
    fresh: ['5.4 d'],
  },
  {
    title: 'says so where nothing that is known came again',
    known: ['5.1 a', '5.2 b'],
    received: ['7.1 x', '7.2 y', '7.3 z'],
    state: 'disjoint',
    fresh: ['7.1 x', '7.2 y', '7.3 z'],
  },
  {
    title: 'is not fooled by an equal text at another time',
    known: ['5.1 tick'],
    received: ['6.1 tick', '7.1 tick'],
    state: 'disjoint',
    fresh: ['6.1 tick', '7.1 tick'],
  },
];
for (const { title, known, received, state, fresh } of cases)
  test(`a resumed log ${title}`, () => {
    const found = resume(cursorAfter(known.map(line)), received.map(line));
    assert.deepEqual({ state: found.state, fresh: found.fresh }, { state, fresh: fresh.map(line) });
  });

test('a resumed log whose head is gone, and which rests in the middle of what is known, repeats nothing', () => {
  const known = ['5.1 a', '5.2 b', '5.3 c', '5.4 d'].map(line);
  const matcher = cursorAfter(known).resume()?.matcher;
  assert.ok(matcher);
  assert.equal(matcher.accept(Buffer.from(line('5.2 b'))).state, 'open');
  for (const text of ['5.3 c', '5.4 d']) assert.equal(matcher.accept(Buffer.from(line(text))).state, 'open');
  const overlap = matcher.accept(Buffer.from(line('5.5 e')));
  assert.deepEqual(result(overlap, []), { state: 'joined', fresh: [line('5.5 e')], repeats: 3 });
});

test('a resume asks for whole seconds, as the API understands them', () => {
  assert.equal(cursorAfter([line('5.999 a')]).resume()?.sinceTime, '2026-11-23T12:00:05Z');
  assert.equal(new LogCursor().resume(), undefined);
});

test('what is kept to recognise repeats is bounded, and a resume still joins at the newest lines', () => {
  const known = Array.from({ length: 1000 }, (_, index) => line(`5.${String(index).padStart(4, '0')} ${index}`));
  const cursor = cursorAfter(known, 2000);
  const found = resume(cursor, [...known, line('6.0 new')]);
  assert.deepEqual({ state: found.state, fresh: found.fresh }, { state: 'joined', fresh: [line('6.0 new')] });
  assert.equal(found.repeats, 1000);
});

test('lines are fresh from the first one that is later than all that was recorded, though the newest known ones are gone', () => {
  const known = Array.from({ length: 1000 }, (_, index) => line(`5.${String(index).padStart(4, '0')} ${index}`));
  const late = line('5.0998 of another writer');
  for (const { title, received, expected } of [
    {
      title: 'the file begins amid the known lines',
      received: [...known.slice(-3), late, line('6.0 new')],
      expected: { state: 'joined', fresh: [late, line('6.0 new')], repeats: 3 },
    },
    {
      title: 'the file begins behind them',
      received: [late, line('6.0 new'), line('6.1 newer')],
      expected: { state: 'disjoint', fresh: [late, line('6.0 new'), line('6.1 newer')], repeats: 0 },
    },
    {
      title: 'a line of the kubelet comes in their place',
      received: ['failed to read the file'],
      expected: { state: 'disjoint', fresh: ['failed to read the file'], repeats: 0 },
    },
    {
      title: 'the stream is cut off among older lines',
      received: known.slice(0, 10),
      expected: { state: 'joined', fresh: [], repeats: 10 },
    },
    {
      title: 'the stream is cut off among the newest',
      received: known.slice(0, 999),
      expected: { state: 'joined', fresh: [], repeats: 999 },
    },
  ])
    assert.deepEqual(resume(cursorAfter(known, 2000), received), expected, title);
});

test('a line that is later than all that was recorded decides at once, and what was passed over before is in doubt', () => {
  const known = Array.from({ length: 1000 }, (_, index) => line(`5.${String(index).padStart(4, '0')} ${index}`));
  const matcher = cursorAfter(known, 2000).resume()?.matcher;
  assert.ok(matcher);
  for (let index = 0; index < 10_000; index += 1)
    assert.equal(matcher.accept(Buffer.from(line(`5.0998 ${index} of another time`))).state, 'open');
  const newest = Buffer.from(line('6.0 new'));
  assert.deepEqual(matcher.accept(newest), { state: 'disjoint', fresh: [newest], hasSkipped: true });
});

test('wherever the newest known lines and the file begin, each later line is fresh once', () => {
  const sizes = fc.record({
    lines: fc.integer({ min: 2, max: 60 }),
    recorded: fc.nat(),
    keptBytes: fc.integer({ min: 0, max: 3000 }),
    gone: fc.nat(),
  });
  holds(
    fc.property(sizes, fc.infiniteStream(fc.constantFrom('out', 'err')), (given, writers) => {
      // Two writers: the times of one are a little behind.
      const lines = Array.from({ length: given.lines }, (_, index) => {
        const writer = writers.next().value;
        return line(`5.${String(100 + 2 * index - (writer === 'err' ? 3 : 0)).padStart(9, '0')} ${index} ${writer}`);
      });
      const recorded = 1 + (given.recorded % (lines.length - 1));
      const gone = given.gone % lines.length;
      const cursor = cursorAfter(lines.slice(0, recorded), given.keptBytes);
      const served = lines.slice(gone);
      const found = resume(cursor, served);
      if (gone < recorded) {
        assert.equal(found.state, 'joined');
        assert.deepEqual(found.fresh, lines.slice(recorded));
      } else if (served.some((text) => text > (cursor.last ?? ''))) {
        assert.equal(found.state, 'disjoint');
        assert.deepEqual(found.fresh, served);
      } else assert.ok(found.state === 'disjoint' || found.fresh.length === 0, 'they may come again, or be missing');
    }),
    { numRuns: 500 },
  );
});

test('of lent records that are more than is kept the newest lines are, each whole, and a resume yields each later line once', () => {
  const entry = fc.record({
    stream: fc.constantFrom('stdout', 'stderr'),
    step: fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 400 })),
    parts: fc.nat(5),
    size: fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 300 })),
    endsBlock: fc.nat(6),
  });
  const sizes = fc.record({ keptBytes: fc.integer({ min: 1, max: 2000 }), recorded: fc.nat(), behindMs: fc.nat(600) });
  holds(
    fc.property(
      fc.array(entry, { minLength: 2, maxLength: 80 }),
      sizes,
      (entries, { keptBytes, recorded, behindMs }) => {
        let ms = 2000;
        const lines = entries.map(({ stream, step, parts, size, endsBlock }, index) => {
          ms += step;
          // Two writers: the times of one are behind, within their second.
          const written = stream === 'stderr' ? Math.max(ms - (ms % 1000), ms - behindMs) : ms;
          const time = line((written / 1000).toFixed(3)).trimEnd();
          const [begin, rest] = [parts === 0 ? `of ${index}` : '', `${index}${'x'.repeat(size)}`];
          const record = (tag: string, content: string) => `${time} ${stream} ${tag} ${content}\n`;
          const records = (begin === '' ? '' : record('P', begin)) + record('F', rest);
          return { text: `${time} ${begin}${rest}`, time: time as Timestamp, records, endsBlock: endsBlock === 0 };
        });
        const known = 1 + (recorded % (lines.length - 1));
        const cursor = new LogCursor(keptBytes);
        for (let at = 0; at < known; ) {
          const end = lines.findIndex((one, index) => index >= at && one.endsBlock);
          const block = lines.slice(at, end === -1 ? known : Math.min(end + 1, known));
          const lent = Buffer.from(block.map(({ records }) => records).join(''));
          const [last] = block.map(({ time }) => time).sort((a, b) => (a < b ? 1 : -1));
          assert.ok(last);
          cursor.remember(lent, last, 'cri', { isLent: true });
          lent.fill('x'); // others have it now
          at += block.length;
        }
        const since = cursor.resume()?.sinceTime.slice(0, 19) ?? '';
        const ofTime = (some: typeof lines) =>
          some.map(({ text }) => text).filter((text) => text.slice(0, 19) >= since);
        const found = resume(cursor, ofTime(lines));
        assert.deepEqual([found.state, found.fresh], ['joined', ofTime(lines.slice(known))]);
      },
    ),
    { numRuns: 2000 },
  );
});

for (const [what, text] of [
  ['lines', `${line('5.1')}stdout F x\n`.repeat(20_000)],
  ['lines in parts', `${line('5.1')}stdout P x\n${line('5.1')}stdout F y\n`.repeat(20_000)],
  ['one line', `${line('5.1')}stdout F ${'x'.repeat(800_000)}\n`],
] as const)
  test(`of lent blocks of ${what}, however large, no more is held than is kept`, async () => {
    const lent = Buffer.from(text);
    const one = Buffer.from(`${line('6.1')}stdout F x\n`);
    const kept = Array.from({ length: 100 }, () => new LogCursor(16 * 1024));
    const { arrayBuffers: before } = await heldMemory();
    for (const cursor of kept)
      for (const bytes of [lent, one, one]) cursor.remember(bytes, timeOf(bytes) as Timestamp, 'cri', { isLent: true });
    const grown = (await heldMemory()).arrayBuffers - before;
    assert.ok(grown <= kept.length * 24 * 1024, `${grown} bytes for ${kept.length} blocks of ${lent.length}`);
  });

test('where two writers are out of order at a second, and the newest lines begin there, later lines are fresh once', () => {
  const times = ['5.900', '6.001', '5.999', '5.9995', ...Array.from({ length: 7 }, (_, index) => `6.00${index + 2}`)];
  const records = times.map((time, index) => `${line(time)}stdout F ${index}\n`);
  const shown = [...records, `${line('6.5')}stdout F new\n`].map((one) => one.trimEnd().replace(' stdout F', ''));
  for (let keptBytes = 50; keptBytes < records.join('').length; keptBytes += 10) {
    const cursor = new LogCursor(keptBytes);
    const lent = Buffer.from(records.join(''));
    cursor.remember(lent, timeOf(Buffer.from(records.at(-1) ?? '')) as Timestamp, 'cri', { isLent: true });
    const served = shown.filter((one) => one.slice(17, 19) === '06');
    const { state, fresh } = resume(cursor, served);
    assert.deepEqual([state, fresh], ['joined', served.slice(-1)], `${keptBytes} bytes`);
  }
});

test('lines that came before a block of which only the newest are kept are not known in front of those', () => {
  const record = (time: string, size: number) => `${line(time)}stdout F ${'x'.repeat(size)}\n`;
  const cursor = new LogCursor(64 * 1024);
  const burst = Array.from({ length: 500 }, (_, index) => record(`5.${200 + index}`, 300));
  for (const block of [record('5.1', 2), burst.join('')])
    cursor.remember(Buffer.from(block), timeOf(Buffer.from(block.split('\n').at(-2) ?? '')) as Timestamp, 'cri', {
      isLent: true,
    });
  const shown = [record('5.1', 2), ...burst, record('6.0', 1)].map((one) => one.trimEnd().replace(' stdout F', ''));
  assert.deepEqual(resume(cursor, shown), { state: 'joined', fresh: shown.slice(-1), repeats: 501 });
});

test('whatever is cut and however times repeat, a resume yields each later line once', () => {
  const log = fc.array(fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 2 }), fc.constantFrom('a', 'b')), {
    minLength: 2,
    maxLength: 40,
  });
  holds(
    fc.property(log, fc.nat(), (entries, at) => {
      const lines = entries
        .map(([second, fraction, text], index) => ({ second: second + Math.floor(index / 8), fraction, text }))
        .sort((a, b) => a.second - b.second)
        .map(({ second, fraction, text }) => line(`${second}.${fraction} ${text}`));
      const cut = 1 + (at % (lines.length - 1));
      const cursor = cursorAfter(lines.slice(0, cut));
      const since = cursor.resume()?.sinceTime.slice(0, 19) ?? '';
      const served = lines.filter((text) => text.slice(0, 19) >= since);
      assert.deepEqual(resume(cursor, served).fresh, lines.slice(cut));
    }),
  );
});

test('a time is read with any fraction and zone, and nothing else is taken for one', () => {
  assert.equal(timeOf(Buffer.from('2026-11-23T12:00:05.1+02:00 x')), '2026-11-23T10:00:05.100000000Z');
  assert.equal(timeOf(Buffer.from('2026-11-23T12:00:05Z x')), '2026-11-23T12:00:05.000000000Z');
  for (const text of [
    '',
    'x',
    'failed to watch file "/var/log/x": no such file',
    '2026-11-23T12:00:05.1Z',
    '2026-13-45T99:00:00Z x',
  ])
    assert.equal(timeOf(Buffer.from(text)), undefined, text);
});

test('lines are split at newlines only', () => {
  const split = [...linesOf(Buffer.from('a\rb\n\nc\u2028d'))].map(String);
  assert.deepEqual(split, ['a\rb', '', 'c\u2028d']);
});
