import { join } from 'node:path';
import { buildPart } from '../../test/cluster/build.ts';

/** stern as its authors publish it, built from its Go module. */
export async function buildStern(): Promise<string> {
  const folder = await buildPart({
    name: 'stern',
    module: new URL('../stern', import.meta.url).pathname,
    builds: (out) => [['-o', join(out, 'stern'), 'github.com/stern/stern']],
  });
  return join(folder, 'stern');
}
