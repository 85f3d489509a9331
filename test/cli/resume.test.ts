import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { systemClock } from '../../src/cli/context.ts';
import { DemoCluster } from '../../src/demo/cluster.ts';
import { prepareShop } from '../../src/demo/scenario.ts';
import type { Story } from '../../src/story/document.ts';
import { verifyStory } from '../../src/verify/verify.ts';
import { type Command, faro } from '../e2e/capture.ts';
import { temporaryFolder } from '../folder.ts';
import { trueLines, until } from '../record/harness.ts';

const folder = temporaryFolder('resumed');
const said = ['--log-format', 'json', '--log-level', 'info'];
let cluster: DemoCluster;
/** Of a capture that was killed; each test has a copy of it. */
let left: string;

before(async () => {
  cluster = await DemoCluster.start({ clock: systemClock, seed: 7 });
  prepareShop(cluster);
  cluster.run();
  const output = join(folder, 'left.json');
  const at = ['-n', 'shop', '-o', output, '--kubeconfig', kubeconfigOf(cluster)];
  const killed = faro(['capture', 'deployment/web', ...at, '--for', '1h', ...said]);
  await killed.said('"msg":"recording"');
  await moreLines();
  killed.kill();
  await killed.exit;
  left = `${output}.journal`;
});

after(() => cluster[Symbol.asyncDispose]());

function kubeconfigOf(of: DemoCluster): string {
  const file = join(mkdtempSync(join(folder, 'at-')), 'config');
  writeFileSync(file, of.kubeconfig());
  return file;
}

async function moreLines(): Promise<void> {
  const written = () =>
    cluster.store
      .list(cluster.pods, 'shop')
      .reduce((sum, { metadata }) => sum + trueLines(cluster, metadata.uid, 'web').length, 0);
  const before = written();
  await until('the containers wrote some lines', () => written() > before + 30);
}

function copyOf(name: string): string {
  const journal = join(folder, name);
  cpSync(left, journal, { recursive: true });
  return journal;
}

async function refused(command: Command, why: RegExp, wayOut = /faro recover/): Promise<void> {
  const { code, stderr } = await command.exit;
  assert.equal(code, 4, stderr);
  assert.match(stderr, why);
  assert.match(stderr, wayOut);
}

test('a capture that was killed goes on: one story of all of it, each line once, and the journal is gone', async () => {
  const journal = copyOf('on.journal');
  const output = join(folder, 'on.json');
  await moreLines();
  const resumed = faro(['capture', '--resume', journal, '-o', output, ...said]);
  await resumed.said('"msg":"recording"');
  await refused(faro(['capture', '--resume', journal]), /is in use by process \d+/, /Ctrl-C/);
  await moreLines();
  resumed.interrupt();
  const { code, stderr } = await resumed.exit;
  assert.equal(code, 0, stderr);
  assert.ok(!existsSync(journal));
  assert.deepEqual((await verifyStory(output)).problems, []);
  const story = JSON.parse(readFileSync(output, 'utf8')) as Story;
  assert.equal(story.metadata.ended, 'interrupted');
  assert.equal(story.metadata.resumed?.length, 1);
  assert.equal(story.metadata.options.for, '1h');
  assert.deepEqual(story.gaps, []);
  assert.deepEqual(story.metadata.incomplete, []);
  for (const [index, { object, name }] of story.containers.entries()) {
    const lines = story.timeline.flatMap((entry) =>
      entry.type === 'log' && entry.container === index ? [`${entry.time} ${entry.line}`] : [],
    );
    const truth = trueLines(cluster, story.objects[object]?.uid ?? '', name);
    assert.deepEqual(lines, truth.slice(0, lines.length));
    assert.ok(lines.length > 0);
  }
});

test('a capture whose time was over meanwhile ends when it is known what there is now', async () => {
  const journal = copyOf('over.journal');
  const output = join(folder, 'over.json');
  const { code, stderr } = await faro(['capture', '--resume', journal, '-o', output, '--for', '1ms', ...said]).exit;
  assert.equal(code, 0, stderr);
  const story = JSON.parse(readFileSync(output, 'utf8')) as Story;
  assert.equal(story.metadata.ended, 'for');
});

