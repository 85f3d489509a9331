import { mkdirSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { BROKEN } from './broken.ts';
import { storyOf } from './case.ts';
import { HEALTHY } from './healthy.ts';
import { OVER } from './over.ts';
import { SEVERAL } from './several.ts';

/** `node test/e2e/verdict/record.ts [NAME…]`: records the stories of the table that the tests of src/verdict read. */
if (process.env.FARO_TEST_KUBECONFIG === undefined) throw new Error('name the cluster by FARO_TEST_KUBECONFIG');
const FOLDER = 'test/verdict/stories';
const names = new Set(process.argv.slice(2));
const wanted = [...BROKEN, ...SEVERAL, ...OVER, ...HEALTHY].filter(({ name }) => names.size === 0 || names.has(name));
mkdirSync(FOLDER, { recursive: true });
const pending = [...wanted];
await Promise.all(
  Array.from({ length: 4 }, async () => {
    for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
      const startedAt = Date.now();
      const story = await storyOf(next).catch((error: unknown) => String(error));
      if (typeof story === 'string') process.stdout.write(`${next.name}: ${story}\n`);
      else writeFileSync(`${FOLDER}/${next.name}.json.gz`, gzipSync(JSON.stringify(story), { level: 9 }));
      process.stdout.write(`${next.name} ${((Date.now() - startedAt) / 1000).toFixed(1)} s\n`);
    }
  }),
);
