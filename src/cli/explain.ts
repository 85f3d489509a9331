import { judgeStory } from '../story/judge.ts';
import { openStory } from '../story/reader.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { explanationOf } from './explanation.ts';

/** `faro explain`: what went wrong in a story, the first cause first. */
export async function explain(
  path: string,
  options: { readonly json?: boolean },
  context: CommandContext,
): Promise<ExitCode> {
  await using story = await openStory(path);
  const verdict = await judgeStory(story);
  context.stdout.write(
    options.json === true ? `${JSON.stringify(verdict)}\n` : explanationOf(verdict, { ...story.head, path }),
  );
  return verdict.status === 'healthy' || verdict.status === 'recovered' ? EXIT.done : EXIT.goalFailed;
}
