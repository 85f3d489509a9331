import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { test } from 'node:test';
import { momentIn } from '../../src/cli/moment.ts';
import { matcherOf } from '../../src/cli/pattern.ts';
import { type ViewOptions, view } from '../../src/cli/view.ts';
import { FaroError } from '../../src/model/errors.ts';
import type { Story, TimelineEntry } from '../../src/story/document.ts';
import { temporaryFolder } from '../folder.ts';
import { canonical, sampleStory } from '../story/sample.ts';
import { onTerminal, skipped } from '../view/terminal/tmux.ts';

const never = new AbortController().signal;
const interrupts = { first: never, second: never };
const LINES = ['starting', 'cannot reach db', 'a\u001b[2J\u202eb\u0000', 'ready'];
const file = join(temporaryFolder('view'), 'story.json');
writeFileSync(
  file,
  canonical(
    withStates(
      sampleStory(
        LINES.map((line) => [0, line] as const),
        true,
      ),
    ),
  ),
);

/** The pod runs after the second line, with a number that no double holds, and is deleted at the end. */
function withStates(story: Story): Story {
  const at = (second: number, more: Partial<Extract<TimelineEntry, { type: 'object' }>>): TimelineEntry => {
    const time = `2026-11-23T12:00:0${second}.500000000Z`;
    return {
      seq: 0,
      time,
      observed: time,
      timeSource: 'observed',
      type: 'object',
      object: 0,
      action: 'changed',
      resourceVersion: '2',
      ...more,
    };
  };
  const running = { op: 'add', path: '/status', value: { phase: 'Running', big: JSON.parse('1e3') } } as const;
  const timeline = [
    ...story.timeline,
    at(2, { manager: 'kubelet', patch: [{ op: 'replace', path: '/metadata/resourceVersion', value: '2' }, running] }),
    at(4, { action: 'deleted', patch: [] }),
  ].sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : a.seq - b.seq));
  return { ...story, timeline: timeline.map((entry, seq) => ({ ...entry, seq })) };
}

/** The command's own code in this process, writing to a pipe. */
async function shown(options: Partial<ViewOptions> = {}): Promise<string> {
  let text = '';
  const stdout = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk;
      done();
    },
  });
  assert.equal(await view(file, { pager: true, ...options }, { env: {}, stdout, interrupts }), 0);
  return text;
}

test('faro view shows the verdict, the objects at the end and the time line, without one control character', async () => {
  const stdout = await shown();
  assert.match(stdout, /^Pod\/web {2}https:\/\/x v1\n[\s\S]*not complete: gap in the log[\s\S]*\nfailed: s\n/);
  assert.match(stdout, /^Pod\/web {2}deleted/m);
  assert.match(stdout, /^12:00:02\.000 {3}web\/app {2}cannot reach db$/m);
  assert.match(stdout, /^12:00:02\.500 ~ Pod\/web {2}changed by kubelet: \/status$/m);
  assert.match(stdout, /^12:00:05\.000 ! web\/app#1 {2}known gap \(rotation\): none$/m);
  assert.ok(!/[^\n\P{C}]|\p{Bidi_Control}/u.test(stdout));
  assert.ok(stdout.includes('a␛[2J�b␀'));
});

test('faro view takes only what the filters let through', async () => {
  const only = async (options: Partial<ViewOptions>) =>
    (await shown(options))
      .split('\n')
      .filter((line) => /^\d\d:/.test(line))
      .map((line) => line.slice(0, 14));
  assert.deepEqual(await only({ type: ['log'], grep: 'db|^ready$' }), ['12:00:02.000  ', '12:00:04.000  ']);
  assert.deepEqual(await only({ type: ['gap,note'] }), ['12:00:05.000 !', '12:00:05.000 i']);
  assert.deepEqual(await only({ since: '+3s', until: '12:00:04', type: ['log'] }), [
    '12:00:03.000  ',
    '12:00:04.000  ',
  ]);
  const all = await only({});
  assert.deepEqual(await only({ entry: ['3', '1,5'] }), [all[1], all[3], all[5]]);
  const line = all.indexOf('12:00:02.000  ');
  assert.deepEqual(await only({ entry: [`0,${line}`], type: ['log'] }), ['12:00:02.000  ']);
  for (const object of ['pod/w*', 'po/web', 'pods/web', 'web'])
    assert.deepEqual(await only({ object: [object], type: ['event'] }), ['12:00:00.000 E'], object);
});

test('faro view shows every object as it was at a moment, whole as YAML where it is named', async () => {
  assert.match(await shown({ at: '+1s' }), /^Pod\/web {2}Pending/m);
  assert.match(await shown({ at: '12:00:03' }), /^Pod\/web {2}Running/m);
  const stdout = await shown({ at: '2s', object: ['web'] });
  assert.match(
    stdout,
    /^# Pod\/web at 2026-11-23T12:00:03\.000000000Z\napiVersion: v1\nkind: Pod\n[\s\S]*phase: Running/,
  );
});

test('faro view says what is wrong and what would be right', async () => {
  const refused = (options: Partial<ViewOptions>, message: RegExp, hint: RegExp) =>
    assert.rejects(shown(options), (error) => {
      assert.ok(error instanceof FaroError && error.code === 'usage');
      assert.match(error.message, message);
      assert.match(error.hint ?? '', hint);
      return true;
    });
  await refused({ grep: 'a(?=b)' }, /^--grep: "a\(\?=b\)"/, /lookaround and backreferences/);
  await refused({ grep: '(a' }, /missing closing \)/, /syntax/);
  await refused({ object: ['nginx'] }, /no "nginx"/, /Pod\/web/);
  await refused({ at: 'soon' }, /^--at: "soon"/, /16:07:03/);
  await refused({ at: '99:00' }, /^--at: "99:00" is no time of day$/, /16:07:03/);
  await refused({ at: '2026-11-23T11:00:00Z' }, /^--at: .* is before the recording began$/, /from 2026-11-23T12:00:00/);
  await refused({ at: '13:00' }, /^--at: .* is after the recording ended$/, /to 2026-11-23T12:00:05/);
  await refused({ object: ['deploy/web'] }, /no "deploy\/web"/, /Pod\/web/);
  await refused({ entry: ['1,999'] }, /^--entry: there is no entry "999"/, /0 to \d+;/);
  await refused({ entry: ['#1'] }, /^--entry: there is no entry "#1"/, /faro explain/);
  await refused({ type: ['logs'] }, /"logs"/, /log, event/);
});

