import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { systemClock } from '../../src/cli/context.ts';
import { JournalWriter } from '../../src/journal/writer.ts';
import type { ObjectAction } from '../../src/model/action.ts';
import type { ContainerInstance } from '../../src/model/instance.ts';
import { parseJson } from '../../src/model/json.ts';
import type { JournalRecord } from '../../src/model/record.ts';
import type { KubeObject } from '../../src/model/resource.ts';
import type { Timestamp } from '../../src/model/time.ts';
import type { Story } from '../../src/story/document.ts';
import { checkOutput, writeStory } from '../../src/story/file.ts';
import { checkStory } from '../e2e/checker.ts';
import { temporaryFolder } from '../folder.ts';
import { holds } from '../property.ts';

/** `at('05.3')` is 12:00:05.3. */
function at(second: string): Timestamp {
  const [whole = '', fraction = ''] = second.split('.');
  return `2026-11-23T12:00:${whole}.${fraction.padEnd(9, '0')}Z` as Timestamp;
}

const root = { group: '', version: 'v1', resource: 'pods', kind: 'Pod', namespace: 'shop', name: 'web' };
const start: JournalRecord = {
  kind: 'start',
  id: '01a20d89-78c0-76e0-a13b-e013a596b798',
  generator: 'faro test',
  time: at('00'),
  cluster: { version: 'v1', uid: null, server: 'https://x' },
  roots: [root],
  options: {},
};
const end: JournalRecord = { kind: 'end', time: at('59'), ended: 'for' };

let version = 0;
function object(
  second: string,
  options: {
    action?: ObjectAction;
    uid?: string;
    name?: string;
    owners?: string[];
    status?: object;
    kind?: string;
  } = {},
): JournalRecord {
  const { action = 'changed', uid = 'p1', name = 'web', owners = [], status = {}, kind = 'Pod' } = options;
  version += 1;
  const ownerReferences = owners.map((owner) => ({ apiVersion: 'v1', kind: 'Pod', name: owner, uid: owner }));
  const metadata = { name, namespace: 'shop', uid, resourceVersion: String(version), ownerReferences };
  return {
    kind: 'object',
    observed: at(second),
    action,
    resource: `${kind.toLowerCase()}s`,
    object: { apiVersion: 'v1', kind, metadata, status },
    redactions: 1,
  };
}

function running(restart: number, startedAt: string, last?: object): object {
  const state = { running: { startedAt: `2026-11-23T12:00:${startedAt}Z` } };
  return { containerStatuses: [{ name: 'app', restartCount: restart, state, lastState: last ?? {} }] };
}

function terminated(restart: number, startedAt: string, finishedAt: string): object {
  const state = {
    terminated: {
      exitCode: 3,
      reason: 'Error',
      startedAt: `2026-11-23T12:00:${startedAt}Z`,
      finishedAt: `2026-11-23T12:00:${finishedAt}Z`,
    },
  };
  return { containerStatuses: [{ name: 'app', restartCount: restart, state, lastState: {} }] };
}

const run = (restart: number): ContainerInstance => ({
  podUid: 'p1',
  namespace: 'shop',
  pod: 'web',
  container: 'app',
  restart,
});

/** A stream of `SECOND TEXT` lines. */
function stream(
  id: number,
  restart: number,
  lines: readonly string[],
  boundTo: ContainerInstance | null = run(restart),
): JournalRecord[] {
  const bytes = Buffer.from(
    lines.map((line) => `${at(line.split(' ')[0] ?? '')} ${line.split(' ').slice(1).join(' ')}\n`).join(''),
    'latin1',
  );
  const times = lines.map((line) => at(line.split(' ')[0] ?? '')).sort();
  const [first = at('00'), last = at('00')] = [times[0], times.at(-1)];
  const block = { lines: lines.length, contentBytes: bytes.length - lines.length * 32, first, last, bytes };
  return [
    {
      kind: 'streamOpened',
      observed: at('01'),
      stream: id,
      instance: run(restart),
      route: 'stream',
      attempt: 0,
      limited: false,
    },
    {
      kind: 'log',
      observed: last,
      stream: id,
      format: 'timestamped',
      file: null,
      offset: 0,
      unterminated: false,
      ...block,
    },
    { kind: 'streamClosed', observed: last, stream: id, boundTo, repeatsRemoved: 2, reason: 'ended' },
  ];
}

