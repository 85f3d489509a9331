import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { KubeletClients } from '../kube/kubelet.ts';
import { aborted } from '../model/aborted.ts';
import { FaroError } from '../model/errors.ts';
import type { RecordResult } from '../record/end.ts';
import { Recorder, type RecordSink } from '../record/record.ts';
import { createRedactor } from '../redact/redactor.ts';
import { checkOutput, writeStory } from '../story/file.ts';
import { createLog, type Log } from '../telemetry/log.ts';
import { VERSION } from '../version.ts';
import type { Recorded, RecordingHooks } from './ci/around.ts';
import { captureAround } from './ci/capture-around.ts';
import type { Ran } from './ci/outcome.ts';
import { checkReports, publish } from './ci/publish.ts';
import type { CommandContext } from './context.ts';
import { judged } from './disk.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { checkUnused, journalOf, recoverHint } from './journal-place.ts';
import { kubeletsFor } from './kubelets.ts';
import type { CaptureOptions, TelemetryOptions } from './options.ts';
import { type CapturePlan, planOf } from './plan.ts';
import { type ProgressMode, startProgress } from './progress.ts';
import { type KilledJournal, newJournal, type RecordingJournal } from './recording-journal.ts';
import { connectionFor, openSession, type Session } from './session.ts';
import { signKeyOf } from './sign-key.ts';
import { boundYoungGeneration, keepHeapSmall } from './small-heap.ts';
import { summarise } from './summary.ts';
import { uuidv7 } from './uuid.ts';

/** `faro capture`: records the targets until an end condition, and writes their story. */
export async function capture(
  targets: readonly string[],
  options: CaptureOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const plan = planOf(options, context);
  const log = commandLog(options, context);
  await checkOutput(options.output, { force: options.force === true });
  if (options.output !== '-') await checkUnused(journalOf(options.output));
  await checkReports(options);
  const report = options.report === undefined ? undefined : await (await import('./report.ts')).reportOf(options);
  const connection = await connectionFor(options, context, log);
  await using kubelets = await kubeletsFor(connection, options, { port: plan.kubeletPort, context, log });
  const { namespace, wait = false } = options;
  const { command } = context;
  await using session = await openSession(
    { targets, connection, namespace, wait, allowMissing: command !== undefined, context, log },
    context.interrupts.first,
  );
  return await recordAndTell(session, targets, { plan, options, context, log, kubelets, report });
}

/** A capture that is ready to begin, or to go on; `report` is where its report goes. */
export type Capturing = RecordRequest & { readonly report?: string | undefined };

/** Records, writes the story and tells what came of it. */
export async function recordAndTell(
  session: Session,
  targets: readonly string[],
  { report, ...request }: Capturing,
): Promise<ExitCode> {
  const { options, context } = request;
  const { command } = context;
  const startedAt = context.clock.now();
  const conclude = (recorded: Recorded, ran?: Ran) =>
    tell({ recorded, ran, targets, report, seconds: (context.clock.now() - startedAt) / 1000 }, options, context);
  if (command !== undefined)
    return await captureAround({
      command,
      hasGoal: options.until !== undefined || options.for !== undefined,
      context,
      conclude,
      record: (hooks) => recordStory(session, { ...request, hooks }),
    });
  const recorded = await recordStory(session, request);
  await conclude(recorded);
  return recorded.result.goal === 'failed' ? EXIT.goalFailed : EXIT.done;
}

interface Told {
  readonly recorded: Recorded;
  /** Of the command that was recorded around. */
  readonly ran: Ran | undefined;
  readonly targets: readonly string[];
  /** Where the report goes. */
  readonly report: string | undefined;
  readonly seconds: number;
}

/** Tells what came of a capture: on standard error, as a report, and to the pipeline. */
async function tell(told: Told, options: CaptureOptions, context: CommandContext): Promise<void> {
  const { recorded, ran, targets, report, seconds } = told;
  const { output, until: goal } = options;
  const { command: argv } = context;
  context.stderr.write(summarise(recorded.summary, recorded.result, output));
  if (report !== undefined) await tellReport(output, report, context);
  const command = argv === undefined || ran === undefined ? undefined : { argv, ...ran };
  const firstCause = recorded.summary.verdict.firstCause?.summary;
  await publish({ ...recorded, targets, goal, output, seconds, command, firstCause }, options, context);
}

/**
 * Draws the report of a story that is in place; a second interrupt leaves at once, and what was drawn goes with the process.
 * What draws reports reads stories, for which much is loaded: that is not for a capture without one.
 */
async function tellReport(story: string, report: string, { stderr, interrupts }: CommandContext): Promise<void> {
  const { placeReport, summariseReport } = await import('./report.ts');
  const summary = await Promise.race([placeReport(story, report), aborted(interrupts.second)]);
  if (summary !== undefined) return void stderr.write(summariseReport(report, summary));
  const hint = `the story is whole: "faro report ${story} -o ${report}" draws it`;
  throw new FaroError('output', 'left before the report was drawn', { hint });
}

export interface RecordRequest {
  readonly plan: CapturePlan;
  readonly options: CaptureOptions;
  readonly context: CommandContext;
  readonly log: Log;
  /** Where the recording is made around a command. */
  readonly hooks?: RecordingHooks;
  /** Where node files are read straight from the kubelets. */
  readonly kubelets?: KubeletClients | undefined;
  /** The journal to go on with, of a capture that was killed. */
  readonly killed?: KilledJournal | undefined;
}

