import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { systemClock } from '../../src/cli/context.ts';
import { DemoCluster } from '../../src/demo/cluster.ts';
import { prepareShop } from '../../src/demo/scenario.ts';
import { createRecorder, FaroError, readStory, recoverStory, verifyStory } from '../../src/index.ts';

/** A simulated cluster with a Deployment in it, and a folder with a kubeconfig for it. */
async function stage() {
  const cluster = await DemoCluster.start({ clock: systemClock, seed: 3 });
  prepareShop(cluster);
  cluster.run();
  const folder = mkdtempSync(join(tmpdir(), 'faro-library-'));
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, cluster.kubeconfig());
  return { folder, kubeconfig, [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose]() };
}

test('the example of docs/library.md runs', { timeout: 60_000 }, async () => {
  await using staged = await stage();
  const [, example = ''] = /```ts\n([\s\S]*?)```/.exec(readFileSync('docs/library.md', 'utf8')) ?? [];
  const script = join(staged.folder, 'example.ts');
  writeFileSync(script, example.replace("from 'faro'", `from ${JSON.stringify(resolve('src/index.ts'))}`));
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

test('a program can record to a journal alone, and make its story later', { timeout: 60_000 }, async () => {
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

test('a pattern that is none is refused before a journal is begun, and the next recorder finds its place free', {
  timeout: 60_000,
}, async () => {
  await using staged = await stage();
  const journal = join(staged.folder, 'journal');
  const options = { targets: ['deploy/web'], connection: { kubeconfig: staged.kubeconfig }, journal, forMs: 1 };
  await assert.rejects(createRecorder({ ...options, redactPatterns: ['nothing'] }), { code: 'usage' });
  assert.ok(!existsSync(journal));
  await using recorder = await createRecorder(options);
  assert.equal((await recorder.run()).ended, 'for');
});

test('errors come as FaroError with a code and a way out, before anything is recorded', {
  timeout: 60_000,
}, async () => {
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
