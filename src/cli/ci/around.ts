import type { RecordResult } from '../../record/end.ts';
import type { StorySummary } from '../../story/file.ts';
import type { CommandContext } from '../context.ts';
import { type CommandWorld, runCommand } from './command.ts';
import { endedBy, hasSucceeded, type Ran } from './outcome.ts';

/** What a recording needs to know of the command that it is made around. */
export interface RecordingHooks {
  /** Call it when what changes from now on is recorded: it starts the command. */
  readonly onRecording: () => void;
  /** Resolves when the command has ended well: from then on the goal is judged. */
  readonly after: Promise<void>;
  /** Aborts, with the story's `ended` as its reason, when the command's end is the recording's. */
  readonly stop: AbortSignal;
}

export interface Recorded {
  readonly result: RecordResult;
  readonly summary: StorySummary;
}

/** What came of a recording around a command; one of the two may have failed, and neither takes the other down. */
export interface AroundResult {
  /** undefined where it was not started: the recording failed or was interrupted before. */
  readonly ran: Ran | undefined;
  readonly recorded: Recorded | { readonly failure: unknown };
}

export interface AroundOptions {
  readonly command: readonly string[];
  /** Without a goal the recording ends with the command. */
  readonly hasGoal: boolean;
  readonly context: CommandWorld & Pick<CommandContext, 'clock'>;
  readonly record: (hooks: RecordingHooks) => Promise<Recorded>;
  /** Told of the moments before and after the command, for what frames its output. */
  readonly onStart: () => void;
  readonly onEnd: () => void;
}

/** Records, runs the command once the recording stands, and ends when its goal is decided or the command has failed. */
export async function recordAround(options: AroundOptions): Promise<AroundResult> {
  const { context, command, record } = options;
  const { first } = context.interrupts;
  const stop = new AbortController();
  const after = Promise.withResolvers<void>();
  let running: Promise<Ran> | undefined;
  const onRecording = () => {
    if (stop.signal.aborted) return;
    options.onStart();
    const startedAt = context.clock.now();
    running = runCommand(command, context).then((outcome) => {
      const seconds = (context.clock.now() - startedAt) / 1000;
      options.onEnd();
      if (first.aborted) stop.abort(first.reason);
      else if (hasSucceeded(outcome) && options.hasGoal) after.resolve();
      else stop.abort(endedBy(outcome));
      first.addEventListener('abort', () => stop.abort(first.reason), { once: true });
      return { outcome, seconds };
    });
  };
  // While the command runs, an interrupt is the command's affair, and what it does then is recorded, too.
  const onInterrupt = () => {
    if (running === undefined) stop.abort(first.reason);
  };
  first.addEventListener('abort', onInterrupt, { once: true });
  const recorded = await record({ onRecording, after: after.promise, stop: stop.signal }).catch((failure: unknown) => {
    if (!stop.signal.aborted) stop.abort('failed');
    return { failure };
  });
  return { ran: await running, recorded };
}
