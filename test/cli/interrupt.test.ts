import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../folder.ts';
import { canonical, sampleStory } from '../story/sample.ts';

const folder = temporaryFolder('interrupt');

function start(...args: string[]) {
  return spawn(process.execPath, ['src/main.ts', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}

test('an interrupt before anything is recorded says that there is no story, and the exit code is the signal of it', async () => {
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const server = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const output = join(folder, 'none.json');
  const connected = once(silent, 'connection');
  const child = start('capture', 'deployment/web', '-s', server, '-o', output, '--for', '1s');
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

test('a signal ends a command that reads a story', { timeout: 60_000 }, async (t) => {
  const story = join(folder, 'long.json');
  const lines = Array.from({ length: 20_000 }, (_, line) => [0, `line ${line} ${'x'.repeat(100)}`] as const);
  writeFileSync(story, canonical(sampleStory(lines)));
  // Nobody reads more than the beginning of what it writes: it would never end.
  const child = start('convert', story, '--to', 'ndjson', '-o', '-');
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
