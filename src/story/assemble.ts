import { apiVersionOf } from '../model/resource.ts';
import type { Timestamp } from '../model/time.ts';
import type { StoryCounts, StoryMetadata, StoryVerdict } from './document.ts';
import { Entries, type PreparedEntry } from './entries.ts';
import { Examination } from './examine.ts';
import { type LineEntry, linesOfInstance } from './lines.ts';
import { mergeSources, type Source } from './merge.ts';
import { keyAt } from './order.ts';
import { type InstanceLog, type JournalSource, type Survey, survey } from './survey.ts';

/** Takes the document piece by piece; resolves when it can take more. */
export type StorySink = (chunk: string) => Promise<void>;

/** What the story says of itself. */
export interface StoryFacts {
  readonly counts: StoryCounts;
  readonly complete: boolean;
  readonly incomplete: readonly string[];
  readonly ended: string;
  readonly verdict: StoryVerdict;
}

/** Text is handed on in pieces of about this many characters. */
const CHUNK = 256 * 1024;

/**
 * Makes the story of a journal, finished or not, and writes it to the sink as one JSON document with an entry of the
 * timeline a line. Whole logs are never in memory.
 */
export async function assembleStory(journal: JournalSource, sink: StorySink): Promise<StoryFacts> {
  const surveyed = await survey(journal);
  const entries = new Entries(surveyed);
  for await (const entry of journal.records()) entries.take(entry);
  stateUnended(entries, surveyed);
  stateLosses(entries, surveyed, journal);
  const metadata = metadataOf(entries, surveyed, journal);
  const text = new ChunkedText(sink);
  await text.add('{\n"apiVersion": "faro/v1",\n"kind": "Story",\n');
  await text.add(`"metadata": ${JSON.stringify(metadata, null, 1)},\n`);
  const [objects, containers] = [entries.objects(), entries.containers.finish(wantsLogs(surveyed))];
  await text.addList('objects', objects);
  await text.addList('containers', containers);
  await text.addList('gaps', entries.gaps);
  const examination = new Examination({ metadata, objects, containers });
  await addTimeline(text, mergeSources(sourcesOf(journal, entries, surveyed)), examination);
  const verdict = examination.verdict();
  await text.add(`,\n"verdict": ${JSON.stringify(verdict)}\n}\n`);
  await text.flush();
  const { counts, complete, incomplete, ended } = metadata;
  return { counts, complete, incomplete, ended, verdict };
}

/** Entries become text here, once; the verdict sees each on its way. */
async function addTimeline(
  text: ChunkedText,
  entries: AsyncIterable<PreparedEntry | LineEntry>,
  examination: Examination,
): Promise<void> {
  await text.add('"timeline": [');
  let seq = 0;
  for await (const entry of entries) {
    const { json } = entry;
    await text.add(`${seq === 0 ? '\n' : ',\n'}{"seq":${seq},${json}`);
    if ('container' in entry) examination.takeLine(entry.container, seq, json);
    else examination.takeJson(`{"seq":${seq},${json}`);
    seq += 1;
  }
  await text.add('\n]');
}

/** A recorder that was killed could not say how far it had read: what may be missing after that is a gap. */
function stateUnended(entries: Entries, { lastObserved, end, start }: Survey): void {
  if (!wantsLogs({ start })) return;
  for (const { instance, from = lastObserved } of entries.containers.unended())
    entries.takeGap(
      {
        of: { container: instance },
        from,
        to: lastObserved < from ? from : lastObserved,
        certainty: 'suspected',
        cause: end === undefined ? 'killed' : 'interrupted',
        evidence: 'the recorder ended before it had read this log to its end',
      },
      lastObserved,
    );
}

function stateLosses(entries: Entries, { lastObserved, unplaced }: Survey, journal: JournalSource): void {
  for (const { segment, offset, bytes, meaning } of journal.damage)
    entries.takeNote(
      `journal segment ${segment}, offset ${offset}: ${bytes} bytes could not be read: ${meaning}`,
      lastObserved,
    );
  if (unplaced > 0)
    entries.takeNote(
      `${unplaced} objects were left out: their owners were never seen, so that they may or may not belong here`,
      lastObserved,
    );
  const skew = entries.skewMs;
  if (skew !== undefined)
    entries.takeNote(
      `the clock of the recording machine is about ${(Math.abs(skew) / 1000).toFixed(1)} s ${skew > 0 ? 'ahead of' : 'behind'} the server's; times are as they were told`,
      lastObserved,
    );
}

