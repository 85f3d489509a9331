import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { notResumable } from '../cli/capture-state.ts';
import { systemClock } from '../cli/context.ts';
import type { CaptureOptions } from '../cli/options.ts';
import { KilledJournal, newJournal, type RecordingJournal } from '../cli/recording-journal.ts';
import { openSession, type Session } from '../cli/session.ts';
import { uuidv7 } from '../cli/uuid.ts';
import type { JournalWriterOptions } from '../journal/writer.ts';
import { loadConnection } from '../kube/connection.ts';
import { FaroError } from '../model/errors.ts';
import type { Root } from '../model/record.ts';
import { groupResourceOf } from '../model/resource.ts';
import type { EndConditions, RecordResult } from '../record/end.ts';
import { Recorder, type RecordProgress } from '../record/record.ts';
import type { RecordLog } from '../record/record-log.ts';
import type { CredentialPattern } from '../redact/log-lines.ts';
import { parsePattern } from '../redact/patterns.ts';
import { createRedactor } from '../redact/redactor.ts';
import { checkOutput, type StorySummary, writeStory } from '../story/file.ts';
import { signingKey } from '../story/signature.ts';
import { VERSION } from '../version.ts';
import type { RecorderOptions } from './options.ts';

/** How a recording ended, and what its story holds. */
export interface Recording extends RecordResult {
  /** Undefined where only a journal was asked for. */
  readonly story: StorySummary | undefined;
  /** The folder of the journal, where it was kept. */
  readonly journal: string | undefined;
}

/** A recorder that is connected and has found its targets; dispose it. */
export interface StoryRecorder extends AsyncDisposable {
  readonly progress: RecordProgress;
  /** Resolves when everything that is there already is recorded and every change from now on will be. */
  readonly recording: Promise<void>;
  /**
   * Records until the options' end, or until the signal aborts, which ends the recording well; its reason, if it is a
   * text, stands in the story as `ended`. Then the story is written. May be called once.
   */
  run(signal?: AbortSignal): Promise<Recording>;
}

const SILENT: RecordLog = { info: () => undefined, warn: () => undefined };

