import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { getAsset, isSea } from 'node:sea';
import { fileURLToPath } from 'node:url';
import { FaroError } from '../../../model/errors.ts';
import type { PageBundle } from './document.ts';

const ENTRY = new URL('../page/main.tsx', import.meta.url);
/** The page as it was built for a package or a single executable, which come without esbuild: beside the command's one file. */
export const ASSET = 'report-page.json';
const BUILT = new URL(ASSET, import.meta.url);

/**
 * The page's script and styles: in a checkout always built from the sources as they are (a tenth of a second), in a
 * package what was built when it was packed. Throws FaroError `output` where there is neither.
 */
export async function loadBundle(): Promise<PageBundle> {
  checkBundle();
  if (isSea()) return JSON.parse(getAsset(ASSET, 'utf8')) as PageBundle;
  if (canBuild()) return await buildBundle(await import('esbuild'));
  return JSON.parse(await readFile(BUILT, 'utf8')) as PageBundle;
}

/** Finds out before any work that there is no page to draw reports with. Throws FaroError `output`. */
export function checkBundle(): void {
  if (isSea() || canBuild() || existsSync(BUILT)) return;
  throw new FaroError('output', 'this checkout cannot draw reports: it was installed without what builds their page', {
    hint: 'npm ci, without --omit=dev, brings it; an installed package of faro has the page in it',
  });
}

/** A package comes without the sources; whoever installed it may well have esbuild. */
function canBuild(): boolean {
  return existsSync(ENTRY) && ['esbuild', 'preact'].every(isInstalled);
}

function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false; // that is what it says by throwing
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
