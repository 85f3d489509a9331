import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { measureRecords, withOpenLines } from '../../src/logs/cri.ts';
import { asTimestamped, CriJoiner } from '../../src/logs/cri-lines.ts';
import { holds } from '../property.ts';

const DAY = '2026-11-23T12:00:';

/** `05.1 out F text` becomes a record of a node's file. */
function record(text: string): string {
  const [time = '', stream = '', tag = '', ...content] = text.split(' ');
  return `${DAY}${time}Z std${stream} ${tag} ${content.join(' ')}\n`;
}

function records(...texts: string[]): Buffer {
  return Buffer.from(texts.map(record).join(''), 'latin1');
}

function joined(...blocks: Buffer[]): string[] {
  const joiner = new CriJoiner();
  return blocks
    .flatMap((bytes) => [...joiner.lines(bytes)])
    .map(({ time, stream, content }) => `${time.slice(17, -1)} ${stream} ${content.toString('latin1')}`);
}

test('a record becomes a line with its stream and its time, padded', () => {
  assert.deepEqual(joined(records('05.12 out F a', '05.123456789 err F ', '06 out F  b ')), [
    '05.120000000 stdout a',
    '05.123456789 stderr ',
    '06.000000000 stdout  b ',
  ]);
});

test('a partial line goes on in the next record of its own stream, also in another block', () => {
  assert.deepEqual(joined(records('05.1 out P ab', '05.2 err F x', '05.3 out P cd'), records('05.4 out F ef')), [
    '05.200000000 stderr x',
    '05.100000000 stdout abcdef',
  ]);
});

test('times of other zones are read, and what is no record is left out and counted', () => {
  const bytes = Buffer.from(
    `${DAY.replace('12', '14')}05.5+02:00 stdout F a\ntorn by a crash\n${record('06.1 out F b')}`,
  );
  assert.deepEqual(joined(bytes), ['05.500000000 stdout a', '06.100000000 stdout b']);
  const { lines, foreign, first, last } = measureRecords(bytes);
  assert.deepEqual(
    { lines, foreign, first, last },
    {
      lines: 2,
      foreign: 'torn by a crash\n'.length,
      first: `${DAY}05.500000000Z`,
      last: `${DAY}06.100000000Z`,
    },
  );
});

test('a record whose time is none is no record, wherever it stands', () => {
  const broken = [`${DAY}0a.5Z stdout F x\n`, `${DAY}61.5Z stdout F x\n`, `${DAY}05.5"Z stdout F x\n`];
  const bytes = Buffer.from(`${record('05.1 out F a')}${broken.join('')}${record('06.1 out F b')}`);
  const { lines, foreign, last } = measureRecords(bytes);
  assert.deepEqual(
    { lines, foreign, last },
    { lines: 2, foreign: broken.join('').length, last: `${DAY}06.100000000Z` },
  );
});

test('a tag may be followed by further ones, and content may be missing', () => {
  assert.deepEqual(joined(records('05.1 out F:more a')), ['05.100000000 stdout a']);
  assert.deepEqual(joined(Buffer.from(`${DAY}05.1Z stdout F\n`)), ['05.100000000 stdout ']);
});

test('measuring tells where no line is open, whatever the streams', () => {
  const whole = records('05.1 out F a', '05.2 err F b');
  const open = records('05.3 out P c', '05.4 err F d');
  const { lines, wholeEnd, pending } = measureRecords(Buffer.concat([whole, open]));
  assert.deepEqual(
    { lines, wholeEnd, pending },
    {
      lines: 3,
      wholeEnd: whole.length,
      pending: { stdout: { time: `${DAY}05.300000000Z`, bytes: 1 } },
    },
  );
  assert.equal(measureRecords(records('05.5 out F e'), pending).pending.stdout, undefined);
});

test('a line has the time of its first record, whatever the time of those that go on with it', () => {
  const { first, last } = measureRecords(records('05.1 out F a', '05.2 out P b', '05.3 out P c', '05.4 out F d'));
  assert.deepEqual([first, last], [`${DAY}05.100000000Z`, `${DAY}05.200000000Z`]);
});