/** Records to a journal beside the output, then makes the story of it; the journal goes when the story is in place. */
export async function recordStory(session: Session, request: RecordRequest): Promise<Recorded> {
  const { options, context, killed } = request;
  const signKey = await signKeyOf(options);
  const aheadMs = () => session.client.clockSkew?.least;
  const how = { clock: context.clock, aheadMs, log: request.log, ...request.plan.disk };
  const journal = await (killed?.goOn(how) ??
    newJournal(journalOf(options.output), options, { ...how, cwd: context.cwd }));
  const { dir } = journal;
  const record = async () => {
    const result = await recordWhole(journal, session, request);
    const { second } = context.interrupts;
    if (second.aborted) throw left(dir);
    request.log.info({ ended: result.ended }, 'recorded; writing the story');
    using _small = keepHeapSmall();
    const story = { journal: dir, output: options.output, force: options.force === true, signKey };
    // What is under way then is left as it is, and goes with the process.
    const summary = await Promise.race([writeStory(story), aborted(second)]);
    if (summary === undefined) throw left(dir);
    return { result, summary };
  };
  const recorded = await record().finally(() => journal.release());
  if (options.keepJournal !== true) await rm(dir, { recursive: true });
  return recorded;
}

/** Records to the journal's end; where that fails, the error says what can be done with what the journal holds. */
async function recordWhole(journal: RecordingJournal, session: Session, request: RecordRequest): Promise<RecordResult> {
  const { dir, writer } = journal;
  try {
    const result = await recordTo(journal, session, request);
    await writer.close();
    return result;
  } catch (error) {
    await writer.close().catch(() => undefined); // what stopped the recording is the error to tell
    throw withRecovery(error, dir);
  }
}

async function recordTo(
  { writer, state, past }: RecordingJournal,
  session: Session,
  { plan, options, context, log, hooks, kubelets }: RecordRequest,
): Promise<RecordResult> {
  const { clock, random, interrupts } = context;
  using _young = boundYoungGeneration();
  // What the journal says may be over: nothing is judged before it is known what there is now.
  const caughtUp = past === undefined ? {} : { after: Promise.resolve().then(() => recorder.synced) };
  const end =
    hooks === undefined
      ? { ...plan.end, ...caughtUp }
      : { ...plan.end, after: hooks.after, mustExist: options.wait !== true };
  const { redaction, ...recorded } = plan;
  const counts = () => recorder.progress;
  await using progress = startProgress({ mode: progressMode(options), roots: session.roots, context, log, counts });
  const sink: RecordSink = {
    append(record) {
      writer.append(record);
      progress.take(record);
    },
    drained: (signal) => writer.drained(signal),
    sync: (signal) => writer.sync(signal),
    get hold() {
      return writer.hold;
    },
  };
  const recorder = new Recorder({
    ...session,
    ...recorded,
    end,
    clock,
    random,
    log,
    kubelet: kubelets === undefined ? undefined : (host) => kubelets.of(host),
    sink,
    redactor: createRedactor({ key: state.redactionKey, ...redaction }),
    start:
      past === undefined
        ? { ...identity(options, redaction, session, context), roots: session.roots }
        : { ...past.start, generator: GENERATOR },
    past,
    streamingList: true,
    related: options.related,
  });
  if (hooks !== undefined) void recorder.synced.then(hooks.onRecording);
  const stop = AbortSignal.any([hooks?.stop ?? interrupts.first, writer.ending]);
  return judged(await recorder.run(stop, interrupts.second), writer.ending);
}

/** Whoever asks for JSON reads standard error by a program. */
function progressMode({ progress = 'auto', logFormat }: CaptureOptions): ProgressMode {
  return progress === 'auto' && logFormat === 'json' ? 'none' : progress;
}

export function commandLog(options: TelemetryOptions, context: CommandContext): Log {
  const format = options.logFormat ?? (context.stderr.isTTY === true ? 'text' : 'json');
  return createLog({ level: options.logLevel, format, write: (line) => context.stderr.write(line) });
}

const GENERATOR = `faro ${VERSION}`;

function identity(
  options: CaptureOptions,
  { patterns }: CapturePlan['redaction'],
  session: Session,
  context: CommandContext,
) {
  const stated = {
    until: options.until,
    for: options.for,
    timeout: options.timeout,
    wait: options.wait,
    since: options.since,
    tail: options.tail,
    logs: options.logs ? undefined : false,
    related: options.related ? undefined : false,
    redact: options.redact ? undefined : false,
    redactPatterns: patterns.length > 0 ? patterns.map(({ name }) => name) : undefined,
    managedFields: options.managedFields,
  };
  const given = Object.fromEntries(Object.entries(stated).filter(([, value]) => value !== undefined));
  return {
    id: uuidv7(context.clock.now(), randomBytes(10)),
    generator: GENERATOR,
    cluster: session.cluster,
    options: { ...given, logRoute: options.logRoute },
  };
}

function left(dir: string): FaroError {
  return new FaroError('story', 'left before the story was written', {
    hint: `what was recorded is in ${dir}: "faro recover ${dir} -o FILE" makes the story of it`,
  });
}

function withRecovery(error: unknown, dir: string): unknown {
  if (!(error instanceof FaroError)) return error;
  return new FaroError(error.code, error.message, {
    hint: `${error.hint ?? ''} ${recoverHint(dir)}`.trim(),
    cause: error,
  });
}
