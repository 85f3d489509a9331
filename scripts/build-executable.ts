import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ASSET } from '../src/view/html/write/bundle.ts';
import { bundleCommand, MAIN } from './command-bundle.ts';

/**
 * `npm run sea [FOLDER]`: one file, `faro`, that holds Node.js and the whole command, for this platform (Node's single
 * executable applications). Prints where it is.
 */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
const folder = process.argv[2] ?? 'dist/sea';
await bundleCommand(folder);
const main = join(folder, MAIN);
const page = join(folder, ASSET);
const config = join(folder, 'sea.json');
const blob = join(folder, 'faro.blob');
const sea = { main, output: blob, disableExperimentalSEAWarning: true, useCodeCache: true, assets: { [ASSET]: page } };
writeFileSync(config, JSON.stringify(sea));
execFileSync(process.execPath, ['--experimental-sea-config', config], { stdio: 'ignore' });
const executable = join(folder, process.platform === 'win32' ? 'faro.exe' : 'faro');
copyFileSync(process.execPath, executable);
chmodSync(executable, 0o755);
execFileSync('postject', [executable, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', FUSE], { stdio: 'ignore' });
process.stdout.write(`${executable}\n`);
