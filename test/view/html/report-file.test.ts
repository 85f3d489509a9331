import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { reportBeside } from '../../../src/cli/report.ts';
import { openStory } from '../../../src/story/reader.ts';
import { decodeReport } from '../../../src/view/html/data/decode.ts';
import type { ReportData } from '../../../src/view/html/data/report-data.ts';
import { writeReport } from '../../../src/view/html/write/report.ts';
import { faro } from '../../e2e/capture.ts';
import { temporaryFolder } from '../../folder.ts';
import { StoryMaker } from './story-maker.ts';

const folder = temporaryFolder('report-file');

/** The data that stands in a report. */
function dataOf(html: string): ReportData {
  const [, base64 = ''] = /id="story">([A-Za-z0-9+/=]*)<\/script>/.exec(html) ?? [];
  return decodeReport(gunzipSync(Buffer.from(base64, 'base64')));
}

function twoHundredLines(): string {
  const maker = new StoryMaker();
  const run = maker.container(maker.object('Pod', 'web-1'), 'app');
  for (let index = 0; index < 200; index += 1) maker.log(run, index, `line ${index}`);
  const file = join(folder, 'lines.json');
  writeFileSync(file, JSON.stringify(maker.finish(1000)));
  return file;
}

test('a report that leaves lines out says how many, of which run, and keeps the others in their order', async () => {
  await using reader = await openStory(twoHundredLines());
  let html = '';
  const summary = await writeReport(
    reader,
    async (chunk) => {
      html += chunk;
    },
    { lines: 100, bytes: 1e9 },
  );
  const { facts, logs } = dataOf(html);
  assert.equal(summary.omittedLines, 100);
  assert.equal(summary.bytes, Buffer.byteLength(html));
  assert.deepEqual(facts.omitted, [{ container: 0, lines: 100 }]);
  assert.deepEqual([logs.count, logs.seq[24], logs.seq[25]], [100, 24, 125]);
});

test('a story without a verdict, as an older faro wrote it, is judged for its report', async () => {
  const output = join(folder, 'old.html');
  const { code, stderr } = await faro(['report', 'test/verdict/stories/crash-loop.json.gz', '-o', output]).exit;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /old\.html: the report, \d+ KiB; it opens in any browser, offline/);
  const { verdict } = dataOf(readFileSync(output, 'utf8')).facts;
  assert.equal(verdict?.status, 'failed');
  assert.equal(verdict?.firstCause?.rule, 'crash-loop');
});

test('a report stands beside its story, and takes no other’s place without --force', async () => {
  assert.equal(reportBeside('a/story.json.zst'), 'a/story.html');
  assert.equal(reportBeside('story'), 'story.html');
  const story = twoHundredLines();
  assert.equal((await faro(['report', story]).exit).code, 0);
  const again = await faro(['report', story]).exit;
  assert.equal(again.code, 4);
  assert.match(again.stderr, /lines\.html exists already/);
  assert.equal((await faro(['report', story, '--force']).exit).code, 0);
});

test('what is no story leaves no report, and says why', async () => {
  writeFileSync(join(folder, 'broken.json'), '{"apiVersion":"faro/v1"');
  const { code, stderr } = await faro(['report', join(folder, 'broken.json')]).exit;
  assert.notEqual(code, 0);
  assert.match(stderr, /broken\.json/);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('broken') || name.endsWith('.tmp')),
    ['broken.json'],
  );
});

test('a checkout without what builds the page says so before any work, and how to get it', async () => {
  const checkout = join(folder, 'checkout');
  cpSync('src', join(checkout, 'src'), { recursive: true });
  cpSync('package.json', join(checkout, 'package.json'));
  mkdirSync(join(checkout, 'node_modules'));
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: object };
  for (const name of Object.keys(dependencies))
    symlinkSync(resolve('node_modules', name), join(checkout, 'node_modules', name));
  for (const args of [
    ['report', twoHundredLines()],
    ['capture', 'pod/web', '-o', join(folder, 'new.json'), '--report'],
  ]) {
    const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((done) => {
      const options = { cwd: checkout, env: { ...process.env, KUBECONFIG: join(folder, 'none') } };
      execFile(process.execPath, ['src/main.ts', ...args], options, (error, _stdout, stderr) =>
        done({ code: error?.code ?? 0, stderr }),
      );
    });
    assert.equal(code, 4, stderr);
    assert.match(stderr, /^faro: this checkout cannot draw reports: .*\n {2}npm ci, without --omit=dev, brings it/);
  }
  assert.ok(!existsSync(join(folder, 'new.json.journal')));
});
