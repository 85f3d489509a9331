import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { measure } from '../../src/logs/blocks.ts';
import { linesOf, timeOf } from '../../src/logs/lines.ts';
import type { Overlap } from '../../src/logs/overlap.ts';
import { LogCursor } from '../../src/logs/position.ts';
import type { Timestamp } from '../../src/model/time.ts';
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
    step: fc.nat({ max: 400 }),
    parts: fc.nat(5),
  });
  const sizes = fc.record({
    keptBytes: fc.integer({ min: 1, max: 2000 }),
    recorded: fc.nat(),
    block: fc.nat({ max: 30 }),
  });
  holds(
    fc.property(fc.array(entry, { minLength: 2, maxLength: 80 }), sizes, (entries, { keptBytes, recorded, block }) => {
      let ms = 1000;
      const lines = entries.map(({ stream, step, parts }, index) => {
        ms += step;
        // Two writers: the times of one are a little behind.
        const time = line(`${(ms - (stream === 'stderr' ? 3 : 0)) / 1000}`).trimEnd();
        const begin = parts === 0 ? `${time} ${stream} P of ${index}\n` : '';
        return {
          text: `${time} ${begin === '' ? '' : `of ${index}`}${index}`,
          time,
          begin,
          record: `${time} ${stream} F ${index}\n`,
        };
      });
      const known = 1 + (recorded % (lines.length - 1));
      const cursor = new LogCursor(keptBytes);
      for (let at = 0; at < known; at += block + 1) {
        const some = lines.slice(at, Math.min(at + block + 1, known));
        const lent = Buffer.from(some.map(({ begin, record }) => begin + record).join(''));
        const [last] = some.map(({ time }) => time as Timestamp).sort((a, b) => (a < b ? 1 : -1));
        assert.ok(last);
        cursor.remember(lent, last, 'cri', { isLent: true });
        lent.fill('x'); // others have it now
      }
      const since = cursor.resume()?.sinceTime.slice(0, 19) ?? '';
      const served = lines.map(({ text }) => text).filter((text) => text.slice(0, 19) >= since);
      const later = lines.slice(known).map(({ text }) => text);
      assert.deepEqual(
        resume(cursor, served).fresh,
        later.filter((text) => text.slice(0, 19) >= since),
      );
    }),
    { numRuns: 1000 },
  );
});

test('of lent blocks, however large, no more is held than is kept', () => {
  const lent = Buffer.from(`${line('5.1')}stdout F x\n`.repeat(20_000));
  const kept = Array.from({ length: 100 }, () => new LogCursor(16 * 1024));
  const before = process.memoryUsage().arrayBuffers;
  for (const cursor of kept) cursor.remember(lent, timeOf(lent) as Timestamp, 'cri', { isLent: true });
  const grown = process.memoryUsage().arrayBuffers - before;
  assert.ok(grown <= kept.length * 24 * 1024, `${grown} bytes for ${kept.length} blocks of ${lent.length}`);
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
