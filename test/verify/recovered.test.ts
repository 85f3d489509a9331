import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { writeStory } from '../../src/story/file.ts';
import { verifyStory } from '../../src/verify/verify.ts';
import { simulatedJournal } from '../story/simulated-story.ts';

test('the story of a journal that was cut anywhere is sound, and never claims to be complete', {
  timeout: 60_000,
}, async () => {
  const journal = await simulatedJournal(2);
  const folder = mkdtempSync(join(tmpdir(), 'faro-recovered-'));
  const [segment = ''] = readdirSync(journal).sort();
  const size = statSync(join(journal, segment)).size;
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: Math.floor(size / 20), max: size - 1 }), async (length) => {
      run += 1;
      const cut = join(folder, `journal-${run}`);
      cpSync(journal, cut, { recursive: true });
      truncateSync(join(cut, segment), length);
      const output = join(folder, `story-${run}.json`);
      await writeStory({ journal: cut, output, force: false });
      const { problems, head } = await verifyStory(output);
      assert.deepEqual(problems, [], `cut to ${length} of ${size}`);
      assert.equal(head?.metadata.complete, false);
      assert.equal(head.metadata.ended, 'killed');
    }),
    { numRuns: 25 },
  );
});