function logEnd(restart: number): JournalRecord {
  return { kind: 'logEnd', observed: at('50'), instance: run(restart), end: 'proven', evidence: 'read to the end' };
}

/** Writes the records as a journal and makes their story; judged before it is returned. */
async function storyOf(
  records: readonly JournalRecord[],
  name = 'story.json',
): Promise<{ story: Story; text: string; file: string }> {
  const folder = temporaryFolder('story');
  const journal = join(folder, 'journal');
  {
    await using writer = await JournalWriter.create(journal, { clock: systemClock });
    for (const record of records) writer.append(record);
  }
  const file = join(folder, name);
  await writeStory({ journal, output: file, force: false });
  const bytes = readFileSync(file);
  const text = (
    name.endsWith('.gz') ? gunzipSync(bytes) : name.endsWith('.zst') ? zstdDecompressSync(bytes) : bytes
  ).toString();
  const story = JSON.parse(text) as Story;
  checkStory(story);
  return { story, text, file };
}

function linesIn(story: Story, container: number): string[] {
  return story.timeline.flatMap((entry) =>
    entry.type === 'log' && entry.container === container ? [entry.line ?? `bytes ${entry.bytes}`] : [],
  );
}

test('lines stand between the start and the end of their run, whatever whole seconds the kubelet tells', async () => {
  const { story } = await storyOf([
    start,
    object('04', { action: 'created' }),
    object('05.9', { status: running(0, '05') }),
    ...stream(0, 0, ['05.1 early', '06.2 late']),
    object('06.5', { status: terminated(0, '05', '06') }),
    logEnd(0),
    end,
  ]);
  const order = story.timeline.flatMap((entry) =>
    entry.type === 'lifecycle' ? [entry.what] : entry.type === 'log' ? [entry.line] : [],
  );
  assert.ok(order.indexOf('started') < order.indexOf('early'));
  assert.ok(order.indexOf('late') < order.indexOf('terminated'));
  assert.equal(story.metadata.complete, true);
  assert.deepEqual(story.metadata.incomplete, []);
  const [container] = story.containers;
  assert.deepEqual(
    { ...container?.ledger },
    {
      routes: ['stream'],
      lines: 2,
      bytes: 9,
      firstLine: at('05.1'),
      lastLine: at('06.2'),
      reconnects: 0,
      repeatsRemoved: 2,
      rotations: 0,
      end: 'proven',
      endEvidence: 'read to the end',
      gaps: [],
    },
  );
  assert.equal(container?.exitCode, 3);
});

test('what is not known of the logs names the first run that it holds for, and counts the others', async () => {
  const unproven = (restart: number, evidence: string): JournalRecord => {
    return { kind: 'logEnd', observed: at('50'), instance: run(restart), end: 'not proven', evidence };
  };
  const { story } = await storyOf([
    start,
    ...[0, 1, 2].map((restart) => object(`0${4 + restart}`, { status: running(restart, `0${4 + restart}`) })),
    ...[0, 1, 2].flatMap((restart) => stream(restart, restart, [`0${4 + restart}.5 line`])),
    unproven(0, 'the file may be rotated'),
    unproven(1, 'it was still read'),
    unproven(2, 'the file may be rotated'),
    end,
  ]);
  assert.deepEqual(story.metadata.incomplete, [
    'log of shop/web/app#0 and 1 more: the file may be rotated',
    'log of shop/web/app#1: it was still read',
  ]);
});

