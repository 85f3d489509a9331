import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TextFormat, textConverter } from '../../src/convert/formats.ts';
import type { TimelineEntry } from '../../src/story/document.ts';
import { writeStory } from '../../src/story/file.ts';
import { openStory, type StoryHead } from '../../src/story/reader.ts';
import { temporaryFolder } from '../folder.ts';
import { canonical, sampleStory } from '../story/sample.ts';
import { simulatedJournal } from '../story/simulated-story.ts';

export const folder = temporaryFolder('convert');

/** Texts that break out of something, somewhere. */
const HOSTILE = [
  "=cmd|'/c calc'!A1",
  '+1',
  '-1',
  '@SUM(A1)',
  '\tx',
  'a "quoted", \r\n text; with `` ``` ```` fences',
  '# heading\n- [link](javascript:alert(1)) <script>alert(1)</script> | cell | *b* _i_',
  '\u001b[2J\u001b]0;title\u0007\u202e reversed \u2066 \u0000 nul \u009b31m',
  'ünïcödé 日本語 🎉',
  ']}\n{"seq":0}',
];

/** A story whose lines are hostile, one of them no UTF-8. */
export function hostileStory(): string {
  const story = sampleStory(HOSTILE.map((line, index) => [index % 2, line] as const));
  const last = story.timeline.find((entry) => entry.type === 'log');
  if (last?.type === 'log') {
    delete last.line;
    last.bytes = Buffer.from('\xff\xfe raw', 'latin1').toString('base64');
  }
  const file = join(folder, 'hostile.json');
  writeFileSync(file, canonical(story));
  return file;
}

/** A real one: a rollout that crashes and is rolled back. */
export async function rolloutStory(): Promise<string> {
  const file = join(folder, 'rollout.json');
  await writeStory({ journal: await simulatedJournal(), output: file, force: true });
  return file;
}

/** A story with all that is in it. */
export interface Sample {
  readonly file: string;
  readonly head: StoryHead;
  readonly entries: readonly TimelineEntry[];
}

export async function sampleOf(file: string): Promise<Sample> {
  await using story = await openStory(file);
  return { file, head: story.head, entries: await Array.fromAsync(story.entries()) };
}

export async function converted({ file }: Sample, format: TextFormat, budget = 8000): Promise<string> {
  await using story = await openStory(file);
  const converter = await textConverter(format);
  return (await Array.fromAsync(converter(story, { budget }))).join('');
}
