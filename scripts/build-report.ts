import { mkdir, writeFile } from 'node:fs/promises';
import { BUILT, buildBundle } from '../src/view/html/write/bundle.ts';

/** `npm run build:report`: the report's page for a package, which comes without esbuild. */
await mkdir(new URL('.', BUILT), { recursive: true });
await writeFile(BUILT, JSON.stringify(await buildBundle(await import('esbuild'))));
