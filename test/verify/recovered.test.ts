import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { FaroError } from '../../src/model/errors.ts';
import type { Story } from '../../src/story/document.ts';
import { writeStory } from '../../src/story/file.ts';
import { verifyStory } from '../../src/verify/verify.ts';
import { temporaryFolder } from '../folder.ts';
import { holds } from '../property.ts';
import { simulatedJournal } from '../story/simulated-story.ts';

test('the story of a journal that was cut anywhere is sound, and never claims to be complete', async () => {
  const journal = await simulatedJournal(2);
  const folder = temporaryFolder('recovered');
  const [segment = ''] = readdirSync(journal).sort();
  const size = statSync(join(journal, segment)).size;
  let run = 0;
  await holds(
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

/** How many lines of each container run a story has, and whether it claims to have them all. */
function ledgers(file: string): Map<string, { lines: number; claims: boolean }> {
  const story = JSON.parse(readFileSync(file, 'utf8')) as Story;
  return new Map(
    story.containers.map(({ object, name, restart, ledger }) => [
      `${story.objects[object]?.uid}/${name}/${restart}`,
      { lines: ledger.lines, claims: ledger.end === 'proven' && ledger.gaps.length === 0 },
    ]),
  );
}

test('the story of a journal with a flipped bit is sound, and claims no log of which that took lines', async () => {
  const journal = await simulatedJournal(3);
  const folder = temporaryFolder('flipped');
  const [segment = ''] = readdirSync(journal).filter((name) => name.endsWith('.faroj'));
  const bytes = readFileSync(join(journal, segment));
  const whole = join(folder, 'story.json');
  await writeStory({ journal, output: whole, force: false });
  const truth = ledgers(whole);
  let run = 0;
  let lacking = 0;
  await holds(
    fc.asyncProperty(
      fc.integer({ min: 28, max: bytes.length - 1 }),
      fc.integer({ min: 0, max: 7 }),
      async (at, bit) => {
        run += 1;
        const flipped = join(folder, `journal-${run}`);
        cpSync(journal, flipped, { recursive: true });
        const damaged = Buffer.from(bytes);
        damaged.writeUInt8(damaged.readUInt8(at) ^ (1 << bit), at);
        writeFileSync(join(flipped, segment), damaged);
        const output = join(folder, `story-${run}.json`);
        try {
          await writeStory({ journal: flipped, output, force: false });
        } catch (error) {
          assert.match(
            error instanceof FaroError ? error.message : String(error),
            /its beginning could not be read|holds nothing/,
          );
          return;
        }
        const { problems, head } = await verifyStory(output);
        assert.deepEqual(problems, [], `bit ${bit} of byte ${at}`);
        assert.equal(head?.metadata.complete, false);
        for (const [key, { lines, claims }] of ledgers(output)) {
          if (lines === truth.get(key)?.lines) continue;
          lacking += 1;
          assert.equal(claims, false, `bit ${bit} of byte ${at}: ${key}`);
        }
      },
    ),
    { numRuns: 30 },
  );
  assert.ok(lacking > 0, 'some flips took lines');
});
