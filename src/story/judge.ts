import type { StoryVerdict } from './document.ts';
import { Examination } from './examine.ts';
import type { StoryReader } from './reader.ts';

/** The verdict that stands in the story, else (an older faro wrote it) what its timeline says. */
export async function judgeStory(story: Pick<StoryReader, 'head' | 'entries'>): Promise<StoryVerdict> {
  if (story.head.verdict !== undefined) return story.head.verdict;
  const examination = new Examination(story.head);
  for await (const entry of story.entries()) examination.take(entry);
  return examination.verdict();
}
