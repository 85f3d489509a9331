import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../src/cli/context.ts';
import { DemoCluster } from '../../src/demo/cluster.ts';
import { prepareShop } from '../../src/demo/scenario.ts';
import { temporaryFolder } from '../folder.ts';
import { canonical, sampleStory } from '../story/sample.ts';

const folder = temporaryFolder('interrupt');

function start(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  return spawn(process.execPath, ['src/main.ts', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
}

test('an interrupt before anything is recorded says that there is no story, and the exit code is the signal of it', async () => {
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const server = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const output = join(folder, 'none.json');
  const connected = once(silent, 'connection');
  const noKubeconfig = { KUBECONFIG: join(folder, 'no-config') };
  const child = start(['capture', 'deployment/web', '-s', server, '-o', output, '--for', '1s'], noKubeconfig);
  const [socket] = await connected;
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  child.kill('SIGINT');
  const [code] = await once(child, 'close');
  socket.destroy();
  silent.close();
  assert.equal(code, 130, said);
  assert.equal(said, 'faro: interrupted by SIGINT: no story was written\n');
  assert.ok(!existsSync(output));
});

/** A shop whose Deployment holds this note; `at` are the arguments that record it. */
async function shop(own: string, note: string) {
  const cluster = await DemoCluster.start({ clock: systemClock, seed: 5 });
  prepareShop(cluster);
  cluster.change('deployments.apps', 'shop', 'web', (web) => ({
    ...web,
    metadata: { ...web.metadata, annotations: { note } },
  }));
  const kubeconfig = join(own, 'config');
  writeFileSync(kubeconfig, cluster.kubeconfig());
  const said = ['--log-format', 'json', '--log-level', 'info'];
  return { cluster, at: ['deployment/web', '-n', 'shop', '--kubeconfig', kubeconfig, ...said] };
}

/** Waits for what a command says on standard error. */
function hearing({ stderr }: ChildProcess): (text: string) => Promise<void> {
  assert.ok(stderr !== null);
  let said = '';
  return async (text) => {
    while (!said.includes(text)) said += String((await once(stderr, 'data'))[0]);
  };
}

test('a second interrupt while the story is written leaves at once, and says how to get it', {
  timeout: 60_000,
}, async (t) => {
  const own = temporaryFolder('left');
  const { cluster, at } = await shop(own, 'more than any pipe holds '.repeat(80_000));
  await using _cluster = cluster;
  // Nobody reads the story: it would be written for ever. Its journal is among the temporary files.
  const child = start(['capture', ...at, '-o', '-'], { TMPDIR: own });
  t.after(() => child.kill('SIGKILL'));
  const exited = once(child, 'exit');
  const heard = hearing(child);
  await heard('"msg":"recording"');
  child.kill('SIGINT');
  await heard('recorded; writing the story');
  child.kill('SIGINT');
  await heard('left before the story was written');
  assert.deepEqual(await exited, [4, null]);
  child.stdout.destroy();
  const journal = readdirSync(own).find((name) => name.endsWith('.journal')) ?? '';
  const story = join(own, 'story.json');
  const recovered = start(['recover', join(own, journal), '-o', story]);
  assert.deepEqual(await once(recovered, 'exit'), [0, null]);
  assert.ok(existsSync(story));
});

test('a second interrupt while the report is drawn leaves at once, and says that the story is whole', {
  timeout: 60_000,
}, async (t) => {
  const own = temporaryFolder('undrawn');
  const { cluster, at } = await shop(own, 'short');
  await using _cluster = cluster;
  const slow = join(own, 'slow.mjs');
  writeFileSync(
    slow,
    `import fs from 'node:fs/promises';
     import { syncBuiltinESMExports } from 'node:module';
     const { rename } = fs;
     fs.rename = (from, to) => {
       if (!to.endsWith('.html')) return rename(from, to);
       console.error('a disk that takes for ever');
       return new Promise(() => setInterval(() => {}, 1000));
     };
     syncBuiltinESMExports();`,
  );
  const story = join(own, 'story.json');
  const child = start(['capture', ...at, '-o', story, '--report'], { NODE_OPTIONS: `--import ${slow}` });
  t.after(() => child.kill('SIGKILL'));
  const exited = once(child, 'exit');
  const heard = hearing(child);
  await heard('"msg":"recording"');
  child.kill('SIGINT');
  await heard('a disk that takes for ever');
  child.kill('SIGINT');
  await heard(`left before the report was drawn\n  the story is whole: "faro report ${story} -o `);
  assert.deepEqual(await exited, [4, null]);
  assert.deepEqual(readdirSync(own).sort(), ['config', 'slow.mjs', 'story.json']);
});

test('a reader of its messages that goes away does not end the recording', { timeout: 60_000 }, async (t) => {
  const own = temporaryFolder('unheard');
  const { cluster, at } = await shop(own, 'short');
  await using _cluster = cluster;
  const story = join(own, 'story.json');
  const child = start(['capture', ...at, '-o', story]);
  t.after(() => child.kill('SIGKILL'));
  const exited = once(child, 'exit');
  await hearing(child)('"msg":"recording"');
  child.stderr.destroy();
  await once(child.stderr, 'close');
  child.kill('SIGINT');
  assert.deepEqual(await exited, [0, null]);
  assert.deepEqual(readdirSync(own).sort(), ['config', 'story.json']);
});

test('a signal ends a command that reads a story', { timeout: 60_000 }, async (t) => {
  const story = join(folder, 'long.json');
  const lines = Array.from({ length: 20_000 }, (_, line) => [0, `line ${line} ${'x'.repeat(100)}`] as const);
  writeFileSync(story, canonical(sampleStory(lines)));
  // Nobody reads more than the beginning of what it writes: it would never end.
  const child = start(['convert', story, '--to', 'ndjson', '-o', '-']);
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'readable');
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  assert.deepEqual(await exited, [143, null]);
  child.stdout.destroy();
});

test('a file that was being written goes with the process', () => {
  const output = join(temporaryFolder('placed'), 'story.json');
  const script = `
    import { placeFile } from './src/story/place.ts';
    await placeFile(process.argv[1], '', async (write) => {
      await write(Buffer.from('half'));
      process.exit(7);
    });`;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script, output]);
  assert.equal(status, 7, String(stderr));
  assert.deepEqual(readdirSync(join(output, '..')), []);
});
