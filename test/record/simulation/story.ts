import type { JournalFs } from '../../../src/journal/fs.ts';
import { JournalReader } from '../../../src/journal/reader.ts';
import { assembleStory } from '../../../src/story/assemble.ts';
import type { Story, TimelineEntry } from '../../../src/story/document.ts';
import type { StoryHead } from '../../../src/story/reader.ts';
import type { Scratch } from '../../../src/story/spill.ts';
import type { JournalSource } from '../../../src/story/survey.ts';

/** Where the journal of a simulated recording stands on its disk. */
export const JOURNAL = '/journal';

/** A story as its readers get it. */
export interface ReadStory {
  readonly head: StoryHead;
  readonly timeline: readonly TimelineEntry[];
}

/** Makes the story of the journal on a disk, as `faro recover` does, and reads its text. */
export async function storyOn(disk: JournalFs): Promise<ReadStory> {
  await using journal = await JournalReader.open(JOURNAL, { fs: disk });
  return await readAssembled(journal);
}

/** Makes the story of a journal, and reads its text. */
export async function readAssembled(journal: JournalSource): Promise<ReadStory> {
  const chunks: Buffer[] = [];
  await assembleStory(journal, { sink: async (chunk) => void chunks.push(Buffer.from(chunk)), scratch: NO_SCRATCH });
  const { timeline, ...head } = JSON.parse(Buffer.concat(chunks).toString()) as Story & Pick<ReadStory, 'head'>;
  return { head: head as unknown as StoryHead, timeline };
}

/** A schedule has few logs: none of them is ever written aside. */
const NO_SCRATCH: Scratch = {
  spill: () => Promise.reject(new Error('a schedule with hundreds of logs at once')),
  require: () => Promise.resolve(),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};
