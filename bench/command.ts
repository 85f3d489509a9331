import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { bundleCommand } from '../scripts/command-bundle.ts';

/**
 * The command as users start it: `bin/faro.js` beside the one file that a package holds, made of this checkout's sources.
 * In the same place each time, so that it keeps its compiled code between runs.
 */
export async function installedCommand(): Promise<string> {
  const folder = join(import.meta.dirname, '../node_modules/.cache/faro');
  mkdirSync(join(folder, 'bin'), { recursive: true });
  for (const file of ['bin/faro.js', 'bin/code-folder.js', 'bin/compiled.js', 'package.json'])
    copyFileSync(file, join(folder, file));
  await bundleCommand(join(folder, 'dist'));
  return join(folder, 'bin/faro.js');
}