function metadataOf(entries: Entries, surveyed: Survey, journal: JournalSource): StoryMetadata {
  const { start, end, lastObserved, scope, members } = surveyed;
  const incomplete = incompleteness(entries, surveyed, journal);
  const logLines = [...surveyed.logs.values()]
    .filter(({ instance }) => members.has(instance.podUid))
    .reduce((sum, { lines }) => sum + lines, 0);
  const uids = [...members.keys()];
  return {
    id: start.id,
    generator: start.generator,
    cluster: start.cluster,
    roots: start.roots.map((root, index) => ({
      apiVersion: apiVersionOf(root),
      kind: root.kind,
      namespace: root.namespace,
      name: root.name,
      objects: uids.flatMap((uid, object) => (scope.isRoot(uid) && scope.rootsOf(uid).includes(index) ? [object] : [])),
    })),
    startTime: start.time,
    endTime: end?.time ?? lastObserved,
    ended: end?.ended ?? 'killed',
    complete: incomplete.length === 0,
    incomplete,
    counts: {
      objects: members.size,
      containers: entries.containers.size,
      entries: entries.prepared.length + logLines,
      logLines,
      gaps: entries.gaps.length,
      ...entries.counts,
    },
    options: start.options,
  };
}

function incompleteness(entries: Entries, surveyed: Survey, journal: JournalSource): string[] {
  const reasons = surveyed.end === undefined ? ['the recorder was killed'] : [];
  if (journal.damage.length > 0) reasons.push(`${journal.damage.length} parts of the journal could not be read`);
  if (!wantsLogs(surveyed)) reasons.push('logs were not asked for');
  reasons.push(...entries.gapTexts);
  if (wantsLogs(surveyed)) reasons.push(...unprovenLogs(entries, surveyed));
  return reasons;
}

function unprovenLogs(entries: Entries, surveyed: Survey): string[] {
  return entries.containers
    .finish(true)
    .flatMap(({ ledger, name }) =>
      ledger.end === 'proven' || ledger.gaps.length > 0 ? [] : [`log of container ${name}: ${ledger.endEvidence}`],
    )
    .filter((text, index, all) => all.indexOf(text) === index)
    .slice(0, surveyed.logs.size);
}

function wantsLogs({ start }: Pick<Survey, 'start'>): boolean {
  return start.options.logs !== false;
}

function sourcesOf(journal: JournalSource, entries: Entries, surveyed: Survey): Source<PreparedEntry | LineEntry>[] {
  const prepared = entries.prepared.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.order - b.order));
  const others: Source<PreparedEntry | LineEntry> = {
    from: '',
    async *open() {
      yield prepared;
    },
  };
  const logs = [...surveyed.logs.values()].filter(
    ({ instance, blocks }) => blocks.length > 0 && surveyed.members.has(instance.podUid),
  );
  return [others, ...logs.map((log) => lineSource(journal, log, entries))];
}

function lineSource(journal: JournalSource, log: InstanceLog, entries: Entries): Source<LineEntry> {
  const from = entries.containers.linesFrom(log.instance);
  const container = entries.containers.indexOf(log.instance);
  const first = keyAt(log.first ?? ('' as Timestamp));
  return {
    from: from === undefined || first > from ? first : from,
    open: () => linesOfInstance(journal, log, { container, from }),
  };
}

/** Collects small pieces of text into chunks that are worth a write. */
class ChunkedText {
  readonly #sink: StorySink;
  #parts: string[] = [];
  #length = 0;

  constructor(sink: StorySink) {
    this.#sink = sink;
  }

  /** Resolves at once, without a turn of the event loop's promises, while the chunk has room. */
  add(text: string): Promise<void> | undefined {
    this.#parts.push(text);
    this.#length += text.length;
    return this.#length < CHUNK ? undefined : this.flush();
  }

  async addList(name: string, items: readonly object[]): Promise<void> {
    await this.add(`"${name}": [`);
    for (const [index, item] of items.entries()) await this.add(`${index === 0 ? '\n' : ',\n'}${JSON.stringify(item)}`);
    await this.add('\n],\n');
  }

  async flush(): Promise<void> {
    const text = this.#parts.join('');
    this.#parts = [];
    this.#length = 0;
    await this.#sink(text);
  }
}