test('options that belong to the capture from its beginning are refused, and so is a command', async () => {
  const { code, stderr } = await faro(['capture', 'deploy/web', '--resume', left, '--tail', '3', '--no-logs']).exit;
  assert.equal(code, 2);
  assert.match(stderr, /deploy\/web --no-logs --tail cannot be another now/);
  assert.equal((await faro(['capture', '--resume', left, '--', 'true']).exit).code, 125);
});

test('a journal whose capture ended by itself, of an older form, or without what was asked for is refused', async () => {
  const ended = join(folder, 'ended.json');
  const at = ['-n', 'shop', '-o', ended, '--kubeconfig', kubeconfigOf(cluster), '--for', '1s', '--keep-journal'];
  assert.equal((await faro(['capture', 'deployment/web', ...at]).exit).code, 0);
  await refused(faro(['capture', '--resume', `${ended}.journal`]), /ended by itself \(for\)/);
  const older = copyOf('older.journal');
  const [segment = ''] = readdirSync(older).filter((name) => name.endsWith('.faroj'));
  for (const form of ['\x01', '\x02']) {
    writeFileSync(join(older, segment), Buffer.concat([Buffer.from(`farojnl${form}`, 'latin1'), Buffer.alloc(100)]));
    await refused(faro(['capture', '--resume', older]), /has the form of an older faro/, /the version of faro/);
  }
  const bare = copyOf('bare.journal');
  rmSync(join(bare, 'capture.json'));
  await refused(
    faro(['capture', '--resume', bare]),
    /cannot be resumed: it does not say what its capture was asked for/,
  );
  writeFileSync(join(bare, 'capture.json'), '{"format":99}');
  await refused(faro(['capture', '--resume', bare]), /in a form of another version/);
});

test('a capture whose journal is damaged, or cut off at its end, goes on, and says what it lacks', async () => {
  const damaged = copyOf('damaged.journal');
  const [segment = ''] = readdirSync(damaged).filter((name) => name.endsWith('.faroj'));
  const file = join(damaged, segment);
  const bytes = readFileSync(file);
  const at = Math.floor(bytes.length / 3);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(file, bytes);
  const [lacking, exit] = [join(folder, 'lacking.json'), ['--for', '1ms']];
  const went = await faro(['capture', '--resume', damaged, '-o', lacking, ...exit]).exit;
  assert.equal(went.code, 0, went.stderr);
  assert.match(went.stderr, /the journal is damaged: the capture goes on, with a gap/);
  const { problems, head } = await verifyStory(lacking);
  assert.deepEqual(problems, []);
  assert.ok(head?.gaps.some(({ cause }) => cause === 'damaged'));
  const cut = copyOf('cut.journal');
  const whole = readFileSync(join(cut, segment));
  writeFileSync(join(cut, segment), whole.subarray(0, whole.length - 5));
  const output = join(folder, 'cut.json');
  const { code, stderr } = await faro(['capture', '--resume', cut, '-o', output, ...exit]).exit;
  assert.equal(code, 0, stderr);
  assert.deepEqual((await verifyStory(output)).problems, []);
});

test('a journal of another cluster is refused', async () => {
  await using other = await DemoCluster.start({ clock: systemClock, seed: 8 });
  prepareShop(other);
  other.run();
  const journal = copyOf('elsewhere.journal');
  await refused(
    faro(['capture', '--resume', journal, '--kubeconfig', kubeconfigOf(other), '-o', join(folder, 'elsewhere.json')]),
    /this is not its cluster/,
  );
});

test('what a journal keeps of its command line is for its owner alone, and holds no token', async () => {
  const output = join(folder, 'token.json');
  const at = ['-n', 'shop', '-o', output, '--kubeconfig', kubeconfigOf(cluster), '--for', '1s', '--keep-journal'];
  const { code, stderr } = await faro(['capture', 'deployment/web', ...at, '--token', 'demo-token']).exit;
  assert.equal(code, 0, stderr);
  const state = join(`${output}.journal`, 'capture.json');
  assert.equal(statSync(state).mode & 0o777, 0o600);
  assert.doesNotMatch(readFileSync(state, 'utf8'), /demo-token/);
});
