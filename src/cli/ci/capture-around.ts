import { FaroError } from '../../model/errors.ts';
import type { CommandContext } from '../context.ts';
import { describeError } from '../exit.ts';
import { Interrupt } from '../interrupt.ts';
import { type AroundResult, type Recorded, type RecordingHooks, recordAround } from './around.ts';
import { commandLine } from './conclusion.ts';
import { AROUND, describeOutcome, exitCodeOfOutcome, exitCodeOfSignal, hasSucceeded, type Ran } from './outcome.ts';
import { platformOf } from './platform.ts';

export interface CaptureAroundOptions {
  readonly command: readonly string[];
  readonly hasGoal: boolean;
  readonly context: CommandContext;
  readonly record: (hooks: RecordingHooks) => Promise<Recorded>;
  /** Tells of a story that was written, before the exit code is decided. */
  readonly conclude: (recorded: Recorded, ran: Ran | undefined) => Promise<void>;
}

/** A capture around a command: its output framed as the pipeline's platform does it, and the exit code of the whole. */
export async function captureAround(options: CaptureAroundOptions): Promise<number> {
  const { command, context } = options;
  const { env, stderr, clock } = context;
  const platform = platformOf(env, () => clock.now());
  const around = await recordAround({
    ...options,
    onStart: () => void stderr.write(platform?.begin(commandLine(command)) ?? ''),
    onEnd: () => void stderr.write(platform?.end() ?? ''),
  });
  const outcome = around.ran?.outcome;
  if (outcome !== undefined && !hasSucceeded(outcome))
    stderr.write(`faro: ${commandLine(command)} ${describeOutcome(outcome)}\n`);
  const failure = await concluded(around, options);
  if (failure !== undefined) stderr.write(describeError(failure.error));
  return exitCode(around, failure !== undefined, context);
}

/** The error that faro itself failed with, if it did. */
async function concluded(
  { recorded, ran }: AroundResult,
  { conclude }: CaptureAroundOptions,
): Promise<{ readonly error: unknown } | undefined> {
  if ('failure' in recorded) return { error: recorded.failure };
  try {
    await conclude(recorded, ran);
    return undefined;
  } catch (error) {
    if (!(error instanceof FaroError)) throw error;
    return { error };
  }
}

/** The command's own failure goes before everything: it is what the pipeline was to do. */
function exitCode({ ran, recorded }: AroundResult, hasFaroFailed: boolean, context: CommandContext): number {
  const outcome = ran?.outcome;
  if (outcome !== undefined && !hasSucceeded(outcome)) return exitCodeOfOutcome(outcome);
  if (hasFaroFailed) return AROUND.faro;
  const { first } = context.interrupts;
  if (first.aborted && first.reason instanceof Interrupt) return exitCodeOfSignal(first.reason.signal);
  return 'result' in recorded && recorded.result.goal === 'failed' ? 1 : 0;
}
