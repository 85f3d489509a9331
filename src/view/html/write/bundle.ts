import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { getAsset, isSea } from 'node:sea';
import { fileURLToPath } from 'node:url';
import { FaroError } from '../../../model/errors.ts';
import type { PageBundle } from './document.ts';

const ENTRY = new URL('../page/main.tsx', import.meta.url);
/** Where `npm run build:report` puts the bundle, for a package that comes without esbuild. */
export const BUILT = new URL('../../../../dist/report-page.json', import.meta.url);

/** The same, within a single executable. */
export const ASSET = 'report-page.json';

/**
 * The page's script and styles: in a checkout always built from the sources as they are (a tenth of a second), in a
 * package what was built when it was packed. Throws FaroError `story` where there is neither.
 */
export async function loadBundle(): Promise<PageBundle> {
  if (isSea()) return JSON.parse(getAsset(ASSET, 'utf8')) as PageBundle;
  // A package comes without the sources; whoever installed it may well have esbuild.
  const esbuild = existsSync(ENTRY) ? await import('esbuild').catch(() => undefined) : undefined;
  if (esbuild !== undefined) return await buildBundle(esbuild);
  try {
    return JSON.parse(await readFile(BUILT, 'utf8')) as PageBundle;
  } catch (cause) {
    throw new FaroError('story', `the page of the report is not built: ${fileURLToPath(BUILT)} is missing`, {
      cause,
      hint: 'in a checkout: npm ci && npm run build:report',
    });
  }
}

/** Bundles the page. What it holds may stand inside of `<script>` and `<style>`: esbuild escapes their end tags. */
export async function buildBundle(esbuild: typeof import('esbuild')): Promise<PageBundle> {
  const { outputFiles } = await esbuild.build({
    entryPoints: [fileURLToPath(ENTRY)],
    outdir: '/report',
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    target: ['chrome115', 'firefox115', 'safari16.4'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    charset: 'ascii',
    legalComments: 'none',
    logLevel: 'silent',
  });
  const textOf = (ending: string) => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? '';
  return { script: textOf('.js'), style: textOf('.css') };
}
