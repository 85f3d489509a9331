import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { splitCommand } from '../../../src/cli/ci/command.ts';
import type { Conclusion } from '../../../src/cli/ci/conclusion.ts';
import { junitOf, xml } from '../../../src/cli/ci/junit.ts';
import { code, markdownOf } from '../../../src/cli/ci/markdown.ts';
import { type CommandOutcome, exitCodeOfOutcome } from '../../../src/cli/ci/outcome.ts';
import { platformOf, safeLine } from '../../../src/cli/ci/platform.ts';
import { checkReports } from '../../../src/cli/ci/publish.ts';
import { describeError } from '../../../src/cli/exit.ts';
import { FaroError } from '../../../src/model/errors.ts';
import { temporaryFolder } from '../../folder.ts';

const HOSTILE = 'a\n::error::forged %0A ##[error]x </failure>]]> `code` \u001b[31m\u202e\u0000 | @all <script>&"\'';

function conclusion(more: Partial<Conclusion> = {}): Conclusion {
  const counts = { objects: 3, containers: 2, entries: 9, logLines: 4, events: 1, gaps: 0, redactions: 0 };
  return {
    targets: ['deployment/web'],
    goal: 'ready',
    command: { argv: ['helm', 'upgrade', HOSTILE], outcome: { type: 'exited', code: 0 }, seconds: 0.4 },
    output: 'story.json',
    seconds: 12.5,
    firstCause: undefined,
    result: { ended: 'until:ready failed', goal: 'failed', reason: HOSTILE },
    summary: {
      verdict: { status: 'failed', consequences: [] },
      counts,
      ended: 'until:ready failed',
      complete: false,
      incomplete: [HOSTILE],
      sha256: 'ab12',
      bytes: 10,
    },
    ...more,
  };
}

test('only a capture is made around a command, from the first -- on', () => {
  const args = ['node', 'faro', 'capture', 'deploy/web', '--', 'helm', '--', 'x'];
  assert.deepEqual(splitCommand(args), { own: args.slice(0, 4), command: ['helm', '--', 'x'] });
  assert.deepEqual(splitCommand(['node', 'faro', 'capture', 'x', '--']).command, []);
  assert.equal(splitCommand(['node', 'faro', 'check', '--', 'x']).command, undefined);
});

test('exit codes are those of timeout, env and docker run', () => {
  const cases: readonly (readonly [CommandOutcome, number])[] = [
    [{ type: 'exited', code: 0 }, 0],
    [{ type: 'exited', code: 42 }, 42],
    [{ type: 'killed', signal: 'SIGKILL' }, 137],
    [{ type: 'killed', signal: 'SIGTERM' }, 143],
    [{ type: 'notFound', message: '' }, 127],
    [{ type: 'notRunnable', message: '' }, 126],
  ];
  for (const [outcome, code] of cases) assert.equal(exitCodeOfOutcome(outcome), code);
});

test('the platform is known by its variables, and is none elsewhere', () => {
  const now = () => 1_700_000_000_999;
  assert.equal(platformOf({}, now), undefined);
  assert.equal(platformOf({ GITHUB_ACTIONS: 'true' }, now)?.begin('helm upgrade'), '::group::helm upgrade\n');
  assert.equal(
    platformOf({ GITLAB_CI: 'true' }, now)?.begin('helm upgrade'),
    '\u001b[0Ksection_start:1700000000:faro\r\u001b[0Khelm upgrade\n',
  );
});

test('nothing that an annotation holds begins a command or a line of its own', () => {
  const github = platformOf({ GITHUB_ACTIONS: 'true' }, () => 0);
  const line = github?.failure('a:b,c%', HOSTILE) ?? '';
  assert.match(line, /^::error title=a%3Ab%2Cc%25::/);
  assert.equal(line.split('\n').length, 2);
  assert.ok(line.endsWith('\n') && !line.includes('\u001b') && !line.includes('\u202e'));
  assert.ok(line.includes('%250A'));
});

test("no line of faro's own holds a command of the old form, which a runner obeys anywhere in it", () => {
  assert.equal(safeLine('16:07:00 E Pod/a  x ##[error]forged'), '16:07:00 E Pod/a  x # #[error]forged');
  assert.ok(!describeError(new FaroError('api', 'the server says ##[add-path]/tmp')).includes('##['));
});

