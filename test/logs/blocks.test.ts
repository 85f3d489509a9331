import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BlockBuilder, measure } from '../../src/logs/blocks.ts';
import { holds } from '../property.ts';

const T = (fraction: string) => `2026-11-23T12:00:05.${fraction.padEnd(9, '0')}Z`;

test('chunks cut anywhere give the same whole lines', () => {
  const text = Buffer.from(`${T('1')} a\n${T('2')} \n${T('3')} b\xff\n`, 'latin1');
  holds(
    fc.property(fc.array(fc.nat({ max: text.length }), { maxLength: 10 }), (cuts) => {
      const builder = new BlockBuilder();
      let from = 0;
      const taken: Buffer[] = [];
      for (const to of [...cuts.sort((a, b) => a - b), text.length]) {
        builder.push(text.subarray(from, to));
        if (builder.hasLines) taken.push(builder.take());
        from = to;
      }
      for (const block of taken) assert.equal(block.at(-1), 10);
      assert.ok(Buffer.concat(taken).equals(text));
      assert.equal(builder.tail.length, 0);
    }),
  );
});

test('a last line without a newline is whole at the end', () => {
  const builder = new BlockBuilder();
  builder.push(Buffer.from(`${T('1')} no newline`));
  assert.equal(builder.hasLines, false);
  assert.ok(builder.tail.length > 0);
  builder.endLine();
  assert.equal(builder.take().toString(), `${T('1')} no newline\n`);
});

test('a block states its lines and its smallest and greatest time, not its first and last', () => {
  const bytes = Buffer.from(`${T('5')} a\n${T('2')} b\n${T('9')} c\n${T('3')} d\n`);
  const { block, undated } = measure(bytes);
  assert.deepEqual(undated, []);
  assert.equal(block?.lines, 4);
  assert.equal(block?.first, T('2'));
  assert.equal(block?.last, T('9'));
  assert.equal(block?.bytes, bytes);
});

test('times that are not padded or not in UTC are read too', () => {
  const { block } = measure(Buffer.from(`2026-11-23T14:00:05.5+02:00 a\n2026-11-23T12:00:04Z b\n`));
  assert.equal(block?.first, T('0').replace('05', '04'));
  assert.equal(block?.last, T('5'));
});

test("a line without a time is the kubelet's own and comes apart from the container's", () => {
  const { block, undated } = measure(Buffer.from(`${T('1')} a\nrpc error: code = Unknown\n${T('2')} b\n`));
  assert.deepEqual(undated, ['rpc error: code = Unknown']);
  assert.equal(block?.lines, 2);
  assert.equal(block?.bytes.toString(), `${T('1')} a\n${T('2')} b\n`);
});

test('a block of nothing but undated lines is none', () => {
  assert.deepEqual(measure(Buffer.from('unable to retrieve container logs\n')), {
    isRising: true,
    block: undefined,
    undated: ['unable to retrieve container logs'],
  });
});

const FORMS = [
  (fraction: string) => `${T(fraction)} `,
  (fraction: string) => `${T(fraction).replace(/0*Z$/, 'Z')} `,
  (fraction: string) => `${T(fraction).replace('05.', '06.')} `,
  () => 'rpc error ',
];
const lines = fc.array(
  fc.tuple(
    fc.oneof({ weight: 30, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(FORMS.length - 1) }),
    fc.oneof({ weight: 30, arbitrary: fc.constant(-1) }, { weight: 1, arbitrary: fc.nat(99) }),
    fc.string({ maxLength: 20 }),
  ),
  { minLength: 1, maxLength: 40, size: 'max' },
);

test('what a block states is what its lines are one by one', () => {
  holds(
    fc.property(lines, (lines) => {
      const texts = lines.map(([form, nanosecond, content], index) => {
        const fraction = String(nanosecond === -1 ? 100 + index : nanosecond).padStart(9, '0');
        return `${FORMS[form]?.(fraction)}${content.replaceAll('\n', ' ')}`;
      });
      const each = texts.map((text) => measure(Buffer.from(`${text}\n`)));
      const dated = each.flatMap(({ block }) => block ?? []);
      const measured = measure(Buffer.from(texts.map((text) => `${text}\n`).join('')));
      assert.deepEqual(
        measured.undated,
        each.flatMap(({ undated }) => undated),
      );
      assert.equal(measured.block?.lines ?? 0, dated.length);
      assert.equal(
        measured.block?.contentBytes ?? 0,
        dated.reduce((sum, { contentBytes }) => sum + contentBytes, 0),
      );
      assert.equal(measured.block?.first, dated.map(({ first }) => first).sort()[0]);
      assert.equal(
        measured.block?.last,
        dated
          .map(({ last }) => last)
          .sort()
          .at(-1),
      );
      const isRising = dated.every(({ first }, index) => index === 0 || first > (dated[index - 1]?.first ?? ''));
      assert.equal(measured.isRising, isRising);
    }),
    { numRuns: 500 },
  );
});