/** Connects, finds the targets and prepares to record them. Throws FaroError, whose `code` tells what to do about it. */
export async function createRecorder(
  options: RecorderOptions,
  signal: AbortSignal = new AbortController().signal,
): Promise<StoryRecorder> {
  const place = await placeOf(options);
  await using begun = new AsyncDisposableStack();
  const killed =
    options.resume === true && existsSync(place.journal) ? await KilledJournal.open(place.journal) : undefined;
  if (killed !== undefined) begun.use(killed);
  const session = begun.use(await connect(options, killed, signal));
  const how = { ...journalOptions(options), aheadMs: () => session.client.clockSkew?.least };
  const journal = await (killed?.goOn(how) ??
    newJournal(place.journal, commandOptions(options), { ...how, cwd: process.cwd() }));
  const { writer } = journal;
  begun.defer(() => journal.release());
  begun.use(writer);
  const recorder: Recorder = new Recorder({
    ...recordOptions(options, { session, journal, patterns: place.patterns }),
    end: endOf(options, killed, () => recorder.synced),
  });
  const held = begun.move();
  return {
    get progress() {
      return recorder.progress;
    },
    recording: recorder.synced,
    async run(ending = new AbortController().signal) {
      const result = await recorder.run(AbortSignal.any([ending, writer.ending]), new AbortController().signal);
      await writer.close();
      await journal.release();
      return { ...result, ...(await finish(options, place)) };
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** What the journal may say is over: nothing is judged before it is known what there is now. */
function endOf(
  { until, forMs, timeoutMs, settleMs = 5000 }: RecorderOptions,
  killed: KilledJournal | undefined,
  synced: () => Promise<void>,
): EndConditions {
  const end = { until, forMs, timeoutMs, settleMs };
  return killed === undefined ? end : { ...killed.leftOf(end), after: Promise.resolve().then(synced) };
}

/** For `faro capture --resume`, which can go on with this recording, too. */
function commandOptions({
  output,
  wait = false,
  logs = true,
  logRoute = 'auto',
  related = true,
  redact = true,
  redactPatterns: redactPattern = [],
  managedFields = false,
}: RecorderOptions): Partial<CaptureOptions> {
  const stated = { wait, logs, logRoute, related, redact, redactPattern: [...redactPattern], managedFields };
  return output === undefined ? stated : { ...stated, output };
}

function journalOptions({ log = SILENT, diskWaitMs, maxJournalBytes }: RecorderOptions): JournalWriterOptions {
  const wait = diskWaitMs === undefined ? {} : { waitMs: diskWaitMs };
  return { clock: systemClock, log, maxBytes: maxJournalBytes, ...wait };
}

interface Place {
  readonly journal: string;
  readonly signKey: ReturnType<typeof signingKey> | undefined;
  readonly patterns: readonly CredentialPattern[];
}

/** Throws for what cannot be right, before anything is begun. */
async function placeOf({
  output,
  journal,
  force = false,
  signKey,
  redactPatterns = [],
}: RecorderOptions): Promise<Place> {
  if (output !== undefined) await checkOutput(output, { force });
  const folder = journal ?? (output === undefined ? undefined : `${output}.journal`);
  if (folder === undefined)
    throw new FaroError('usage', 'there is neither an output nor a journal to record to', { hint: 'give one of them' });
  return {
    journal: folder,
    signKey: signKey === undefined ? undefined : signingKey(signKey, 'signKey'),
    patterns: redactPatterns.map(parsePattern),
  };
}

async function connect(
  { connection, targets, namespace, wait = false, log = SILENT }: RecorderOptions,
  killed: KilledJournal | undefined,
  signal: AbortSignal,
): Promise<Session> {
  const clock = systemClock;
  const found = await loadConnection({ env: process.env, ...connection, clock, interactive: false });
  for (const warning of found.warnings) log.warn({}, warning);
  const asked = { targets, connection: found, namespace, wait, context: { clock }, log };
  // What was recorded may be gone by now.
  const session = await openSession({ ...asked, allowMissing: killed !== undefined }, signal);
  try {
    if (killed !== undefined) checkSame(killed, session);
    return session;
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
}

/** Throws FaroError `journal` where a journal is of another cluster, or of other targets. */
function checkSame(killed: KilledJournal, { cluster, roots }: Session): void {
  killed.checkCluster(cluster);
  const namesOf = (all: readonly Root[]) =>
    all.map((root) => [groupResourceOf(root), root.namespace ?? [], root.name].flat().join('/')).join(', ');
  const [before, now] = [namesOf(killed.past.start.roots), namesOf(roots)];
  if (before !== now) throw notResumable(killed.dir, `it is of ${before}, and not of ${now}`);
}

function recordOptions(
  options: RecorderOptions,
  {
    session,
    journal: { writer, state, past },
    patterns,
  }: {
    readonly session: Session;
    readonly journal: RecordingJournal;
    readonly patterns: readonly CredentialPattern[];
  },
): Omit<ConstructorParameters<typeof Recorder>[0], 'end'> {
  const { until, forMs, timeoutMs, drainMs = 30_000, logs = true, maxLogStreams = 500 } = options;
  const { redact = true, managedFields = false, logRoute = 'auto', related = true } = options;
  const { wait, log = SILENT } = options;
  const given = Object.entries({
    until,
    forMs,
    timeoutMs,
    wait,
    logs: logs ? undefined : false,
    redact: redact ? undefined : false,
    redactPatterns: patterns.length > 0 ? patterns.map(({ name }) => name) : undefined,
    related: related ? undefined : false,
  });
  return {
    ...session,
    past,
    sink: writer,
    redactor: createRedactor({ key: state.redactionKey, enabled: redact, managedFields, patterns }),
    clock: systemClock,
    random: Math.random,
    log,
    start: {
      id: uuidv7(systemClock.now(), randomBytes(10)),
      cluster: session.cluster,
      roots: session.roots,
      options: Object.fromEntries([...given.filter(([, value]) => value !== undefined), ['logRoute', logRoute]]),
      ...past?.start,
      generator: `faro ${VERSION}`,
    },
    logs: logs ? { maxStreams: maxLogStreams, route: logRoute } : undefined,
    streamingList: true,
    related,
    drainMs,
  };
}

async function finish(
  { output, force = false, keepJournal = false }: RecorderOptions,
  { journal, signKey }: Place,
): Promise<Pick<Recording, 'story' | 'journal'>> {
  if (output === undefined) return { story: undefined, journal };
  const story = await writeStory({ journal, output, force, signKey });
  if (keepJournal) return { story, journal };
  await rm(journal, { recursive: true });
  return { story, journal: undefined };
}
