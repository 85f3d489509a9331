import { FaroError } from '../model/errors.ts';
import type { Root } from '../model/record.ts';
import { groupResourceOf } from '../model/resource.ts';
import { millisecondsOf } from '../model/time.ts';
import { checkOutput } from '../story/file.ts';
import { type Capturing, commandLog, recordAndTell } from './capture.ts';
import type { CommandContext } from './context.ts';
import type { ExitCode } from './exit.ts';
import { kubeletsFor } from './kubelets.ts';
import type { CaptureOptions } from './options.ts';
import { planOf } from './plan.ts';
import { KilledJournal } from './recording-journal.ts';
import { connectionFor, openSession } from './session.ts';

/** What belongs to a capture from its beginning, and cannot be another when it goes on. */
const FIXED = {
  namespace: '--namespace',
  wait: '--wait',
  logs: '--no-logs',
  related: '--no-related',
  since: '--since',
  tail: '--tail',
  logRoute: '--log-route',
  managedFields: '--managed-fields',
  redact: '--no-redact',
  redactPattern: '--redact-pattern',
} as const;

export interface ResumeRequest {
  /** What stands on the command line, and the defaults of what does not. */
  readonly options: CaptureOptions;
  /** Names of the options that stand there. */
  readonly given: ReadonlySet<string>;
  readonly targets: readonly string[];
}

/** `faro capture --resume JOURNAL`: goes on with a capture that was killed, and writes the story of all of it. */
export async function resume(dir: string, request: ResumeRequest, context: CommandContext): Promise<ExitCode> {
  checkUsage(request, context);
  await using journal = await KilledJournal.open(dir);
  const options = { ...request.options, ...journal.state.options, ...givenOf(request) };
  const { past } = journal;
  const plan = planOf(options, context, millisecondsOf(past.start.time));
  const log = commandLog(options, context);
  await checkOutput(options.output, { force: options.force === true });
  const connection = await connectionFor(options, context, log);
  await using kubelets = await kubeletsFor(connection, options, { port: plan.kubeletPort, context, log });
  await using session = await openSession(
    { roots: past.start.roots, connection, context, log },
    context.interrupts.first,
  );
  journal.checkCluster(session.cluster);
  const end = journal.leftOf(plan.end);
  const capturing: Capturing = { plan: { ...plan, end }, options, context, log, kubelets, killed: journal };
  return await recordAndTell(session, past.start.roots.map(nameOf), capturing);
}

function checkUsage({ targets, given }: ResumeRequest, { command }: CommandContext): void {
  const fixed = Object.entries(FIXED).flatMap(([name, option]) => (given.has(name) ? option : []));
  const extra = [...targets, ...fixed];
  if (extra.length > 0)
    throw new FaroError('usage', `--resume goes on with the same capture: ${extra.join(' ')} cannot be another now`, {
      hint: 'leave it out; what the capture was asked for is in its journal',
    });
  if (command !== undefined)
    throw new FaroError('usage', '--resume makes no capture around a command', {
      hint: 'leave out what stands behind --',
    });
}

function givenOf({ options, given }: ResumeRequest): Partial<CaptureOptions> {
  return Object.fromEntries(Object.entries(options).filter(([name]) => given.has(name)));
}

function nameOf(root: Root): string {
  return `${groupResourceOf(root)}/${root.name}`;
}
