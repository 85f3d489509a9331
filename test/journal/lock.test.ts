import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { JournalLock } from '../../src/journal/lock.ts';
import { FaroError } from '../../src/model/errors.ts';
import { temporaryFolder } from '../folder.ts';

function folder(): string {
  return temporaryFolder('lock');
}

/** A process of its own that has the lock until it is killed. */
async function holder(dir: string) {
  const program = `const { JournalLock } = await import('./src/journal/lock.ts');
    globalThis.lock = JournalLock.forWriting(${JSON.stringify(dir)});
    process.stdout.write('locked');
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  await once(child.stdout, 'data');
  return { child, stderr: () => said };
}

test('a second process is refused and told which one has the journal; a kill leaves no lock behind', async () => {
  const dir = folder();
  const { child, stderr } = await holder(dir);
  for (const attempt of [JournalLock.forWriting, JournalLock.forReading])
    assert.throws(
      () => attempt(dir),
      (error) =>
        error instanceof FaroError &&
        error.code === 'journal' &&
        error.message.endsWith(`is in use by process ${child.pid}`),
    );
  child.kill('SIGKILL');
  await once(child, 'close');
  assert.equal(stderr(), '', 'no word of SQLite being experimental');
  using _lock = JournalLock.forWriting(dir);
});

test('readers share a journal, and keep writers away', () => {
  const dir = folder();
  JournalLock.forWriting(dir)[Symbol.dispose]();
  {
    using first = JournalLock.forReading(dir);
    using second = JournalLock.forReading(dir);
    assert.ok(first && second);
    assert.throws(() => JournalLock.forWriting(dir), /is in use$/);
  }
  using _lock = JournalLock.forWriting(dir);
  assert.deepEqual(readdirSync(dir).sort(), ['lock', 'lock.pid']);
});

test('the process id of a capture that is gone is not told', () => {
  const dir = folder();
  JournalLock.forWriting(dir)[Symbol.dispose]();
  writeFileSync(join(dir, 'lock.pid'), '2147483646\n');
  using _reader = JournalLock.forReading(dir);
  assert.throws(() => JournalLock.forWriting(dir), /is in use$/);
});

test('a folder that was never locked is read as it is', () => {
  assert.equal(JournalLock.forReading(folder()), undefined);
});