test('a JUnit report holds what XML can hold and nothing else', () => {
  const report = junitOf(conclusion());
  assert.match(report, /^<\?xml version="1.0" encoding="UTF-8"\?>\n<testsuites tests="2" failures="1" time="12.500">/);
  assert.equal(report.match(/<testcase /g)?.length, 2);
  assert.equal(report.match(/<failure /g)?.length, 1);
  assert.equal(report.match(/<\/failure>/g)?.length, 1);
  assert.ok(!report.includes('<script>') && !report.includes('\u0000') && !report.includes('\u001b'));
  assert.equal(xml('\ud800 \uffff <&>'), '\ufffd \ufffd &lt;&amp;&gt;');
});

test('of the time of a recording the command has its own share, and the goal what is left', () => {
  const timesOf = (report: string) => [...report.matchAll(/<testcase [^\n]* time="([^"]*)"/g)].map(([, time]) => time);
  assert.deepEqual(timesOf(junitOf(conclusion())), ['0.400', '12.100']);
  assert.deepEqual(timesOf(junitOf(conclusion({ command: undefined }))), ['12.500']);
});

test('of a goal that was never judged the report tells neither success nor failure', () => {
  const failed = { argv: ['false'], outcome: { type: 'exited', code: 1 }, seconds: 0.1 } as const;
  const result = { ended: 'command failed: 1', goal: 'none', reason: '' } as const;
  const report = junitOf(conclusion({ command: failed, result }));
  assert.match(report, /tests="1" failures="1"/);
  assert.match(report, /exited with code 1/);
});

test('what is wrong with the workload is not told as the reason of a command that could not be started', () => {
  const firstCause = 'image cannot be pulled';
  const told = (outcome: CommandOutcome) => {
    const command = { argv: ['helm'], outcome, seconds: 0 };
    const result = { ended: 'command failed', goal: 'none', reason: '' } as const;
    return [junitOf, markdownOf].filter((of) => of(conclusion({ command, result, firstCause })).includes(firstCause));
  };
  assert.deepEqual(told({ type: 'notFound', message: 'ENOENT' }), []);
  assert.deepEqual(told({ type: 'exited', code: 1 }), [junitOf, markdownOf]);
});

test('in Markdown every text from outside is a code span that nothing in it can end', () => {
  assert.equal(code('a'), '`a`');
  assert.equal(code('``x`'), '``` ``x` ```');
  assert.equal(code('a\nb'), '`a b`');
  const summary = markdownOf(conclusion({ firstCause: 'image cannot be pulled' }));
  assert.match(summary, /^### ❌ faro: `deployment\/web: not ready`\n\n\*\*First cause:\*\* `image cannot be pulled`/);
  assert.match(summary, /not complete: ``/);
  for (const line of summary.split('\n')) assert.doesNotMatch(line, /^\s*(::|<)/);
});

test('a report that cannot be written is told before the recording, with its file, the place and the way out', async () => {
  const folder = temporaryFolder('reports');
  const file = join(folder, 'plain');
  writeFileSync(file, '');
  const missing = join(folder, 'none');
  const cases = [
    [
      { junit: join(missing, 'j.xml') },
      `there is no folder ${missing}`,
      'create it, or name another file with --junit',
    ],
    [{ summary: join(file, 's.md') }, `${file} is no folder`, 'name another file with --summary'],
    [{ junit: folder }, `${folder} is a folder`, 'name a file in it with --junit'],
  ] as const;
  for (const [options, place, hint] of cases)
    await assert.rejects(checkReports(options), (error) => {
      assert.ok(error instanceof FaroError && error.code === 'output');
      assert.ok(error.message.endsWith(place), error.message);
      assert.ok(error.message.startsWith(Object.values(options)[0] ?? ''), error.message);
      assert.equal(error.hint, hint);
      return true;
    });
  writeFileSync(join(folder, 'kept.md'), 'of the run before');
  await checkReports({ junit: join(folder, 'junit.xml'), summary: join(folder, 'kept.md') });
  await checkReports({ junit: '/dev/null' });
  assert.deepEqual(readdirSync(folder).sort(), ['kept.md', 'plain'], 'nothing stays of a try');
  assert.equal(readFileSync(join(folder, 'kept.md'), 'utf8'), 'of the run before');
});
