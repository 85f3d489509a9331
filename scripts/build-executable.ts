import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as esbuild from 'esbuild';
import { ASSET, buildBundle } from '../src/view/html/write/bundle.ts';

/**
 * `npm run sea [FOLDER]`: one file, `faro`, that holds Node.js and the whole command, for this platform (Node's single
 * executable applications). Prints where it is.
 */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
const folder = process.argv[2] ?? 'dist/sea';
mkdirSync(folder, { recursive: true });
const main = join(folder, 'faro.cjs');
await esbuild.build({
  entryPoints: ['src/main.ts'],
  outfile: main,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node24',
  external: ['esbuild'],
  define: { 'import.meta.url': 'importMetaUrl' },
  banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
  logLevel: 'error',
});
const page = join(folder, ASSET);
const config = join(folder, 'sea.json');
const blob = join(folder, 'faro.blob');
writeFileSync(page, JSON.stringify(await buildBundle(esbuild)));
const sea = { main, output: blob, disableExperimentalSEAWarning: true, useCodeCache: true, assets: { [ASSET]: page } };
writeFileSync(config, JSON.stringify(sea));
execFileSync(process.execPath, ['--experimental-sea-config', config], { stdio: 'ignore' });
const executable = join(folder, process.platform === 'win32' ? 'faro.exe' : 'faro');
copyFileSync(process.execPath, executable);
chmodSync(executable, 0o755);
execFileSync('postject', [executable, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', FUSE], { stdio: 'ignore' });
process.stdout.write(`${executable}\n`);
