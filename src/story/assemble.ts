import { instanceName } from '../model/instance.ts';
import { apiVersionOf } from '../model/resource.ts';
import { laterOf } from '../model/time.ts';
import type { StoryCounts, StoryMetadata, StoryVerdict } from './document.ts';
import { DocumentText, type StorySink } from './document-text.ts';
import { Entries } from './entries.ts';
import { Examination } from './examine.ts';
import { logSource } from './log-cursor.ts';
import { merge, type Source } from './merge.ts';
import { redactionsOf } from './redactions.ts';
import { RememberedJournal } from './remembered.ts';
import { limitFanIn, type Scratch } from './spill.ts';
import { type JournalSource, type Survey, survey } from './survey.ts';
import { TimelineText } from './timeline-text.ts';

/** What the story says of itself. */
export interface StoryFacts {
  readonly counts: StoryCounts;
  readonly complete: boolean;
  readonly incomplete: readonly string[];
  readonly ended: string;
  readonly verdict: StoryVerdict;
}

/**
 * Makes the story of a journal, finished or not, and writes it to the sink as one JSON document with an entry of the
 * timeline a line. Whole logs are never in memory; where too many are under way at once, parts go to `scratch`.
 */
export async function assembleStory(
  source: JournalSource,
  { sink, scratch }: { readonly sink: StorySink; readonly scratch: Scratch },
): Promise<StoryFacts> {
  const journal = new RememberedJournal(source);
  const surveyed = await survey(journal);
  const entries = new Entries(surveyed);
  for await (const entry of journal.records()) entries.take(entry);
  entries.takeLogs();
  stateHole(entries, surveyed);
  stateUnended(entries, surveyed);
  stateUnlisted(entries, surveyed);
  stateLosses(entries, surveyed, journal);
  const metadata = metadataOf(entries, surveyed, journal);
  const text = new DocumentText(sink);
  await text.add('{\n"apiVersion": "faro/v1",\n"kind": "Story",\n');
  await text.add(`"metadata": ${JSON.stringify(metadata, null, 1)},\n`);
  const [objects, containers] = [entries.finishObjects(), entries.containers.finish(wantsLogs(surveyed))];
  await text.addList('objects', objects);
  await text.addList('containers', containers);
  await text.addList('gaps', entries.gaps);
  await text.add('"timeline": [');
  const logs = logSources(journal, entries, surveyed);
  const parts = await limitFanIn(logs, { scratch });
  const examination = new Examination({ metadata, objects, containers });
  const timeline = new TimelineText(text, { examination, of: entries.ended });
  await merge([entries.prepared.source(), ...parts], timeline);
  const verdict = examination.verdict();
  await text.add(`\n],\n"verdict": ${JSON.stringify(verdict)}\n}\n`);
  await text.end();
  const { counts, complete, incomplete, ended } = metadata;
  return { counts, complete, incomplete, ended, verdict };
}

/** What the journal lost in its middle may have been lines or states of anything that it did not tell the end of before. */
function stateHole(entries: Entries, { hole, start }: Survey): void {
  if (hole === undefined) return;
  const { from, to, spared, types } = hole;
  const how = {
    to,
    certainty: 'suspected',
    cause: 'damaged',
    evidence: 'a part of the journal could not be read',
  } as const;
  for (const { of, from: heard } of types) entries.takeGap({ of, from: heard, ...how }, to);
  if (!wantsLogs({ start })) return;
  // The lines that were lost are of any time since the log's beginning: it may just have been opened.
  for (const { instance, begun = from } of entries.containers.notIn(spared))
    entries.takeGap({ of: { container: instance }, from: begun, ...how, to: laterOf(begun, to) }, to);
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

/** A recorder that was killed while it listed what a watch may have missed had yet to say so. */
function stateUnlisted(entries: Entries, { unlisted, lastObserved, end }: Survey): void {
  if (end !== undefined) return;
  const evidence = 'the recorder was killed before a new list had shown what its watch may have missed';
  const how = { to: lastObserved, certainty: 'suspected', cause: 'killed', evidence } as const;
  for (const { of, heard } of unlisted) entries.takeGap({ of, from: heard, ...how }, lastObserved);
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
}

function metadataOf(entries: Entries, surveyed: Survey, journal: JournalSource): StoryMetadata {
  const { start, end, lastObserved, scope, members, resumed } = surveyed;
  const incomplete = incompleteness(entries, surveyed, journal);
  const logs = [...surveyed.logs.values()].filter(({ instance }) => members.has(instance.podUid));
  const logLines = logs.reduce((sum, { lines }) => sum + lines, 0);
  const { total, redactions } = redactionsOf(entries.redactions, logs);
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
    ...(resumed.length === 0 ? {} : { resumed: resumed.map(({ after, time }) => ({ after, time })) }),
    complete: incomplete.length === 0,
    incomplete,
    counts: {
      objects: members.size,
      containers: entries.containers.size,
      entries: entries.prepared.length + logLines,
      logLines,
      gaps: entries.gaps.length,
      ...entries.counts,
      redactions: total,
    },
    redactions,
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

/** Of the logs of one container in many pods that are not proven for the same reason the first is named, the others counted. */
function unprovenLogs(entries: Entries, surveyed: Survey): string[] {
  const alike = Map.groupBy(entries.containers.unproven(), ({ instance, endEvidence }) =>
    [instance.container, endEvidence].join('\n'),
  );
  const texts = [...alike.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const more = others.length === 0 ? '' : ` and ${others.length} more`;
    return [`log of ${instanceName(first.instance)}${more}: ${first.endEvidence}`];
  });
  return texts.slice(0, surveyed.logs.size);
}

function wantsLogs({ start }: Pick<Survey, 'start'>): boolean {
  return start.options.logs !== false;
}

function logSources(journal: JournalSource, entries: Entries, { logs, members }: Survey): Source[] {
  return [...logs.values()]
    .filter(({ instance, blocks }) => blocks.length > 0 && members.has(instance.podUid))
    .map((log) => {
      const container = entries.containers.indexOf(log.instance);
      return logSource(journal, log, { container, start: entries.containers.startOf(log.instance) });
    });
}
