import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogRecord } from '../../../src/model/record.ts';
import type { Timestamp } from '../../../src/model/time.ts';
import { entryLine } from '../../../src/view/terminal/entry-line.ts';
import { INITIAL, keysOf, pressed } from '../../../src/view/terminal/keys.ts';
import { LogSample } from '../../../src/view/terminal/log-sample.ts';
import { painter, wantsColour } from '../../../src/view/terminal/painter.ts';
import { Screen } from '../../../src/view/terminal/screen.ts';
import { ageText } from '../../../src/view/terminal/tree-lines.ts';
import { clip, columnsOf } from '../../../src/view/terminal/width.ts';

const INSTANCE = { podUid: 'u', namespace: 'shop', pod: 'web-1', container: 'app', restart: 0 };

function block(lines: readonly string[], format: LogRecord['format'] = 'timestamped'): LogRecord {
  const bytes = Buffer.from(
    lines.map((line, index) => `2026-11-25T19:00:${String(index).padStart(2, '0')}Z ${line}\n`).join(''),
  );
  const time = '' as Timestamp;
  const position = { observed: time, first: time, last: time, file: null, offset: 0, unterminated: false };
  return { kind: 'log', stream: 1, format, lines: lines.length, contentBytes: 0, bytes, ...position };
}

test('a frame writes only the lines that changed, and leaving gives the terminal back once', () => {
  let written = '';
  const screen = new Screen({ write: (text: string) => (written += text) });
  screen.draw(['lost: not entered yet']);
  assert.equal(written, '');
  screen.enter();
  screen.draw(['a', 'b', 'c']);
  written = '';
  screen.draw(['a', 'B']);
  assert.equal(written, '\u001b[2;1HB\u001b[K\u001b[3;1H\u001b[K');
  written = '';
  screen.draw(['a', 'B']);
  assert.equal(written, '');
  screen.forget();
  screen.draw(['a', 'B']);
  assert.match(written, /1;1Ha.*2;1HB/);
  written = '';
  screen.leave();
  screen.leave();
  assert.equal(written, '\u001b[?7h\u001b[?25h\u001b[?1049l');
});

test('text is cut to columns, wide characters counted as two and marks as none', () => {
  assert.equal(columnsOf('ab日本🚀e\u0301'), 9);
  assert.equal(clip('abcdef', 6), 'abcdef');
  assert.equal(clip('abcdef', 5), 'abcd…');
  assert.equal(clip('日本語', 5), '日本…');
  assert.equal(clip('日本語', 4), '日…');
  assert.equal(clip('x', 0), '');
  for (let columns = 0; columns < 12; columns += 1) assert.ok(columnsOf(clip('a日b本c🚀', columns)) <= columns);
});

test('a painted line is cut at the width, whatever its colours', () => {
  const line = entryLine({
    time: '2026-11-25T19:00:00.123456789Z',
    type: 'event',
    who: 'Pod/a',
    text: 'x'.repeat(99),
    isBad: true,
  });
  assert.equal(painter(false)(line, 30), '19:00:00.123 E Pod/a  xxxxxxx…');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
  assert.equal(painter(true)(line, 30).replaceAll(/\u001b\[[0-9;]*m/g, ''), painter(false)(line, 30));
});

test('hostile text of an entry stands on its line as pictures', () => {
  const line = entryLine({
    time: '\u001b[2J',
    type: 'log',
    who: 'a\u202eb',
    text: '\u001b]0;x\u0007\r\nforged',
    isBad: false,
  });
  assert.equal(painter(false)(line, 99), '               a�b  ␛]0;x␇␍␊forged');
});

test('colour follows NO_COLOR, FORCE_COLOR and the terminal', () => {
  const cases: readonly (readonly [NodeJS.ProcessEnv, boolean, boolean])[] = [
    [{ TERM: 'xterm' }, true, true],
    [{ TERM: 'xterm' }, false, false],
    [{ TERM: 'xterm', NO_COLOR: '1' }, true, false],
    [{ TERM: 'xterm', NO_COLOR: '' }, true, true],
    [{ TERM: 'dumb' }, true, false],
    [{ FORCE_COLOR: '1' }, false, true],
    [{ FORCE_COLOR: '0', TERM: 'xterm' }, true, false],
  ];
  for (const [env, isTerminal, expected] of cases)
    assert.equal(wantsColour(env, isTerminal), expected, JSON.stringify(env));
});

test('only the newest lines of a block become text, in order, and each once', () => {
  const sample = new LogSample();
  sample.take(INSTANCE, block(Array.from({ length: 60 }, (_, index) => `line ${index}`)));
  assert.deepEqual(
    sample.drain(3).map(({ text }) => text),
    ['line 57', 'line 58', 'line 59'],
  );
  assert.deepEqual(sample.drain(3), []);
  sample.take(INSTANCE, block(['only one']));
  assert.deepEqual(
    sample.drain(3).map(({ time, who, text }) => [time, who, text]),
    [['2026-11-25T19:00:00Z', 'web-1/app', 'only one']],
  );
  sample.take(INSTANCE, block(['stderr F from a file', 'stdout P part'], 'cri'));
  assert.deepEqual(
    sample.drain(3).map(({ text }) => text),
    ['from a file', 'part'],
  );
});

test('a needle finds the newest lines that hold it, and never a time', () => {
  const sample = new LogSample();
  sample.take(INSTANCE, block(['error a', 'fine', 'error b', 'error c error', 'fine 19']));
  assert.deepEqual(
    sample.drain(2, 'error').map(({ text }) => text),
    ['error b', 'error c error'],
  );
  sample.take(INSTANCE, block(['fine', 'fine 19']));
  assert.deepEqual(
    sample.drain(9, '19:00').map(({ text }) => text),
    [],
  );
});

test('keys pause, filter and end; sequences of other keys do nothing', () => {
  const type = (input: string) =>
    keysOf(input).reduce(
      ({ controls, actions }, key) => {
        const next = pressed(controls, key);
        return { controls: next.controls, actions: [...actions, ...(next.action === undefined ? [] : [next.action])] };
      },
      { controls: INITIAL, actions: [] as string[] },
    );
  assert.equal(type(' ').controls.isPaused, true);
  assert.equal(type(' p').controls.isPaused, false);
  assert.deepEqual(type('/db\u007f\u007fcart\r').controls, { isPaused: false, filter: 'cart', isTyping: false });
  assert.deepEqual(type('/q\u001b').controls, INITIAL);
  assert.deepEqual(type('/x\u001b[A\u001bOB\r').controls.filter, 'x');
  assert.deepEqual(type('q\u0003\u001a').actions, ['quit', 'quit', 'suspend']);
  assert.deepEqual(type('/q').actions, []);
});

test('an age is told as kubectl tells it', () => {
  assert.deepEqual([-5, 45_000, 119_999, 120_000, 7_200_000, 200_000_000].map(ageText), [
    '0s',
    '45s',
    '119s',
    '2m',
    '2h',
    '2d',
  ]);
});
