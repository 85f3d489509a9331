import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { systemClock } from '../cli/context.ts';
import { openSession, type Session } from '../cli/session.ts';
import { uuidv7 } from '../cli/uuid.ts';
import { JournalLock } from '../journal/lock.ts';
import { JournalWriter, type JournalWriterOptions } from '../journal/writer.ts';
import { loadConnection } from '../kube/connection.ts';
import { FaroError } from '../model/errors.ts';
import type { RecordResult } from '../record/end.ts';
import { Recorder, type RecordLog, type RecordProgress } from '../record/record.ts';
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
  const session = await connect(options, signal);
  const journal = await JournalWriter.create(place.journal, journalOptions(options)).catch(async (error: unknown) => {
    await session[Symbol.asyncDispose]();
    throw error;
  });
  const lock = await lockOf(place.journal).catch(async (error: unknown) => {
    await journal.close();
    await rm(place.journal, { recursive: true }); // nothing is in it
    await session[Symbol.asyncDispose]();
    throw error;
  });
  const recorder = new Recorder(recordOptions(options, { session, sink: journal, patterns: place.patterns }));
  return {
    get progress() {
      return recorder.progress;
    },
    recording: recorder.synced,
    async run(ending = new AbortController().signal) {
      const result = await recorder.run(AbortSignal.any([ending, journal.ending]), new AbortController().signal);
      await journal.close();
      lock[Symbol.dispose]();
      return { ...result, ...(await finish(options, place)) };
    },
    async [Symbol.asyncDispose]() {
      await journal.close();
      lock[Symbol.dispose]();
      await session[Symbol.asyncDispose]();
    },
  };
}

async function lockOf(dir: string): Promise<JournalLock> {
  return JournalLock.forWriting(dir);
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
  signal: AbortSignal,
): Promise<Session> {
  const clock = systemClock;
  const found = await loadConnection({ env: process.env, ...connection, clock, interactive: false });
  for (const warning of found.warnings) log.warn({}, warning);
  return await openSession({ targets, connection: found, namespace, wait, context: { clock }, log }, signal);
}

function recordOptions(
  options: RecorderOptions,
  {
    session,
    sink,
    patterns,
  }: { readonly session: Session; readonly sink: JournalWriter; readonly patterns: readonly CredentialPattern[] },
): ConstructorParameters<typeof Recorder>[0] {
  const { until, forMs, timeoutMs, settleMs = 5000, drainMs = 30_000, logs = true, maxLogStreams = 500 } = options;
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
    sink,
    redactor: createRedactor({ key: randomBytes(32), enabled: redact, managedFields, patterns }),
    clock: systemClock,
    random: Math.random,
    log,
    start: {
      id: uuidv7(systemClock.now(), randomBytes(10)),
      generator: `faro ${VERSION}`,
      cluster: session.cluster,
      roots: session.roots,
      options: Object.fromEntries([...given.filter(([, value]) => value !== undefined), ['logRoute', logRoute]]),
    },
    logs: logs ? { maxStreams: maxLogStreams, route: logRoute } : undefined,
    streamingList: true,
    related,
    end: { until, forMs, timeoutMs, settleMs },
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
