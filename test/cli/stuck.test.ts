import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { EXIT } from '../../src/cli/exit.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');
/** No file that is opened ever is. */
const NEVER_OPENS = `
import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
files.open = () => new Promise(() => undefined);
syncBuiltinESMExports();
`;

test('a command that waits for what will never come does not end as if all were well', () => {
  const preload = `data:text/javascript,${encodeURIComponent(NEVER_OPENS)}`;
  const { status, stderr } = spawnSync(process.execPath, ['--import', preload, MAIN, 'verify', MAIN], {
    encoding: 'utf8',
  });
  assert.match(stderr, /this is a bug in faro, please report it:\nError: nothing is left to wait for/);
  assert.equal(status, EXIT.story);
});
