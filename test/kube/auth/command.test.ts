import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { findCommand, invocationOf, isExecutable } from '../../../src/kube/auth/command.ts';
import { temporaryFolder } from '../../folder.ts';

const only =
  (...paths: string[]) =>
  (path: string): boolean =>
    paths.includes(path);

describe('findCommand', () => {
  for (const [title, command, path, there, found] of [
    ['the first in PATH', 'aws', '/a:/b:/c', ['/b/aws', '/c/aws'], '/b/aws'],
    ['no file of PATH that may not be run', 'aws', '/a', ['/x/aws'], undefined],
    ['a path as it is', '/opt/aws', '/a', ['/opt/aws', '/a/aws'], '/opt/aws'],
    ['a relative path as it is', './aws', '/a', ['./aws'], './aws'],
    ['nothing in relative folders of PATH', 'aws', '.::bin:/a', ['aws', './aws', 'bin/aws'], undefined],
    ['nothing without PATH', 'aws', undefined, ['/a/aws'], undefined],
  ] as const) {
    it(`takes ${title}`, () => {
      assert.equal(findCommand(command, path === undefined ? {} : { PATH: path }, 'linux', only(...there)), found);
    });
  }

  it('takes the endings of PATHEXT on Windows, and its name of PATH', () => {
    const env = { Path: 'C:\\tools;D:\\more', PATHEXT: '.EXE;.CMD' };
    assert.equal(findCommand('aws', env, 'win32', only('D:\\more\\aws.CMD')), 'D:\\more\\aws.CMD');
    assert.equal(findCommand('C:\\x\\aws', env, 'win32', only('C:\\x\\aws.EXE')), 'C:\\x\\aws.EXE');
    assert.equal(findCommand('aws.exe', env, 'win32', only('C:\\tools\\aws.exe')), 'C:\\tools\\aws.exe');
    assert.equal(findCommand('aws', { Path: 'C:\\t' }, 'win32', only('C:\\t\\aws.BAT')), 'C:\\t\\aws.BAT');
  });
});

describe('isExecutable', () => {
  it('wants a file that may be run', async () => {
    const folder = temporaryFolder('command');
    try {
      await writeFile(join(folder, 'yes'), '', { mode: 0o755 });
      await writeFile(join(folder, 'no'), '', { mode: 0o644 });
      assert.equal(isExecutable(join(folder, 'yes')), true);
      assert.equal(isExecutable(join(folder, 'no')), false);
      assert.equal(isExecutable(folder), false);
      assert.equal(isExecutable(join(folder, 'gone')), false);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('invocationOf', () => {
  it('starts a program as it is', () => {
    assert.deepEqual(invocationOf('/a/aws', ['x y'], 'linux'), { file: '/a/aws', args: ['x y'], verbatim: false });
    assert.deepEqual(invocationOf('C:\\aws.exe', ['x y'], 'win32'), {
      file: 'C:\\aws.exe',
      args: ['x y'],
      verbatim: false,
    });
    assert.deepEqual(invocationOf('/a/aws.cmd', [], 'linux'), { file: '/a/aws.cmd', args: [], verbatim: false });
  });

  it('starts a batch file through cmd.exe, with nothing in its arguments left to interpret', () => {
    const { file, args, verbatim } = invocationOf(
      'C:\\my tools\\aws.cmd',
      ['a b', 'say "hi"', '%PATH%', 'end\\'],
      'win32',
    );
    assert.equal(file, 'cmd.exe');
    assert.equal(verbatim, true);
    assert.deepEqual(args.slice(0, 3), ['/d', '/s', '/c']);
    assert.equal(args[3], '"C:\\my^ tools\\aws.cmd ^"a^ b^" ^"say^ \\^"hi\\^"^" ^"^%PATH^%^" ^"end\\\\^""');
  });
});
