import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../src/cli/context.ts';
import { JournalLock } from '../../src/journal/lock.ts';
import { JournalWriter } from '../../src/journal/writer.ts';
import { faro } from '../e2e/capture.ts';
import { temporaryFolder } from '../folder.ts';

test('faro recover says what is wrong with the journal that was named, and names no error of the system', async () => {
  const folder = temporaryFolder('recover');
  const [file, empty] = [join(folder, 'file'), join(folder, 'empty')];
  writeFileSync(file, '{}');
  mkdirSync(empty);
  for (const [journal, says] of [
    [join(folder, 'none'), 'there is no journal '],
    [join(file, 'below'), 'there is no journal '],
    [file, 'is a file, and no journal'],
    [empty, 'is no journal'],
  ] as const) {
    const { code, stderr } = await faro(['recover', journal, '-o', join(folder, 'story.json')]).exit;
    assert.equal(code, 4, journal);
    assert.ok(stderr.includes(says), stderr);
    assert.match(stderr, /named like story\.json\.journal/);
    assert.doesNotMatch(stderr, /\bE[A-Z]{4,}\b/);
  }
});

test('a journal that is in use is neither recovered nor recorded to; one that was left is told with the way out', async () => {
  const folder = temporaryFolder('recover');
  const output = join(folder, 'story.json');
  const journal = `${output}.journal`;
  mkdirSync(journal);
  const capture = ['capture', 'deployment/web', '-o', output, '--server', 'http://127.0.0.1:1'];
  {
    using _lock = JournalLock.forWriting(journal);
    for (const args of [['recover', journal, '-o', output], capture]) {
      const { code, stderr } = await faro(args).exit;
      assert.equal(code, 4);
      assert.ok(stderr.includes(`is in use by process ${process.pid}`), stderr);
    }
  }
  const { code, stderr } = await faro(capture).exit;
  assert.equal(code, 4);
  assert.ok(stderr.includes(`there is a journal already: ${journal}`), stderr);
  assert.ok(stderr.includes(`faro recover ${journal}`), stderr);
  rmSync(journal, { recursive: true });
  await (await JournalWriter.create(journal, { clock: systemClock })).close();
  const nothing = await faro(capture).exit;
  assert.equal(nothing.code, 4);
  assert.match(nothing.stderr, /killed before it began: remove the folder/);
  assert.doesNotMatch(nothing.stderr, /faro (recover|capture --resume)/, 'neither would work');
});