test('lines stand behind the start of their run, though the journal has the state that tells of it later', async () => {
  const { story } = await storyOf([
    start,
    object('05.5', { action: 'created' }), // its node's clock is behind
    ...stream(0, 0, ['05.1 early', '06.2 late']),
    object('06', { status: running(0, '05') }),
    object('06.5', { status: running(0, '05') }),
    logEnd(0),
    end,
  ]);
  const order = story.timeline.flatMap((entry) =>
    entry.type === 'lifecycle' ? [entry.what] : entry.type === 'log' ? [entry.line] : [],
  );
  assert.deepEqual(order.slice(-3), ['started', 'early', 'late']);
});

test('a run that no state tells of, because the disk had no room for them, is a container by its log', async () => {
  const { story } = await storyOf([
    start,
    object('04', { action: 'created', status: running(0, '03') }),
    ...stream(0, 0, ['05.1 first']),
    ...stream(1, 1, ['07.1 second']),
    logEnd(0),
    object('09', { status: running(2, '08') }),
    end,
  ]);
  assert.deepEqual(
    story.containers.map(({ restart, ledger }) => [restart, ledger.lines, ledger.end]),
    [
      [0, 1, 'proven'],
      [2, 0, 'not proven'],
      [1, 1, 'not proven'],
    ],
  );
  assert.equal(story.metadata.counts.containers, 3);
});

test('lines keep the order of their log even where its clock steps back', async () => {
  const { story } = await storyOf([
    start,
    object('04', { action: 'created', status: running(0, '03') }),
    ...stream(0, 0, ['05.1 a', '05.0 b', '07.0 c', '06.0 d']),
    logEnd(0),
    end,
  ]);
  assert.deepEqual(linesIn(story, 0), ['a', 'b', 'c', 'd']);
});

test('random logs of several runs and random states keep every order that is known', async () => {
  const second = fc.integer({ min: 10, max: 40 }).map(String);
  await holds(
    fc.asyncProperty(
      fc.array(fc.array(second, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 4 }),
      fc.array(second, { maxLength: 5 }),
      async (logs, states) => {
        const created = object('02', { action: 'created' });
        const records = logs.flatMap((seconds, restart) =>
          stream(
            restart,
            restart,
            seconds.map((time, index) => `${time}.${index} ${restart}-${index}`),
          ),
        );
        const runs = logs.flatMap((_, restart) => [object('09', { status: running(restart, '08') }), logEnd(restart)]);
        const changes = states.map((time) => object(time));
        const { story } = await storyOf([start, created, ...runs, ...records, ...changes, end]);
        for (const [index, { restart }] of story.containers.entries())
          assert.deepEqual(
            linesIn(story, index),
            logs[restart]?.map((_, line) => `${restart}-${line}`),
          );
        const versions = story.timeline.flatMap((entry) =>
          entry.type === 'object' ? [Number(entry.resourceVersion)] : [],
        );
        assert.deepEqual(
          versions,
          versions.toSorted((a, b) => a - b),
        );
      },
    ),
    { numRuns: 25 },
  );
});

test('a stream that showed another run’s log is left out, or moves to the run that it belongs to', async () => {
  const status = running(1, '08', {
    terminated: { exitCode: 1, startedAt: '2026-11-23T12:00:05Z', finishedAt: '2026-11-23T12:00:07Z' },
  });
  const records = [
    start,
    object('09', { action: 'found', status }),
    ...stream(0, 0, ['08.5 of the second'], null),
    ...stream(1, 0, ['05.5 moved'], run(1)),
    ...stream(2, 1, ['08.5 of the second']),
    logEnd(0),
    logEnd(1),
    end,
  ];
  const { story } = await storyOf(records);
  assert.deepEqual(linesIn(story, 0), []);
  assert.deepEqual(linesIn(story, 1), ['moved', 'of the second']);
});

test('a line that is not UTF-8 keeps its bytes', async () => {
  const { story } = await storyOf([
    start,
    object('04', { action: 'created', status: running(0, '03') }),
    ...stream(0, 0, ['05.1 \xff\xfe\x00x']),
    logEnd(0),
    end,
  ]);
  assert.deepEqual(linesIn(story, 0), [`bytes ${Buffer.from('\xff\xfe\x00x', 'latin1').toString('base64')}`]);
});

