import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { temporaryFolder } from '../folder.ts';
import { canonical, sampleStory } from '../story/sample.ts';
import { simulatedJournal } from '../story/simulated-story.ts';

const folder = temporaryFolder('stories');
const at = (name: string) => join(folder, name);

function faro(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['src/main.ts', ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  return { status, stdout, stderr };
}

before(async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  writeFileSync(at('faro.key'), privateKey);
  writeFileSync(at('faro.pub'), publicKey);
  writeFileSync(
    at('sample.json'),
    canonical(
      sampleStory([
        [0, 'a'],
        [1, 'b'],
      ]),
    ),
  );
  const { status, stderr } = faro(
    'recover',
    await simulatedJournal(),
    '-o',
    at('signed.json.zst'),
    '--sign-key',
    at('faro.key'),
  );
  assert.equal(status, 0, stderr);
});

test('faro verify says what holds and what a story lacks, and exits with 0', () => {
  const signed = faro('verify', at('signed.json.zst'), '--public-key', at('faro.pub'));
  assert.equal(signed.status, 0, signed.stdout);
  assert.match(signed.stdout, /signature valid[\s\S]*^sound: [\s\S]*^complete: /m);
  const sample = faro('verify', at('sample.json'));
  assert.equal(sample.status, 0);
  assert.match(
    sample.stdout,
    /: 1 object, 2 containers, 2 log lines, 1 event, 1 gap\nsha256 [\s\S]*not signed[\s\S]*^not complete, by its own account:\n {2}gap in the log of shop\/web\/app#1/m,
  );
});

test('faro verify exits with 1 where a story is edited, cut or not signed, with 2 for a wrong key, with 4 for no story', () => {
  const text = readFileSync(at('sample.json'), 'utf8');
  writeFileSync(at('edited.json'), text.replace('"line":"a"', '"line":"aa"'));
  const edited = faro('verify', at('edited.json'));
  assert.equal(edited.status, 1);
  assert.match(
    edited.stdout,
    /NOT SOUND: one contradiction:\n {2}the ledger of container 0 says bytes 1, the timeline 2/,
  );
  writeFileSync(at('cut.json'), text.slice(0, -300));
  const cut = faro('verify', at('cut.json'));
  assert.equal(cut.status, 1);
  assert.match(cut.stdout, /line \d+: the story is cut/);
  for (const name of ['faro.pub', 'none.json', '.']) {
    const { status, stdout, stderr } = faro('verify', at(name));
    assert.deepEqual([status, stdout], [4, ''], name);
    assert.match(stderr, /no story|no file|a folder/);
  }
  assert.equal(faro('verify', at('sample.json'), '--public-key', at('faro.pub')).status, 1);
  assert.equal(faro('verify', at('sample.json'), '--public-key', at('sample.json')).status, 2);
});

test('faro convert writes to standard output or to a file, never over one, and says what it cannot do', () => {
  const { status, stdout, stderr } = faro('convert', at('signed.json.zst'), '--to', 'md');
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^# Story of Deployment shop\/web\n/);
  assert.equal(faro('convert', at('sample.json'), '--to', 'csv', '-o', at('story.csv')).status, 0);
  assert.match(readFileSync(at('story.csv'), 'utf8'), /^seq,time,/);
  const again = faro('convert', at('sample.json'), '--to', 'ndjson', '-o', at('story.csv'));
  assert.equal(again.status, 4);
  assert.match(again.stderr, /exists already/);
  assert.equal(faro('convert', at('sample.json'), '--to', 'ndjson', '-o', at('story.csv'), '--force').status, 0);
  assert.equal(faro('convert', at('sample.json'), '--to', 'kubectl-dir').status, 2);
  assert.equal(faro('convert', at('sample.json'), '--to', 'kubectl-dir', '-o', at('dump')).status, 0);
  assert.ok(existsSync(join(at('dump'), 'shop', 'pods.yaml')));
  for (const [folder, message] of [
    ['dump', /the folder .*dump exists already, and is not empty/],
    ['story.csv', /story\.csv is a file/],
    ['story.csv/dump', /story\.csv is no folder/],
    ['none/dump', /there is no folder .*none/],
  ] as const) {
    const { status, stderr } = faro('convert', at('sample.json'), '--to', 'kubectl-dir', '-o', at(folder));
    assert.equal(status, 4);
    assert.match(stderr, message);
    assert.match(stderr, /\n {2}.*-o\n$/);
    assert.doesNotMatch(stderr, /bug|ENO/);
  }
  assert.equal(faro('convert', at('sample.json'), '--to', 'pdf').status, 2);
  assert.equal(faro('convert', at('sample.json'), '--to', 'md', '--budget', '5').status, 2);
  for (const format of ['csv', 'kubectl-dir']) {
    const { status, stdout, stderr } = faro('convert', at('sample.json'), '--to', format, '--budget', '8000');
    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, new RegExp(`--budget is of --to md, and ${format} is whole\\n {2}leave --budget out`));
  }
});