test('a file that cannot be read is told by name, place and way out', async () => {
  const folder = dirname(file);
  for (const [path, message, hint] of [
    [join(folder, 'none.json'), /^there is no file .*none\.json$/, /check its name/],
    [join(folder, 'none', 'story.json'), /there is no folder .*none$/, /check its name/],
    [join(file, 'story.json'), /story\.json is no folder$/, /check the name/],
    [folder, /is a folder$/, /faro recover/],
  ] as const)
    await assert.rejects(view(path, { pager: false }, { env: {}, stdout: new PassThrough(), interrupts }), (error) => {
      assert.ok(error instanceof FaroError);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /ENO|EIS/);
      assert.match(error.hint ?? '', hint);
      return true;
    });
});

test('faro view goes through $PAGER on a terminal, and is plain text in a pipe that ends early', {
  skip: skipped,
}, async () => {
  const command = (env: string, more = '') => `${env} ${process.execPath} src/main.ts view ${file} ${more}`;
  await using paged = await onTerminal(command('PAGER="sed s/^/paged:/"'));
  await using unpaged = await onTerminal(command('PAGER="sed s/^/paged:/" NO_COLOR=1', '--no-pager | head -n 1'));
  await paged.shows(/^paged:.*the end[\s\S]*ended with 0/m);
  const text = await unpaged.shows(/^Pod\/web[\s\S]*ended with 0/);
  assert.doesNotMatch(text, /paged|Error/);
});

test('a moment is an exact time, a time of day, or counted from either end', () => {
  const story = { startTime: '2026-11-23T23:59:50.000000000Z', endTime: '2026-11-24T00:01:00.000000000Z' };
  const cases: readonly (readonly [string, string])[] = [
    ['2026-11-23T23:59:55Z', '2026-11-23T23:59:55.000000000Z'],
    ['2026-11-24T01:00:00+01:00', '2026-11-24T00:00:00.000000000Z'],
    ['23:59:55.25', '2026-11-23T23:59:55.250000000Z'],
    ['00:00:10', '2026-11-24T00:00:10.000000000Z'],
    ['00:01', '2026-11-24T00:01:00.000000000Z'],
    ['+15s', '2026-11-24T00:00:05.000000000Z'],
    ['1m', '2026-11-24T00:00:00.000000000Z'],
  ];
  for (const [text, expected] of cases) assert.equal(momentIn(text, story, '--at'), expected, text);
  assert.throws(() => momentIn('25:00', story, '--at'), /time of day/);
});

test('an expression that takes other matchers for ever is linear', () => {
  const startedAt = performance.now();
  assert.equal(matcherOf('(a+)+$', '--grep')(`${'a'.repeat(50_000)}b`), false);
  assert.ok(performance.now() - startedAt < 5000);
});
