import assert from 'node:assert/strict';
import Ajv2020 from 'ajv/dist/2020.js';
import { type Story, storyJsonSchema, type TimelineEntry } from '../../src/story/document.ts';
import type { RawWatch } from './raw-watch.ts';

const validate = new Ajv2020.default({ strict: false, validateFormats: false }).compile(storyJsonSchema());

/** Judges a story by itself: schema, counts, order, and that its patches fit. Returns every state of every object. */
export function checkStory(story: Story): Map<string, Record<string, unknown>[]> {
  assert.ok(validate(story), JSON.stringify(validate.errors?.slice(0, 3)));
  const { counts } = story.metadata;
  const ofType = (type: string) => story.timeline.filter((entry) => entry.type === type).length;
  assert.deepEqual(
    { ...counts, redactions: 0 },
    {
      objects: story.objects.length,
      containers: story.containers.length,
      entries: story.timeline.length,
      logLines: ofType('log'),
      events: ofType('event'),
      gaps: story.gaps.length,
      redactions: 0,
    },
  );
  for (const [index, entry] of story.timeline.entries()) assert.equal(entry.seq, index);
  checkRuns(story);
  return statesOf(story);
}

/** The lines of a container's run lie between its start and its end, and each run after the one before. */
function checkRuns(story: Story): void {
  for (const [container, { object, name, restart, ledger }] of story.containers.entries()) {
    const own = story.timeline.filter((entry) => 'container' in entry && entry.container === container);
    const seqOf = (...whats: string[]) =>
      own.find((entry) => entry.type === 'lifecycle' && whats.includes(entry.what))?.seq;
    const lines = own.filter((entry) => entry.type === 'log');
    const [started, terminated] = [seqOf('started', 'restarted'), seqOf('terminated')];
    const what = `${story.objects[object]?.name}/${name}#${restart}`;
    assert.equal(lines.length, ledger.lines, `lines of ${what}`);
    if (started !== undefined && lines[0] !== undefined)
      assert.ok(started < lines[0].seq, `${what} started after its first line`);
    if (terminated !== undefined)
      assert.ok((lines.at(-1)?.seq ?? -1) < terminated, `${what} ended before its last line`);
  }
}

function statesOf(story: Story): Map<string, Record<string, unknown>[]> {
  const states = new Map<string, Record<string, unknown>[]>();
  for (const entry of story.timeline) {
    if (entry.type !== 'object') continue;
    const uid = story.objects[entry.object]?.uid ?? '';
    const known = states.get(uid) ?? [];
    const state = entry.state ?? patched(known.at(-1), entry);
    assert.equal((state.metadata as { resourceVersion: string }).resourceVersion, entry.resourceVersion);
    states.set(uid, [...known, state]);
  }
  return states;
}

/** RFC 6902, written apart from the product's own. */
function patched(
  before: Record<string, unknown> | undefined,
  entry: Extract<TimelineEntry, { type: 'object' }>,
): Record<string, unknown> {
  const document: { root: unknown } = { root: structuredClone(before) };
  for (const operation of entry.patch ?? []) {
    const steps = [
      'root',
      ...operation.path
        .split('/')
        .slice(1)
        .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~')),
    ];
    const last = steps.pop() ?? '';
    let target: unknown = document;
    for (const step of steps) target = (target as Record<string, unknown>)[step];
    if (Array.isArray(target)) {
      if (operation.op === 'replace') target[Number(last)] = operation.value;
      else
        target.splice(
          Number(last),
          operation.op === 'remove' ? 1 : 0,
          ...(operation.op === 'add' ? [operation.value] : []),
        );
    } else if (operation.op === 'remove') delete (target as Record<string, unknown>)[last];
    else (target as Record<string, unknown>)[last] = operation.value;
  }
  return document.root as Record<string, unknown>;
}

/** Every state that an independent watch saw of the story's objects is in the story, whole, once and in order. */
export function checkStates(story: Story, states: Map<string, Record<string, unknown>[]>, truth: RawWatch): void {
  checkVersions(story, states, truth);
  for (const { object } of truth.states) {
    const { uid, resourceVersion } = object.metadata;
    const found = states
      .get(uid)
      ?.find((state) => (state.metadata as { resourceVersion: string }).resourceVersion === resourceVersion);
    if (found !== undefined) assert.deepEqual(withoutFieldSets(found), withoutFieldSets(object));
  }
}

/** Every state that an independent watch saw is in the story, once and in order, whatever was redacted in it. */
export function checkVersions(story: Story, states: Map<string, Record<string, unknown>[]>, truth: RawWatch): void {
  const kinds = new Set(truth.states.map(({ object }) => object.kind));
  const known = truth.versions();
  for (const { uid, kind, name } of story.objects)
    assert.ok(!kinds.has(kind) || known.has(uid), `the independent watch saw ${name}`);
  assert.ok(known.size > 0);
  for (const [uid, versions] of known) {
    const found = states.get(uid);
    if (found === undefined) continue; // not in the story: its owners decide, and the scenarios count its objects
    const name = story.objects.find((object) => object.uid === uid)?.name;
    assert.deepEqual(
      found.map((state) => (state.metadata as { resourceVersion: string }).resourceVersion),
      versions,
      `states of ${name}`,
    );
  }
}

function withoutFieldSets(object: object): object {
  const copy = structuredClone(object) as { metadata: { managedFields?: { manager?: string; time?: string }[] } };
  copy.metadata.managedFields =
    copy.metadata.managedFields?.map(({ manager = '', time = '' }) => ({ manager, time })) ?? [];
  return copy;
}

/** The numbers of the lines `TAG N …` of a container's run, in the order of the story. */
export function numbersOf(story: Story, container: number, tag: string): number[] {
  return story.timeline.flatMap((entry) => {
    if (entry.type !== 'log' || entry.container !== container) return [];
    const text = entry.line ?? Buffer.from(entry.bytes ?? '', 'base64').toString('latin1');
    const [word, number] = text.split(' ');
    return word === tag && number !== 'TERM' ? [Number(number)] : [];
  });
}

/** The first `count` numbers, each once. */
export function counting(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** Index of a container's run in the story. */
export function runOf(story: Story, pod: string, name: string, restart = 0): number {
  const index = story.containers.findIndex(
    (container) =>
      story.objects[container.object]?.name === pod && container.name === name && container.restart === restart,
  );
  assert.notEqual(index, -1, `${pod}/${name}#${restart} is in the story`);
  return index;
}

/** `Kind/name` of the owners of an object. */
export function ownersOf(story: Story, name: string): string[] {
  const object = story.objects.find((candidate) => candidate.name === name);
  return (object?.owners ?? []).map((owner) => `${story.objects[owner]?.kind}/${story.objects[owner]?.name}`);
}

/**
 * A deleted pod's files can go before they are read after its container's end. That its stream ended in the second in which
 * the container did, which no word of the node tells finer, does not prove then that it brought all: what may be missing
 * lies between one of its lines and the end of that second, and nowhere else (`docs/reliability.md`).
 */
export function isOfLastSecond(story: Story, { of, certainty, cause, from, to }: Story['gaps'][number]): boolean {
  const index = 'container' in of ? of.container : undefined;
  const second = story.containers[Number(index)]?.finishedTime?.slice(0, 19);
  const isOwnLine = ({ type, time, ...entry }: Story['timeline'][number]) =>
    type === 'log' && 'container' in entry && entry.container === index && time === from;
  return (
    certainty === 'suspected' &&
    cause === 'instance-gone' &&
    to === `${second}.999999999Z` &&
    story.timeline.some(isOwnLine)
  );
}
