import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as esbuild from 'esbuild';
import { ASSET, buildBundle } from '../src/view/html/write/bundle.ts';

/** The command's one file, within the folder that it is bundled to. */
export const MAIN = 'main.cjs';
const LICENSES = 'main.licenses.txt';

/**
 * Makes of the command and all that it imports one file, which loads in half the time that its modules take; beside it
 * the report's page, and the licences of the packages that are in it. CommonJS, as single executables want it.
 */
export async function bundleCommand(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const { metafile } = await esbuild.build({
    entryPoints: ['src/main.ts'],
    outfile: join(folder, MAIN),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    external: ['esbuild'],
    define: { 'import.meta.url': 'importMetaUrl' },
    banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
    // Names stay, and lines that an uncaught error can be shown with.
    minifyWhitespace: true,
    minifySyntax: true,
    lineLimit: 200,
    legalComments: 'none', // they stand in whole beside it
    metafile: true,
    logLevel: 'error',
  });
  writeFileSync(join(folder, LICENSES), licensesOf(packagesIn(Object.keys(metafile.inputs))));
  writeFileSync(join(folder, ASSET), JSON.stringify(await buildBundle(esbuild)));
}

/** The folders of the packages that some files are of. */
function packagesIn(files: readonly string[]): readonly string[] {
  const folders = files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []);
  return [...new Set(folders)].sort();
}

function licensesOf(packages: readonly string[]): string {
  const texts = packages.map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
    const text = file === undefined ? '' : readFileSync(join(folder, file), 'utf8').trim();
    return `${name} ${version}, ${license}\n\n${text}\n`;
  });
  return texts.join(`\n${'-'.repeat(72)}\n\n`);
}
