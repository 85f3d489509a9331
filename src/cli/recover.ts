import { checkFolder } from '../journal/folder.ts';
import { JournalLock } from '../journal/lock.ts';
import { checkOutput, writeStory } from '../story/file.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { signKeyOf } from './sign-key.ts';
import { keepHeapSmall } from './small-heap.ts';
import { summarise } from './summary.ts';

export interface RecoverOptions {
  readonly output: string;
  readonly force?: boolean;
  readonly signKey?: string;
}

/** `faro recover`: makes a story of a journal, whether its capture ended by itself or was killed. The journal stays. */
export async function recover(journal: string, options: RecoverOptions, context: CommandContext): Promise<ExitCode> {
  const force = options.force === true;
  await checkFolder(journal);
  using _lock = JournalLock.forReading(journal);
  await checkOutput(options.output, { force });
  const signKey = await signKeyOf(options);
  using _small = keepHeapSmall();
  const summary = await writeStory({ journal, output: options.output, force, signKey });
  context.stderr.write(summarise(summary, { ended: 'recovered', goal: 'none', reason: '' }, options.output));
  return EXIT.done;
}