test('a line is measured where it ends; one that never does counts only where the log itself ends', () => {
  const begun = measureRecords(records('05.1 out F a', '05.8 out P gg'));
  assert.deepEqual([begun.lines, begun.contentBytes, begun.last], [1, 1, `${DAY}05.100000000Z`]);
  const ended = measureRecords(records('05.9 out F h'), begun.pending);
  assert.deepEqual([ended.lines, ended.contentBytes], [1, 3]);
  assert.deepEqual([ended.first, ended.last], [`${DAY}05.800000000Z`, `${DAY}05.800000000Z`]);
  const whole = withOpenLines(begun);
  assert.deepEqual([whole.lines, whole.contentBytes, whole.last], [2, 3, `${DAY}05.800000000Z`]);
});

test('times over midnight are compared by their day', () => {
  const bytes = Buffer.from('2026-11-23T23:59:59.9Z stdout F a\n2026-11-24T00:00:00.1Z stdout F b\n');
  const { first, last } = measureRecords(bytes);
  assert.deepEqual([first, last], ['2026-11-23T23:59:59.900000000Z', '2026-11-24T00:00:00.100000000Z']);
});

const anyRecord = fc.record({
  second: fc.nat({ max: 59 }),
  fraction: fc.nat({ max: 999_999_999 }),
  isStderr: fc.boolean(),
  isPartial: fc.boolean(),
  content: fc.constantFrom('', 'a', 'b b', '\r', ' F x', '\xff'),
});

/** As containerd writes it: trailing zeros of the fraction are left out. */
function written({
  second,
  fraction,
  isStderr,
  isPartial,
  content,
}: typeof anyRecord extends fc.Arbitrary<infer T> ? T : never): string {
  const digits = String(fraction).padStart(9, '0').replace(/0+$/, '');
  const time = `${DAY}${String(second).padStart(2, '0')}${digits === '' ? '' : `.${digits}`}Z`;
  return `${time} ${isStderr ? 'stderr' : 'stdout'} ${isPartial ? 'P' : 'F'} ${content}\n`;
}

test('whatever is written and however it is cut into blocks, the lines are those of a plain model', () => {
  holds(
    fc.property(
      fc.array(anyRecord, { maxLength: 30 }),
      fc.array(fc.nat({ max: 30 }), { maxLength: 4 }),
      (all, cuts) => {
        const open = { stdout: '', stderr: '' };
        const expected: string[] = [];
        for (const { isStderr, isPartial, content } of all) {
          const stream = isStderr ? 'stderr' : 'stdout';
          open[stream] += content;
          if (isPartial) continue;
          expected.push(`${stream} ${open[stream]}`);
          open[stream] = '';
        }
        const blocks: Buffer[] = [];
        let from = 0;
        for (const to of [...cuts.map((cut) => Math.min(cut, all.length)).sort((a, b) => a - b), all.length]) {
          blocks.push(Buffer.from(all.slice(from, to).map(written).join(''), 'latin1'));
          from = to;
        }
        assert.deepEqual(
          joined(...blocks).map((line) => line.slice(13)),
          expected,
        );
        const measure = measureRecords(Buffer.concat(blocks));
        assert.equal(measure.lines, expected.length);
        const told = expected.map((line) => line.slice('stdout '.length).length);
        assert.equal(
          measure.contentBytes,
          told.reduce((sum, length) => sum + length, 0),
        );
        const shown = (value: number) =>
          `${DAY}${String(Math.floor(value / 1e9)).padStart(2, '0')}.${String(value % 1e9).padStart(9, '0')}Z`;
        // A line's time is that of its first record.
        const begun: { stdout?: number | undefined; stderr?: number | undefined } = {};
        const times = all.flatMap(({ isStderr, isPartial, second, fraction }) => {
          const stream = isStderr ? 'stderr' : 'stdout';
          const time = begun[stream] ?? second * 1e9 + fraction;
          begun[stream] = isPartial ? time : undefined;
          return isPartial ? [] : [time];
        });
        if (times.length === 0) return;
        assert.equal(measure.first, shown(Math.min(...times)));
        assert.equal(measure.last, shown(Math.max(...times)));
      },
    ),
  );
});

test('records become the lines of the pod log API, byte for byte', () => {
  const { bytes, lines } = asTimestamped(new CriJoiner(), records('05.1 out P a', '05.2 out F b', '05.3 err F \xff'));
  assert.equal(lines, 2);
  assert.ok(bytes.equals(Buffer.from(`${DAY}05.100000000Z ab\n${DAY}05.300000000Z \xff\n`, 'latin1')));
});
