import { FaroError } from '../model/errors.ts';
import type { Root } from '../model/record.ts';
import { groupResourceOf } from '../model/resource.ts';
import { millisecondsOf } from '../model/time.ts';
import type { Past } from '../record/past.ts';
import { checkOutput } from '../story/file.ts';
import { type Capturing, commandLog, planOf, recordAndTell } from './capture.ts';
import { notResumable } from './capture-state.ts';
import type { CommandContext } from './context.ts';
import type { ExitCode } from './exit.ts';
import { kubeletsFor } from './kubelets.ts';
import type { CaptureOptions } from './options.ts';
import { KilledJournal } from './recording-journal.ts';
import { connectionFor, openSession, type Session } from './session.ts';

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
  const startedAt = millisecondsOf(past.start.time);
  const plan = planOf(options, context, startedAt);
  const log = commandLog(options, context);
  await checkOutput(options.output, { force: options.force === true });
  const connection = await connectionFor(options, context, log);
  await using kubelets = await kubeletsFor(connection, options, { context, log });
  await using session = await openSession(
    { roots: past.start.roots, connection, context, log },
    context.interrupts.first,
  );
  checkCluster(dir, past, session);
  const spentMs = millisecondsOf(past.lastObserved) - startedAt;
  const left = (ms: number | undefined) => (ms === undefined ? undefined : Math.max(0, ms - spentMs));
  const end = { ...plan.end, forMs: left(plan.end.forMs), timeoutMs: left(plan.end.timeoutMs) };
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

/** A kube-system Namespace is never made anew: its UID is the cluster's. */
function checkCluster(dir: string, { start }: Past, { cluster }: Session): void {
  const [before, now] = [start.cluster, cluster];
  if (before.uid !== null && now.uid !== null) {
    if (before.uid === now.uid) return;
    const servers = `it was begun on ${before.server} (${before.uid}), and ${now.server} is another one (${now.uid})`;
    throw notResumable(dir, `this is not its cluster: ${servers}`);
  }
  // Whoever may not read that Namespace is known by the address alone.
  if (before.server !== now.server)
    throw notResumable(
      dir,
      `whether this is its cluster cannot be known: it was begun on ${before.server}, this is ${now.server}`,
    );
}

function nameOf(root: Root): string {
  return `${groupResourceOf(root)}/${root.name}`;
}
