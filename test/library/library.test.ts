import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { systemClock } from '../../src/cli/context.ts';
import { DemoCluster } from '../../src/demo/cluster.ts';
import { prepareShop } from '../../src/demo/scenario.ts';
import { createRecorder, FaroError, readStory, recoverStory, type Story, verifyStory } from '../../src/index.ts';
import { temporaryFolder } from '../folder.ts';
import { trueLines, until } from '../record/harness.ts';

/** A simulated cluster with a Deployment in it, and a folder with a kubeconfig for it. */
async function stage() {
  const cluster = await DemoCluster.start({ clock: systemClock, seed: 3 });
  prepareShop(cluster);
  cluster.run();
  const folder = temporaryFolder('library');
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, cluster.kubeconfig());
  const lines = () =>
    cluster.store
      .list(cluster.pods, 'shop')
      .reduce((sum, { metadata }) => sum + trueLines(cluster, metadata.uid, 'web').length, 0);
  const moreLines = async () => {
    const before = lines();
    await until('the containers wrote some lines', () => lines() > before + 30);
  };
  return { folder, kubeconfig, cluster, moreLines, [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose]() };
}

/** An example of docs/library.md as a program. */
function writeExample(index: number, folder: string): string {
  const blocks = [...readFileSync('docs/library.md', 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)];
  const script = join(folder, `example-${index}.ts`);
  const [, text = ''] = blocks[index] ?? [];
  writeFileSync(script, text.replace("from 'faro'", `from ${JSON.stringify(resolve('src/index.ts'))}`));
  return script;
}

test('the example of docs/library.md runs', async () => {
  await using staged = await stage();
  const script = writeExample(0, staged.folder);
  const { stdout } = await promisify(execFile)(process.execPath, [script], {
    cwd: staged.folder,
    env: { ...process.env, KUBECONFIG: staged.kubeconfig },
  });
  assert.match(stdout, /^so far: \d+ objects$/m);
  assert.match(stdout, /^tests passed: \d+ lines, complete: (true|false)$/m);
  assert.match(stdout, /Pod\/web-\S+ started$/m);
  const { problems, head } = await verifyStory(join(staged.folder, 'story.json.zst'));
  assert.deepEqual(problems, []);
  assert.equal(head?.metadata.ended, 'tests passed');
  assert.equal(head.metadata.options.logRoute, 'auto');
  assert.equal(existsSync(join(staged.folder, 'story.json.zst.journal')), false);
});

test('the example of a program that is killed and started again leaves one story of all of it', async () => {
  await using staged = await stage();
  const script = writeExample(1, staged.folder);
  const program = () => startProgram(script, staged);
  const first = program();
  await first.said('recording');
  await staged.moreLines();
  first.child.kill('SIGKILL');
  await once(first.child, 'close');
  await staged.moreLines();
  const second = program();
  await second.said('recording');
  await staged.moreLines();
  second.child.kill('SIGTERM');
  await once(second.child, 'close');
  const output = join(staged.folder, 'story.json');
  const { problems, head } = await verifyStory(output);
  assert.deepEqual(problems, []);
  assert.equal(head?.metadata.ended, 'terminated');
  assert.equal(head.metadata.resumed?.length, 1);
  assert.deepEqual(head.gaps, []);
  assert.equal(existsSync(`${output}.journal`), false);
  const story = JSON.parse(readFileSync(output, 'utf8')) as Story;
  for (const [index, { object, name }] of story.containers.entries()) {
    const lines = story.timeline.flatMap((entry) =>
      entry.type === 'log' && entry.container === index ? [`${entry.time} ${entry.line}`] : [],
    );
    const truth = trueLines(staged.cluster, story.objects[object]?.uid ?? '', name);
    assert.deepEqual(lines, truth.slice(0, lines.length));
    assert.ok(lines.length > 0);
  }
});

