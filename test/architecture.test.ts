import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';

/** What each room may import, itself aside. `model` is everyone's; an arrow that is not here runs back up. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  model: [],
  simd: ['model'],
  telemetry: ['model'],
  graph: ['model'],
  redact: ['simd', 'model'],
  journal: ['model'],
  kube: ['model', 'telemetry', 'version'],
  watch: ['kube', 'model'],
  logs: ['kube', 'simd', 'model'],
  record: ['watch', 'logs', 'graph', 'redact', 'kube', 'model', 'telemetry'],
  verdict: ['graph', 'model'],
  story: ['verdict', 'journal', 'graph', 'logs', 'simd', 'model'],
  verify: ['story', 'model', 'version'],
  convert: ['story', 'model'],
  demo: ['graph', 'kube', 'model'],
  view: ['graph', 'logs', 'model', 'story'],
  cli: [
    'view',
    'record',
    'story',
    'journal',
    'redact',
    'demo',
    'kube',
    'model',
    'telemetry',
    'version',
    'verify',
    'convert',
  ],
  library: ['cli', 'logs', 'record', 'story', 'journal', 'redact', 'kube', 'model', 'version'],
  index: ['library', 'logs', 'verify', 'story', 'record', 'kube', 'model', 'version'],
  version: [],
  main: ['cli', 'model'],
};

/** Rooms that do no I/O and read no clock. */
const PURE = [
  /^src\/(model|graph|redact|verdict|view\/terminal)\//,
  /^src\/logs\/(position|lines|known-lines|overlap|blocks|binding|instances|life|cri|cri-lines|rotation|stretch)\.ts$/,
  /^src\/story\/(patch|order|merge|object-time|document|told-ends)\.ts$/,
  /^src\/view\/html\/(model|data)\//,
];
const IMPURE =
  /from 'node:(fs|net|tls|http|http2|https|timers|child_process|os)|\bDate\.now\(|\bnew Date\(\)|\bsetTimeout\(|\bMath\.random\(|\bperformance\.now\(/;

const files = globSync('src/**/*.{ts,tsx}').sort();

function roomOf(file: string): string {
  return (file.split('/')[1] ?? '').replace(/\.tsx?$/, '');
}

function importsOf(file: string): readonly string[] {
  return [...readFileSync(file, 'utf8').matchAll(/from '(\.[^']+)'/g)].map(([, path = '']) =>
    normalize(join(dirname(file), path)),
  );
}

test('imports run only downwards through the house', () => {
  const wrong = files.flatMap((file) =>
    importsOf(file)
      .filter(
        (imported) => roomOf(imported) !== roomOf(file) && !(ARROWS[roomOf(file)] ?? []).includes(roomOf(imported)),
      )
      .map((imported) => `${file} imports ${imported}`),
  );
  assert.deepEqual(wrong, []);
});

test('every room is in the plan', () => {
  assert.deepEqual(
    [...new Set(files.map(roomOf))].filter((room) => ARROWS[room] === undefined),
    [],
  );
});

test('pure rooms do no I/O and read no clock', () => {
  const pure = files.filter((file) => PURE.some((pattern) => pattern.test(file)));
  assert.ok(pure.length > 20);
  assert.deepEqual(
    pure.filter((file) => IMPURE.test(readFileSync(file, 'utf8'))),
    [],
  );
});

test('only the composition root reads the machine’s clock and randomness; of a network one timer measures', () => {
  const readers = files.filter((file) =>
    /\bDate\.now\(|\bMath\.random\b|\bsetTimeout\(/.test(readFileSync(file, 'utf8')),
  );
  assert.deepEqual(
    readers.filter((file) => !/^src\/(main|cli\/|library\/)/.test(file)),
    ['src/kube/transport/alarm.ts'],
  );
});

test('a capture does not load the schemas of stories that are read, a tenth of its start', () => {
  const loaded = new Set(['src/main.ts', 'src/cli/capture.ts']);
  for (const file of loaded) {
    if (!file.startsWith('src/')) continue; // a package
    for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(
      /^(?:import|export)(?! type)[^;]* from '([^']+)'/gm,
    ))
      loaded.add(path.startsWith('.') ? normalize(join(dirname(file), path)) : path);
  }
  assert.ok(loaded.has('src/kube/config/schema.ts'));
  assert.equal(loaded.has('zod'), false);
});

test('every property test takes its seed from one place', () => {
  const own = globSync('test/**/*.ts').filter((file) =>
    /\bfc\s*\.\s*(assert|check|sample)\(/.test(readFileSync(file, 'utf8')),
  );
  assert.deepEqual(own, ['test/property.ts'], 'others call `holds` of it');
});

test('every test makes its temporary folders where they are taken away', () => {
  const own = globSync('test/**/*.ts').filter((file) =>
    /mkdtemp(Sync)?\(\s*join\(tmpdir/.test(readFileSync(file, 'utf8')),
  );
  assert.deepEqual(own, ['test/folder.ts'], 'others call `temporaryFolder` of it');
});

test('the version is the package’s', async () => {
  const { VERSION } = await import('../src/version.ts');
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  assert.equal(VERSION, version);
});
