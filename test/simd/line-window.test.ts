import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { LogRecord } from '../../src/model/record.ts';
import { LineWindow, type Written } from '../../src/simd/line-window.ts';
import { holds } from '../property.ts';

const SECOND = '2026-11-23T12:00:05.';

interface Line {
  /** Without its trailing zeros, which containerd leaves out; one is left. */
  readonly nanosecond: number;
  readonly stream: 'stdout' | 'stderr';
  readonly content: string;
}

const content = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }).map((text) => text.replaceAll('\n', '\t').toWellFormed()),
  fc.integer({ min: 0, max: 6000 }).map((length) => 'x"\\\u0001é'.repeat(length / 5)),
);
const line: fc.Arbitrary<Line> = fc.record({
  nanosecond: fc.oneof(
    fc.nat(999_999_999),
    fc.nat(99).map((some) => some * 10_000_000),
  ),
  stream: fc.constantFrom('stdout', 'stderr'),
  content,
});
/** What is looked at by hand: other seconds, parts, further tags, missing contents, what is no record. */
const OTHER = [
  `${SECOND.replace('05.', '06.')}1Z stdout F later`,
  `${SECOND}1Z stdout P part`,
  `${SECOND}1Z stdout F:x tagged`,
  `${SECOND}1Z stdout F`,
  `${SECOND}1+02:00 stdout F zone`,
  `${SECOND}Z stdout F no fraction`,
  `${SECOND}1234567890Z stdout F too fine`,
  `${SECOND}12:456789Z stdout F no digit`,
  `${SECOND}1Z stdxxx F stream`,
  'torn by a crash',
  '',
];

function digitsOf({ nanosecond }: Line): string {
  return String(nanosecond)
    .padStart(9, '0')
    .replace(/(?<=.)0+$/, '');
}

function textOf(line: Line, form: LogRecord['format']): string {
  const time = `${SECOND}${digitsOf(line)}Z`;
  return `${time} ${form === 'cri' ? `${line.stream} F ` : ''}${line.content}\n`;
}

/** The stretches into which a whole run is split by the width of the window, or by `take`. */
function* stretches<T extends { readonly next: number }>(from: number, take: (from: number) => T | undefined) {
  for (let next = take(from); next !== undefined; next = take(next.next)) yield next;
}

