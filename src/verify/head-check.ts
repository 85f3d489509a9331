import { counted } from '../model/grouped.ts';
import type { StoryContainer, StoryGap, StoryObject } from '../story/document.ts';
import type { StoryHead } from '../story/reader.ts';
import type { Problems } from './problems.ts';

/** Checks what a story says beside its timeline: that its parts refer to each other, and that it does not claim too much. */
export function checkHead(head: StoryHead, problems: Problems): void {
  checkCounts(head, problems);
  checkRoots(head, problems);
  for (const [index, object] of head.objects.entries()) checkObject(head, object, { index, problems });
  unique(
    head.objects.map(({ uid }) => uid),
    'UID',
    problems,
  );
  for (const [index, container] of head.containers.entries()) checkContainer(head, container, { index, problems });
  unique(
    head.containers.map(({ object, name, restart }) => `${object}/${name}#${restart}`),
    'container run',
    problems,
  );
  for (const [index, gap] of head.gaps.entries()) checkGap(head, gap, { index, problems });
  checkClaims(head, problems);
  checkVerdict(head, problems);
}

interface At {
  readonly index: number;
  readonly problems: Problems;
}

function checkCounts({ metadata, objects, containers, gaps }: StoryHead, problems: Problems): void {
  for (const [name, found] of Object.entries({
    objects: objects.length,
    containers: containers.length,
    gaps: gaps.length,
  })) {
    const stated = metadata.counts[name];
    problems.expect(stated === found, () => `metadata.counts.${name} is ${String(stated)}, there are ${found}`);
  }
  checkRedactions(metadata, containers, problems);
  problems.expect(metadata.startTime <= metadata.endTime, () => 'metadata.endTime is before metadata.startTime');
}

/** What was taken out is counted three times: by what it was, for each log, and in all. */
function checkRedactions(
  { counts, redactions }: StoryHead['metadata'],
  containers: readonly StoryContainer[],
  problems: Problems,
): void {
  if (redactions === undefined) return;
  const { objects, events, logs } = redactions;
  const total = sum([objects, events, logs]);
  problems.expect(
    counts.redactions === total,
    () => `metadata.counts.redactions is ${counts.redactions}, metadata.redactions tells of ${total}`,
  );
  const ofLogs = sum(containers.map(({ ledger }) => ledger.redactions ?? {}));
  problems.expect(
    sum([logs]) === ofLogs,
    () => `metadata.redactions.logs tells of ${sum([logs])}, the ledgers of ${ofLogs}`,
  );
}

function sum(counts: readonly Readonly<Record<string, number>>[]): number {
  return counts.flatMap((count) => Object.values(count)).reduce((all, one) => all + one, 0);
}

function checkRoots({ metadata, objects }: StoryHead, problems: Problems): void {
  for (const [index, root] of metadata.roots.entries())
    for (const at of root.objects) {
      const object = objects[at];
      const isIt = object?.kind === root.kind && object.name === root.name && object.namespace === root.namespace;
      problems.expect(
        isIt && object.roots.includes(index),
        () => `metadata.roots[${index}] names object ${at}, which is not it`,
      );
    }
}

function checkObject({ metadata, objects }: StoryHead, object: StoryObject, { index, problems }: At): void {
  const { roots, owners, replaces, firstSeen, lastSeen } = object;
  const others = replaces === undefined ? owners : [...owners, replaces];
  problems.expect(
    roots.every((root) => root < metadata.roots.length),
    () => `objects[${index}] is under a root that is not there`,
  );
  problems.expect(
    others.every((other) => other < objects.length && other !== index),
    () => `objects[${index}] refers to an object that is not there`,
  );
  problems.expect(firstSeen <= lastSeen, () => `objects[${index}] was last seen before it was first seen`);
}

function checkContainer({ objects, gaps }: StoryHead, container: StoryContainer, { index, problems }: At): void {
  const { ledger } = container;
  const what = `containers[${index}]`;
  problems.expect(
    objects[container.object]?.kind === 'Pod',
    () => `${what} is of object ${container.object}, which is no Pod of this story`,
  );
  for (const gap of ledger.gaps)
    problems.expect(
      containerOf(gaps[gap]) === index,
      () => `the ledger of ${what} names gap ${gap}, which is not in its log`,
    );
  problems.expect(
    ledger.lines === 0 || ledger.routes.length > 0,
    () => `the ledger of ${what} has lines that came by no route`,
  );
  problems.expect(
    (ledger.firstLine === undefined) === (ledger.lines === 0) &&
      (ledger.lastLine === undefined) === (ledger.lines === 0),
    () => `the ledger of ${what} tells times of lines that are not there, or none of those that are`,
  );
}

function checkGap({ containers }: StoryHead, gap: StoryGap, { index, problems }: At): void {
  const container = containerOf(gap);
  problems.expect(gap.from <= gap.to, () => `gaps[${index}] ends before it begins`);
  if (container === undefined) return;
  problems.expect(
    containers[container]?.ledger.gaps.includes(index) === true,
    () => `gaps[${index}] is in the log of container ${container}, whose ledger does not say so`,
  );
}

/** Completeness is a claim that the ledger must carry. */
function checkClaims({ metadata, containers, gaps }: StoryHead, problems: Problems): void {
  const { complete, incomplete } = metadata;
  problems.expect(
    complete === (incomplete.length === 0),
    () => `metadata.complete is ${complete}, metadata.incomplete has ${incomplete.length} reasons`,
  );
  if (!complete) return;
  problems.expect(gaps.length === 0, () => `metadata.complete is true, but it holds ${counted(gaps.length, 'gap')}`);
  const unproven = containers.findIndex(({ ledger }) => ledger.end !== 'proven');
  problems.expect(
    unproven === -1,
    () => `metadata.complete is true, but the end of the log of container ${unproven} is not proven`,
  );
}

function checkVerdict({ verdict, metadata, objects, containers }: StoryHead, problems: Problems): void {
  if (verdict === undefined) return;
  const { firstCause, consequences, unrelated = [], earlier = [] } = verdict;
  const found = [...(firstCause === undefined ? [] : [firstCause]), ...consequences, ...unrelated, ...earlier];
  for (const { rule, object, container, evidence } of found) {
    const isThere =
      (object === undefined || object < objects.length) &&
      (container === undefined || container < containers.length) &&
      evidence.every((seq) => seq < metadata.counts.entries);
    problems.expect(isThere, () => `the verdict's ${rule} refers to what is not in this story`);
  }
}

function containerOf(gap: StoryGap | undefined): number | undefined {
  return gap !== undefined && 'container' in gap.of && typeof gap.of.container === 'number'
    ? gap.of.container
    : undefined;
}

function unique(keys: readonly string[], what: string, problems: Problems): void {
  const seen = new Set<string>();
  for (const key of keys) {
    problems.expect(!seen.has(key), () => `${what} ${key} is there twice`);
    seen.add(key);
  }
}
