import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { temporaryFolder } from '../folder.ts';

const COMPILED = new URL('../../bin/compiled.js', import.meta.url).href;
/** What V8 makes of it takes more than a kibibyte. */
const WORK = `function work(x) { ${Array.from({ length: 200 }, (_, at) => `if (x === ${at}) x += ${at}.5;`).join('')} return x; }`;

describe('the code that V8 made of the command', () => {
  let folder: string;
  let file: string;
  let cache: string;
  beforeEach(() => {
    folder = temporaryFolder('kept');
    file = join(folder, 'main.cjs');
    cache = join(folder, 'cache');
    write('first', "if (process.argv.includes('capture')) work(0);");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function write(said: string, more = ''): void {
    writeFileSync(file, `${WORK}\nconsole.log('${said}');\n${more}`);
  }

  function run(command: string, ...args: readonly string[]): string {
    const program = `import { runCompiled } from '${COMPILED}'; runCompiled(${JSON.stringify(file)}, process.argv.slice(1));`;
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module', '-e', program, '--', command, ...args],
      {
        env: { ...process.env, NODE_COMPILE_CACHE: cache },
        encoding: 'utf8',
      },
    );
    assert.equal(stderr, '');
    return stdout;
  }

  function kept(command: string): string[] {
    const all = readdirSync(cache, { recursive: true }).map((name) => join(cache, String(name)));
    return all.filter((name) => name.includes(`faro-${command}-`));
  }

  it('is kept by its first run, with the functions that this one called', () => {
    assert.equal(run('capture'), 'first\n');
    assert.equal(run('version'), 'first\n');
    const [[capture = ''], [version = '']] = [kept('capture'), kept('version')];
    assert.ok(statSync(capture).size > statSync(version).size + 1024, `${capture} is no larger than ${version}`);
  });

  it('is taken by the next run, which leaves it as it is', () => {
    run('capture');
    const [place = ''] = kept('capture');
    const { ino } = statSync(place);
    assert.equal(run('capture'), 'first\n');
    assert.equal(statSync(place).ino, ino);
  });

  it('is made anew where a crash has damaged it', () => {
    run('capture');
    const [place = ''] = kept('capture');
    const whole = readFileSync(place);
    // What a file holds of which the last blocks never came to the disk.
    const zeroed = Buffer.concat([whole.subarray(0, whole.length / 2), Buffer.alloc(whole.length / 2)]);
    for (const damaged of [Buffer.alloc(0), zeroed, whole.subarray(0, whole.length / 2)]) {
      writeFileSync(place, damaged);
      assert.equal(run('capture'), 'first\n');
      assert.equal(readFileSync(place).length, whole.length);
    }
  });

  it('is not taken for that of another version of the same length', () => {
    run('capture');
    write('other', "if (process.argv.includes('capture')) work(0);");
    assert.equal(run('capture'), 'other\n');
    assert.equal(kept('capture').length, 2);
  });

  it('is not kept of a command that failed, as one does that does not exist, nor of its help', () => {
    run('capture', '--help');
    assert.deepEqual(kept('capture'), []);
    write('failed', 'process.exitCode = 2;');
    run('capture');
    assert.deepEqual(kept('capture'), []);
  });

  it('is not kept while V8 has other flags than it began with, for it would not be taken', () => {
    write('flags', "require('node:v8').setFlagsFromString('--semi-space-growth-factor=1');");
    assert.equal(run('capture'), 'flags\n');
    assert.deepEqual(kept('capture'), []);
  });

  it('is not kept where there is no folder for it', () => {
    writeFileSync(cache, '');
    assert.equal(run('capture'), 'first\n');
  });
});