for (const form of ['cri', 'timestamped'] as const) {
  test(`lines of one second are measured as one by one: ${form}`, () => {
    holds(
      fc.property(fc.array(line, { minLength: 2, maxLength: 30 }), fc.constantFrom(...OTHER), (lines, other) => {
        const [first = assert.fail(), ...rest] = lines;
        const texts = rest.map((each) => textOf(each, form));
        const start = Buffer.byteLength(textOf(first, form));
        const whole = Buffer.from(`${textOf(first, form)}${texts.join('')}`);
        const window = new LineWindow(Buffer.concat([whole, Buffer.from(`${other}\n`)]), form);
        const found = [...stretches(start, (from) => window.measure(from, 0))];
        const isUsual = form === 'timestamped' && /^[^ ]*05\.\d{1,9}Z /.test(other);
        const end = found.at(-1)?.next;
        assert.equal(end, whole.length + (isUsual ? Buffer.byteLength(`${other}\n`) : 0));
        if (isUsual) return;
        const sum = (of: (each: (typeof found)[number]) => number) => found.reduce((all, each) => all + of(each), 0);
        assert.equal(
          sum(({ lines }) => lines),
          rest.length,
        );
        assert.equal(
          sum(({ contentBytes }) => contentBytes),
          rest.reduce((all, { content }) => all + Buffer.byteLength(content), 0),
        );
        const timeAt = (at: number) =>
          whole
            .toString('latin1', at + SECOND.length)
            .match(/^\d+/)?.[0]
            .padEnd(9, '0');
        const times = rest.map(({ nanosecond }) => String(nanosecond).padStart(9, '0')).sort();
        assert.equal(found.map(({ leastAt }) => timeAt(leastAt)).sort()[0], times[0]);
        assert.equal(
          found
            .map(({ greatestAt }) => timeAt(greatestAt))
            .sort()
            .at(-1),
          times.at(-1),
        );
      }),
    );
  });

  test(`lines of one second become the entries that they become one by one: ${form}`, () => {
    const bounds = fc.record({
      nanosecond: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.nat(999_999_999)),
      lines: fc.nat(40),
    });
    holds(
      fc.property(
        fc.array(line, { minLength: 1, maxLength: 30 }),
        fc.constantFrom(...OTHER),
        bounds,
        fc.nat(2_000_000),
        (lines, other, bounds, seq) => {
          const bytes = Buffer.from(
            `${lines.map((each) => textOf(each, form)).join('')}${form === 'cri' ? other : 'x'}\n`,
          );
          const window = new LineWindow(bytes, form);
          const text = {
            beginning: Buffer.from(`,\n{"seq":${seq},`),
            stdout: Buffer.from('","o":"'),
            stderr: Buffer.from('","e":"'),
          };
          const most = Math.min(bounds.lines, 10 ** String(seq).length - 1 - seq);
          let left = most;
          const written: Written[] = [];
          let out = '';
          const length = (some: readonly Line[]) => Buffer.byteLength(some.map((each) => textOf(each, form)).join(''));
          const end = length(lines);
          const write = (from: number) =>
            from < end ? window.entries(from, text, { ...bounds, lines: left }) : undefined;
          for (const next of stretches(0, write)) {
            out += next.bytes.toString();
            left -= next.lines;
            written.push(next);
          }
          const beyond = lines.findIndex(({ nanosecond }) => nanosecond >= bounds.nanosecond);
          const taken = lines.slice(0, Math.min(most, beyond === -1 ? lines.length : beyond));
          const told = taken.map((each, index) => {
            const about = form === 'cri' && each.stream === 'stderr' ? 'e' : 'o';
            const time = `${SECOND}${String(each.nanosecond).padStart(9, '0')}Z`;
            return `,\n{"seq":${seq + index},"time":"${time}","${about}":${JSON.stringify(each.content)}}`;
          });
          assert.equal(out, told.join(''));
          assert.equal(text.beginning.toString(), `,\n{"seq":${seq + taken.length},`);
          assert.equal(
            written.reduce((all, each) => all + each.lines, 0),
            taken.length,
          );
          assert.equal(
            Math.max(-1, ...written.map(({ nanosecond }) => nanosecond)),
            Math.max(-1, ...taken.map(({ nanosecond }) => nanosecond)),
          );
          if (taken.length > 0) assert.equal(written.at(-1)?.next, length(taken));
        },
      ),
    );
  });
}

test('two windows that alternate do not see the lines of each other', () => {
  const windows = ['a', 'b'].map(
    (content) => new LineWindow(Buffer.from(`${SECOND}1Z stdout F ${content}\n`.repeat(3)), 'cri'),
  );
  const texts = windows.map((window) => {
    const text = { beginning: Buffer.from(',\n{"seq":1,'), stdout: Buffer.from('"'), stderr: Buffer.from('"') };
    return () => window.entries(0, text, { nanosecond: Number.POSITIVE_INFINITY, lines: 1 })?.bytes.toString().at(-3);
  });
  assert.deepEqual([texts[0]?.(), texts[1]?.(), texts[0]?.()], ['a', 'b', 'a']);
});

test('a line that is longer than what is looked at is left to others', () => {
  const long = `${SECOND}1Z stdout F ${'x'.repeat(300_000)}\n`;
  const window = new LineWindow(
    Buffer.from(long + textOf({ nanosecond: 5, stream: 'stdout', content: 'y' }, 'cri')),
    'cri',
  );
  assert.equal(window.measure(0, 0), undefined);
  assert.equal(window.measure(long.length, 0)?.lines, 1);
});