test('numbers that no double can hold keep their digits in states and patches', async () => {
  const big = (digits: string): JournalRecord => ({
    kind: 'object',
    observed: at('05'),
    action: 'changed',
    resource: 'pods',
    redactions: 0,
    object: parseJson(
      `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop","uid":"p1","resourceVersion":"${digits}"},"spec":{"n":${digits}}}`,
    ) as KubeObject,
  });
  const { text } = await storyOf([start, big('12345678901234567890'), big('12345678901234567899'), end]);
  assert.match(text, /"n":12345678901234567890/);
  assert.match(text, /"value":12345678901234567899/);
});

test('a capture that was killed says so, and states what it may have missed of each log', async () => {
  const { story } = await storyOf([
    start,
    object('04', { action: 'created', status: running(0, '03') }),
    ...stream(0, 0, ['05.1 a']),
  ]);
  assert.equal(story.metadata.ended, 'killed');
  assert.equal(story.metadata.complete, false);
  assert.deepEqual(
    story.gaps.map(({ cause, certainty, from }) => ({ cause, certainty, from })),
    [{ cause: 'killed', certainty: 'suspected', from: at('05.1') }],
  );
});

test('of a killed capture what a stream brought since it was last found in the files, or looked at, is in doubt', async () => {
  const killed = async (beside: boolean) => {
    const records = [...stream(0, 0, ['05.1 a']), ...stream(1, 0, ['35.1 b', '36.1 c']).slice(0, -1)];
    const opened = records.map((record) =>
      record.kind === 'streamOpened' && beside ? { ...record, beside: true as const } : record,
    );
    const { story } = await storyOf([start, object('04', { action: 'created', status: running(0, '03') }), ...opened]);
    return story.gaps.map(({ cause, from }) => [cause, from]);
  };
  assert.deepEqual(await killed(true), [['killed', at('05.1')]]);
  assert.deepEqual(await killed(false), [['killed', at('21.1')]]);
});

test('what came before its owner is placed when the owner comes; what never got one is left out with a note', async () => {
  const { story } = await storyOf([
    start,
    object('02', { action: 'created', uid: 'c', name: 'child', owners: ['p1'] }),
    object('03', { action: 'created' }),
    object('04', { action: 'created', uid: 's', name: 'stray', owners: ['nobody'] }),
    end,
  ]);
  assert.deepEqual(
    story.objects.map(({ name }) => name),
    ['child', 'web'],
  );
  assert.deepEqual(story.objects[0]?.owners, [1]);
  assert.ok(story.timeline.some((entry) => entry.type === 'note' && /1 objects were left out/.test(entry.text)));
});

test('a deletion that nobody saw is told as such, and the pod that comes under the same name replaces it', async () => {
  const { story } = await storyOf([
    start,
    object('02', { action: 'created' }),
    object('05', { action: 'deletedUnseen' }),
    object('06', { action: 'created', uid: 'p2' }),
    end,
  ]);
  assert.deepEqual(story.metadata.roots[0]?.objects, [0, 1]);
  assert.equal(story.objects[1]?.replaces, 0);
  assert.equal(story.objects[0]?.deletedTime, at('05'));
});

function event(uid: string | undefined, kind: string, name: string): JournalRecord {
  return {
    kind: 'event',
    observed: at('06.5'),
    action: 'created',
    redactions: 0,
    object: {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'e', uid: `e-${uid}`, resourceVersion: '1' },
      involvedObject: { kind, name, ...(uid === undefined ? {} : { uid }) },
      reason: 'R',
      type: 'Warning',
      count: 3,
      lastTimestamp: '2026-11-23T12:00:06Z',
      source: { component: 'kubelet' },
      message: 'm',
    },
  };
}

