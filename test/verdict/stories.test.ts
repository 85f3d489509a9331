import { join } from 'node:path';
import { test } from 'node:test';
import { Examination } from '../../src/story/examine.ts';
import { openStory } from '../../src/story/reader.ts';
import { BROKEN } from '../e2e/verdict/broken.ts';
import { checkVerdict } from '../e2e/verdict/case.ts';
import { HEALTHY } from '../e2e/verdict/healthy.ts';
import { OVER } from '../e2e/verdict/over.ts';
import { SEVERAL } from '../e2e/verdict/several.ts';

/** Stories of the table, recorded on the real cluster by `node test/e2e/verdict/record.ts`. */
const FOLDER = 'test/verdict/stories';

for (const wanted of [...BROKEN, ...SEVERAL, ...OVER, ...HEALTHY].filter(({ isLong }) => isLong !== true))
  test(`the recorded story ${wanted.name}: ${wanted.rule ?? 'nothing failed'}`, async () => {
    await using story = await openStory(join(FOLDER, `${wanted.name}.json.gz`));
    const examination = new Examination(story.head);
    for await (const entry of story.entries()) examination.take(entry);
    checkVerdict(wanted, examination.verdict());
  });