/** A program of the library's, as a process of its own. */
function startProgram(
  script: string,
  { folder, kubeconfig }: { readonly folder: string; readonly kubeconfig: string },
) {
  const child = spawn(process.execPath, [script], { cwd: folder, env: { ...process.env, KUBECONFIG: kubeconfig } });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk;
    });
  const said = (text: string) =>
    until(`it says ${text}`, () => {
      assert.equal(child.exitCode, null, output);
      return output.includes(text);
    });
  return { child, said };
}

test('what is not the journal of a killed recorder of the same targets is not gone on with', async () => {
  await using staged = await stage();
  const { folder, kubeconfig, moreLines } = staged;
  const journal = join(folder, 'journal');
  const left = join(folder, 'left');
  const options = { targets: ['deploy/web'], connection: { kubeconfig }, drainMs: 500, resume: true };
  {
    await using recorder = await createRecorder({ ...options, journal });
    const stop = new AbortController();
    const running = recorder.run(stop.signal);
    await recorder.recording;
    await moreLines();
    cpSync(journal, left, { recursive: true }); // as a kill at this moment leaves it
    await assert.rejects(createRecorder({ ...options, journal }), /is in use by process/);
    stop.abort();
    await running;
  }
  const refused = (more: object, message: RegExp) =>
    assert.rejects(createRecorder({ ...options, ...more }), { message });
  await refused({ journal }, /its capture ended by itself/);
  await refused(
    { journal: left, targets: ['deploy/other'] },
    /it is of deployments.apps\/shop\/web, and not of .*other/,
  );
  await refused({ journal: left, resume: false }, /there is a journal already/);
});

test('a program can record to a journal alone, and make its story later', async () => {
  await using staged = await stage();
  const { folder, kubeconfig } = staged;
  const journal = join(folder, 'journal');
  {
    await using recorder = await createRecorder({
      targets: ['deploy/web'],
      connection: { kubeconfig },
      journal,
      forMs: 3000,
      drainMs: 500,
      logRoute: 'stream',
      related: false,
    });
    assert.deepEqual(await recorder.run(), { ended: 'for', goal: 'none', reason: '', story: undefined, journal });
  }
  const output = join(folder, 'later.json');
  const { counts } = await recoverStory({ journal, output, force: false });
  await using reader = await readStory(output);
  assert.deepEqual(reader.head.metadata.counts, counts);
  assert.ok(counts.objects > 1);
  assert.equal(reader.head.metadata.options.logRoute, 'stream');
  assert.ok(reader.head.objects.every(({ kind }) => kind !== 'Namespace' && kind !== 'Node'));
  assert.ok(reader.head.containers.every(({ ledger }) => !ledger.routes.includes('node-files')));
});

test('a pattern that is none is refused before a journal is begun, and the next recorder finds its place free', async () => {
  await using staged = await stage();
  const journal = join(staged.folder, 'journal');
  const options = { targets: ['deploy/web'], connection: { kubeconfig: staged.kubeconfig }, journal, forMs: 1 };
  await assert.rejects(createRecorder({ ...options, redactPatterns: ['nothing'] }), { code: 'usage' });
  assert.ok(!existsSync(journal));
  await using recorder = await createRecorder(options);
  assert.equal((await recorder.run()).ended, 'for');
});

test('errors come as FaroError with a code and a way out, before anything is recorded', async () => {
  await using staged = await stage();
  const { folder, kubeconfig } = staged;
  const output = join(folder, 'story.json');
  const cases = [
    [{ targets: ['deploy/web'], connection: { kubeconfig } }, 'usage'],
    [{ targets: ['deploy/nobody'], connection: { kubeconfig }, output }, 'not-found'],
    [{ targets: ['deploy/web'], connection: { kubeconfig }, output: join(folder, 'no', 'story.json') }, 'output'],
    [{ targets: ['deploy/web'], connection: { kubeconfig: join(folder, 'none') }, output }, 'kubeconfig'],
    [{ targets: ['deploy/web'], connection: { kubeconfig }, output, signKey: 'no key' }, 'usage'],
  ] as const;
  for (const [options, code] of cases)
    await assert.rejects(
      createRecorder(options),
      (error) => error instanceof FaroError && error.code === code && error.hint !== undefined,
    );
  assert.equal(existsSync(`${output}.journal`), false);
});