test('Events about a Node stand with it, whether they give its UID, its name in the place of that, or its name alone', async () => {
  const node = { group: '', version: 'v1', resource: 'nodes', kind: 'Node', namespace: null, name: 'node1' };
  const clusterScoped = object('02', { action: 'created', uid: 'n', name: 'node1', kind: 'Node' });
  assert.ok(clusterScoped.kind === 'object');
  const { namespace: _, ...metadata } = clusterScoped.object.metadata;
  const { story } = await storyOf([
    { ...start, roots: [node] },
    { ...clusterScoped, object: { ...clusterScoped.object, metadata } },
    event('n', 'Node', 'node1'),
    event('node1', 'Node', 'node1'),
    event(undefined, 'Node', 'node1'),
    event(undefined, 'Node', 'node2'),
    end,
  ]);
  const events = story.timeline.flatMap((entry) => (entry.type === 'event' ? [entry.object] : []));
  assert.deepEqual(events, [0, 0, 0]);
});

test('Events are told with what they are about; those of other objects are not', async () => {
  const { story } = await storyOf([
    start,
    object('02', { action: 'created' }),
    event('p1', 'Pod', 'web'),
    event('x', 'Pod', 'other'),
    end,
  ]);
  const events = story.timeline.filter((entry) => entry.type === 'event');
  assert.equal(events.length, 1);
  const { object: about, count, reporter, time, timeSource } = events[0] ?? assert.fail();
  assert.deepEqual(
    { about, count, reporter, time, timeSource },
    { about: 0, count: 3, reporter: 'kubelet', time: at('06.5'), timeSource: 'observed' },
  );
});

for (const name of ['story.json.gz', 'story.json.zst'])
  test(`${name} is an ordinary compressed file of the same document`, async () => {
    const { story } = await storyOf([start, object('02', { action: 'created' }), end], name);
    assert.equal(story.objects.length, 1);
  });

test('a story is written whole or not at all, and nothing is left beside it', async () => {
  const folder = temporaryFolder('story');
  const output = join(folder, 'story.json');
  await assert.rejects(writeStory({ journal: join(folder, 'nowhere'), output, force: false }), /cannot be read/);
  const journal = join(folder, 'empty');
  await (await JournalWriter.create(journal, { clock: systemClock })).close();
  await assert.rejects(writeStory({ journal, output, force: false }), /holds nothing/);
  assert.deepEqual(readdirSync(folder), ['empty']);
});

test('an output that could not be written is found out beforehand', async () => {
  const folder = temporaryFolder('story');
  const existing = join(folder, 'story.json');
  writeFileSync(existing, 'x');
  await assert.rejects(checkOutput(existing, { force: false }), /exists already/);
  await checkOutput(existing, { force: true });
  await checkOutput('-', { force: false });
  await assert.rejects(checkOutput(join(folder, 'no', 'story.json'), { force: false }), /there is no folder/);
  await assert.rejects(checkOutput(join(folder, 'story.txt'), { force: false }), /does not know this kind of file/);
  assert.deepEqual(readdirSync(folder), ['story.json']);
});

test('what explains an object of the story is in it, says what it explains, and is told apart from what is owned', async () => {
  const { story } = await storyOf([
    start,
    object('02', { action: 'created' }),
    { kind: 'relation', observed: at('03'), of: 'n', how: 'runs', to: 'p1' },
    object('03', { action: 'found', uid: 'n', name: 'node1', kind: 'Node' }),
    { kind: 'relation', observed: at('03'), of: 'c', how: 'usedBy', to: 'p1' },
    object('03', { action: 'found', uid: 'c', name: 'data', kind: 'PersistentVolumeClaim' }),
    { kind: 'relation', observed: at('04'), of: 'v', how: 'boundTo', to: 'c' },
    object('04', { action: 'found', uid: 'v', name: 'volume', kind: 'PersistentVolume' }),
    object('04', { action: 'created', uid: 'own', name: 'own', owners: ['p1'] }),
    { kind: 'relation', observed: at('05'), of: 'own', how: 'usedBy', to: 'p1' },
    { kind: 'relation', observed: at('05'), of: 'never-seen', how: 'runs', to: 'p1' },
    end,
  ]);
  assert.deepEqual(
    story.objects.map(({ name, related, roots }) => ({ name, related, roots })),
    [
      { name: 'web', related: undefined, roots: [0] },
      { name: 'node1', related: [{ how: 'runs', to: [0] }], roots: [0] },
      { name: 'data', related: [{ how: 'usedBy', to: [0] }], roots: [0] },
      { name: 'volume', related: [{ how: 'boundTo', to: [2] }], roots: [0] },
      { name: 'own', related: undefined, roots: [0] },
    ],
  );
});

