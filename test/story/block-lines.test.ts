import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CriJoiner } from '../../src/logs/cri-lines.ts';
import { parseTimestamp, type Timestamp } from '../../src/model/time.ts';
import { BlockLines, STREAMS } from '../../src/story/block-lines.ts';
import { DocumentText } from '../../src/story/document-text.ts';
import { addEscaped, unescaped, viewOf } from '../../src/story/json-bytes.ts';
import { KeptLine } from '../../src/story/kept-line.ts';
import { LineTime } from '../../src/story/line-time.ts';
import { nanosecondOf, secondOf } from '../../src/story/order.ts';
import { holds } from '../property.ts';

const FIRST = '2026-11-23T12:00:00.000000000Z' as Timestamp;

/** Times as nodes write them, and what may stand in their place after a crash. */
const times = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('2026-11-23', '2026-11-24', '2026-13-45'),
      fc.nat(25),
      fc.nat(61),
      fc.nat(61),
      fc.nat(999_999_999),
    )
    .map(([day, hour, minute, second, fraction]) => {
      const clock = [hour, minute, second].map((value) => String(value).padStart(2, '0')).join(':');
      return `${day}T${clock}.${String(fraction).padStart(9, '0').replace(/0+$/, '') || '0'}Z`;
    }),
  fc.constantFrom(
    '2026-11-23T12:00:07Z',
    '2026-11-23T12:00:07.5+02:00',
    '2026-11-23T12:0a:07.5Z',
    '2026-11-23T12:00:07.5xZ',
    '2026-11-23T12:00:07.123456789Z',
    '2026-11-23T12:00:07.12345678xZ',
    '2026-11-23T12:00:07.1234x6789Z',
    'x',
    '"',
    '',
  ),
);

test('the time of a line is the one that parseTimestamp finds there, whatever came before it', () => {
  holds(
    fc.property(fc.array(times, { minLength: 1, maxLength: 20 }), (texts) => {
      const line = new LineTime();
      let expected = FIRST;
      line.set(expected);
      for (const text of texts) {
        const parsed = parseTimestamp(text);
        const bytes = Buffer.from(`.${text} `);
        line.enter(bytes, viewOf(bytes));
        assert.equal(line.take(1, 1 + text.length), parsed !== undefined, text);
        expected = parsed ?? expected;
        assert.equal(line.json.toString(), `"time":"${expected}`);
        assert.deepEqual([line.second, line.nanosecond], [secondOf(expected), nanosecondOf(expected)]);
      }
    }),
    { numRuns: 500 },
  );
});

const records = fc.array(
  fc.record({
    time: times.filter((time) => time === '' || parseTimestamp(time) !== undefined),
    stream: fc.constantFrom('stdout', 'stderr'),
    tag: fc.constantFrom('F', 'F', 'P'),
    content: fc.string({ unit: 'binary', maxLength: 30 }).map((text) => text.replaceAll('\n', '')),
  }),
  { maxLength: 30 },
);

test('the records of a log are taken apart into the lines that the joiner makes of them, over blocks, to their end', () => {
  holds(
    fc.property(records, fc.array(fc.nat(30), { maxLength: 4 }), (all, cuts) => {
      const text = all.map(({ time, stream, tag, content }) => `${time} ${stream} ${tag} ${content}\n`);
      const ends = [...cuts, all.length].sort((a, b) => a - b);
      const blocks = ends.map((end, index) => Buffer.from(text.slice(index === 0 ? 0 : ends[index - 1], end).join('')));
      const joiner = new CriJoiner();
      const expected = blocks.flatMap((block) => [...joiner.lines(block)]).concat([...joiner.rest()] as []);
      const lines = new BlockLines(FIRST);
      const found = blocks.flatMap((bytes, index) => {
        lines.enter({ bytes, format: 'cri', unterminated: index === blocks.length - 1 });
        return linesOf(lines);
      });
      assert.deepEqual(
        found,
        expected.map(({ time, stream, content }) => ({ time, stream, content: content.toString('hex') })),
      );
    }),
    { numRuns: 300 },
  );
});

function linesOf(lines: BlockLines): { time: string; stream: string | undefined; content: string }[] {
  const found = [];
  while (lines.next())
    found.push({
      time: lines.time.json.toString('latin1', 8),
      stream: STREAMS[lines.stream],
      content: lines.bytes.toString('hex', lines.from, lines.to),
    });
  return found;
}

test('of a log with timestamps each line has its own, else that of the line before it', () => {
  const lines = new BlockLines(FIRST);
  const text = '2026-11-23T12:00:01.5Z a b\nno time\n\n2026-11-23T12:00:02Z \n2026-11-23T12:00:02.1Z 78901Z c';
  lines.enter({ bytes: Buffer.from(text), format: 'timestamped', unterminated: false });
  const contents = linesOf(lines).map(({ time, content }) => [
    time.slice(17, 21),
    Buffer.from(content, 'hex').toString(),
  ]);
  assert.deepEqual(contents, [
    ['01.5', 'a b'],
    ['01.5', 'time'],
    ['01.5', ''],
    ['02.0', ''],
    ['02.1', '78901Z c'],
  ]);
});

test('a line is escaped as JSON.stringify escapes it, and a beginning of it can be read again', () => {
  const text = new DocumentText(async () => undefined);
  holds(
    fc.property(fc.string({ unit: 'binary', maxLength: 3000 }), fc.nat(20_000), (line, cut) => {
      text.length = 0;
      const bytes = Buffer.from(line.repeat(3));
      addEscaped(text, viewOf(bytes), 0, bytes.length);
      const [told, expected] = [text.bytes.subarray(0, text.length), JSON.stringify(bytes.toString())];
      assert.equal(told.toString(), expected.slice(1, -1));
      assert.equal(unescaped(told, 0, told.length), bytes.toString());
      const beginning = unescaped(told, 0, Math.min(cut, told.length));
      assert.ok(bytes.toString().startsWith(beginning.replace(/�$/, '')));
    }),
    { numRuns: 200 },
  );
});

test('a character that JSON escapes is so at whatever place of a word it stands', () => {
  const text = new DocumentText(async () => undefined);
  for (let code = 0; code < 0x100; code += 1)
    for (let at = 1; at < 10; at += 1) {
      const line = Buffer.from(`${'é'.repeat(at)}${String.fromCharCode(code)}abcdefgh${String.fromCharCode(code)}`);
      text.length = 0;
      addEscaped(text, viewOf(line), 2, line.length);
      assert.equal(text.bytes.toString('utf8', 0, text.length), JSON.stringify(line.toString('utf8', 2)).slice(1, -1));
    }
});

test('of a line that may be the last of a container its beginning is kept, whatever its length', () => {
  const kept = new KeptLine();
  for (const line of ['x', '', 'y'.repeat(100_000), '\u0001'.repeat(10_000), 'short again']) {
    const json = Buffer.from(`"type":"log","line":${JSON.stringify(line)}}`);
    kept.keep(Buffer.concat([Buffer.from('??'), json]), 2, 2 + json.length);
    assert.ok(line.startsWith(kept.text));
    assert.ok(kept.text.length >= Math.min(line.length, 1200), 'as much as a verdict looks at');
  }
  const bytes = Buffer.from(`"type":"log","bytes":"${Buffer.from('bad').toString('base64')}"}`);
  kept.keep(bytes, 0, bytes.length);
  assert.equal(kept.text, 'bad');
});