test('a refusal is a gap until what was refused can be read, or else to the end', async () => {
  const gap = (resource: string, from: string, to = from) => ({
    of: { resource, namespace: 'shop' },
    ...({ from: at(from), to: at(to), certainty: 'known', cause: 'forbidden', evidence: 'pods is forbidden' } as const),
  });
  const { story } = await storyOf([
    start,
    object('02', { action: 'created' }),
    { kind: 'gap', observed: at('03'), gap: { ...gap('pods', '03'), isOpen: true } },
    { kind: 'gap', observed: at('04'), gap: { ...gap('events', '04'), isOpen: true } },
    { kind: 'gap', observed: at('09'), gap: gap('pods', '03', '09') },
    { kind: 'gap', observed: at('20'), gap: { ...gap('pods', '20'), isOpen: true } },
    // A recorder that was killed had left one open, and the next one is refused from the same time on.
    { kind: 'gap', observed: at('30'), gap: { ...gap('jobs.batch', '30'), isOpen: true } },
    { kind: 'gap', observed: at('40'), gap: gap('jobs.batch', '30', '40') },
    { kind: 'gap', observed: at('41'), gap: { ...gap('jobs.batch', '30'), isOpen: true } },
    { kind: 'gap', observed: at('42'), gap: gap('secrets', '42', '43') },
    end,
  ]);
  assert.deepEqual(
    story.gaps.map(({ of, from, to }) => ({ ...of, from, to })),
    [
      { resource: 'pods', namespace: 'shop', from: at('03'), to: at('09') },
      { resource: 'events', namespace: 'shop', from: at('04'), to: at('59') },
      { resource: 'pods', namespace: 'shop', from: at('20'), to: at('59') },
      { resource: 'jobs.batch', namespace: 'shop', from: at('30'), to: at('59') },
      { resource: 'secrets', namespace: 'shop', from: at('42'), to: at('43') },
    ],
  );
});

test('a run that only a gap tells of did run, and is not called proven', async () => {
  const [from, to] = [at('02'), at('03')];
  const cause = {
    certainty: 'known',
    cause: 'instance-gone',
    evidence: 'it had ended before its log could be asked for',
  } as const;
  const { story } = await storyOf([
    start,
    object('03', { action: 'found', status: running(1, '02') }),
    { kind: 'gap', observed: to, gap: { of: { container: run(0) }, from, to, ...cause } },
    end,
  ]);
  const unseen = story.containers.find(({ restart }) => restart === 0);
  assert.deepEqual([unseen?.ledger.end, unseen?.ledger.gaps], ['not proven', [0]]);
});

test('a gap that was withdrawn is none; another one of the same log is', async () => {
  const how = { certainty: 'suspected', cause: 'rotation', evidence: 'it may have been rotated' } as const;
  const gap = { of: { container: run(0) }, from: at('02'), to: at('04'), ...how };
  const { story } = await storyOf([
    start,
    object('03', { action: 'found', status: running(0, '02') }),
    { kind: 'gap', observed: at('04'), gap },
    { kind: 'gap', observed: at('05'), gap: { ...gap, from: at('04') } },
    { kind: 'gap', observed: at('06'), gap, isWithdrawn: true },
    { kind: 'logEnd', observed: at('07'), instance: run(0), end: 'not proven', evidence: 'with a gap before' },
    end,
  ]);
  assert.deepEqual(
    story.gaps.map(({ from, to }) => [from, to]),
    [[at('04'), at('04')]],
  );
  assert.deepEqual(story.containers[0]?.ledger.gaps, [0]);
});
