import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { decodeReport } from '../../../src/view/html/data/decode.ts';
import { LogEncoder, type LogEntry } from '../../../src/view/html/data/encode.ts';
import type { FactEntry, ReportData } from '../../../src/view/html/data/report-data.ts';
import { clockText, durationText, ticksOf } from '../../../src/view/html/model/clock.ts';
import { countBefore, lineTimes } from '../../../src/view/html/model/density.ts';
import { laneStories } from '../../../src/view/html/model/lane-stories.ts';
import { lanesOf } from '../../../src/view/html/model/lanes.ts';
import { filterRows, ROW_TYPES, Rows } from '../../../src/view/html/model/rows.ts';
import { findLines } from '../../../src/view/html/model/search.ts';
import { stateAt, statesOf, withoutBookkeeping } from '../../../src/view/html/model/states.ts';
import { laneSummaries } from '../../../src/view/html/model/summary.ts';
import { tableOf } from '../../../src/view/html/model/table.ts';
import { visibleLines, visibleText } from '../../../src/view/html/model/visible.ts';
import { yamlOf } from '../../../src/view/html/model/yaml.ts';
import { holds } from '../../property.ts';
import { StoryMaker, timeAfter } from './story-maker.ts';

function dataOf(maker: StoryMaker, endMs = 10_000): ReportData {
  const { timeline, apiVersion: _version, kind: _kind, ...rest } = maker.finish(endMs);
  const encoder = new LogEncoder(timeAfter(0));
  for (const entry of timeline) if (entry.type === 'log') encoder.add(entry as LogEntry);
  const entries = timeline.filter((entry): entry is FactEntry => entry.type !== 'log');
  const { verdict, ...story } = rest;
  return decodeReport(
    Buffer.concat([...encoder.finish({ ...story, ...(verdict ? { verdict } : {}), entries, omitted: [] })]),
  );
}

/** A Deployment whose pod's container crashes once, with an end in whole seconds before its last line. */
function crash(): StoryMaker {
  const maker = new StoryMaker();
  const web = maker.object('Deployment', 'web');
  const set = maker.object('ReplicaSet', 'web-1', web);
  const pod = maker.object('Pod', 'web-1-a', set);
  const [first, second] = [maker.container(pod, 'app'), maker.container(pod, 'app', 1)];
  const life = (at: number, what: string, more: object) =>
    maker.tell({ at, type: 'lifecycle', object: pod, what, ...more });
  maker.tell({ at: 0, type: 'lifecycle', object: web, what: 'rolloutBegun' });
  life(100, 'phase', { from: '', to: 'Pending' });
  life(1000, 'started', { containerName: 'app', container: first, restart: 0 });
  maker.log(first, 1100, 'hello');
  maker.log(first, 1800, 'fatal');
  life(1000, 'terminated', { containerName: 'app', container: first, restart: 0, exitCode: 3, reason: 'Error' });
  life(2000, 'waiting', { containerName: 'app', reason: 'CrashLoopBackOff' });
  maker.tell({
    at: 2100,
    type: 'event',
    object: pod,
    about: {},
    reason: 'BackOff',
    eventType: 'Warning',
    count: 2,
    message: 'Back-off',
  });
  life(4000, 'restarted', { containerName: 'app', container: second, restart: 1 });
  life(4500, 'ready', { containerName: 'app' });
  life(4500, 'phase', { from: 'Pending', to: 'Running' });
  life(4600, 'podReady', {});
  maker.tell({ at: 5000, type: 'lifecycle', object: web, what: 'rolloutFinished' });
  return maker;
}

test('lanes are a tree: what owns stands above what it owns, containers with all their runs below their pod', () => {
  const { lanes, ofRun } = lanesOf(dataOf(crash()).facts);
  assert.deepEqual(
    lanes.map(({ depth, kind, name, below, runs }) => [depth, kind, name, below, runs.length]),
    [
      [0, 'Deployment', 'web', 3, 0],
      [1, 'ReplicaSet', 'web-1', 2, 0],
      [2, 'Pod', 'web-1-a', 1, 0],
      [3, 'regular', 'app', 0, 2],
    ],
  );
  assert.deepEqual(ofRun, [3, 3]);
});

test('owners in a circle, or deeper than any stack, still give every object one lane', () => {
  const circle = new StoryMaker();
  circle.object('A', 'a', 1);
  circle.object('B', 'b', 0);
  circle.object('C', 'c', 2);
  assert.equal(lanesOf(dataOf(circle).facts).lanes.length, 3);
  const deep = new StoryMaker();
  for (let index = 0; index < 50_000; index += 1) deep.object('A', `a${index}`, index === 0 ? undefined : index - 1);
  assert.equal(lanesOf(dataOf(deep).facts).lanes[0]?.below, 49_999);
});

test('spans tell what each lane was, and an end in whole seconds does not cut off the lines before it', () => {
  const data = dataOf(crash());
  const index = lanesOf(data.facts);
  const stories = laneStories(data, index);
  const spans = (lane: number) => stories[lane]?.spans.map(({ from, to, tone }) => [from, to, tone]);
  assert.deepEqual(spans(0), [[0, 5000, 'ready']]);
  assert.deepEqual(spans(2), [
    [100, 4500, 'pending'],
    [4500, 4600, 'running'],
    [4600, 10_000, 'ready'],
  ]);
  assert.deepEqual(spans(3), [
    [1000, 1800, 'running'],
    [2000, 4000, 'waiting'],
    [4000, 4500, 'running'],
    [4500, 10_000, 'ready'],
  ]);
  assert.deepEqual(
    stories[3]?.marks.map(({ at, tone, label }) => [at, tone, label]),
    [[1800, 'crashed', '3']],
  );
  assert.deepEqual(
    stories[2]?.marks.map(({ tone }) => tone),
    ['warning'],
  );
  const summaries = laneSummaries(index, stories, data.facts);
  assert.deepEqual(
    summaries[3]?.signs.map(({ text }) => text),
    ['exit 3', '↻1'],
  );
  const table = tableOf(index, stories, new Set([3]));
  assert.ok(table.some(({ text, tone }) => text === 'exit 3, Error' && tone === 'bad'));
});

test('a container that ends as its pod was told to go has not crashed, whatever its exit code', () => {
  const maker = new StoryMaker();
  const ends = [
    ['deletionRequested', 500],
    ['evicted', 500],
    [undefined, 500],
    ['deletionRequested', 9000],
  ] as const;
  for (const [number, [what, at]] of ends.entries()) {
    const pod = maker.object('Pod', `web-${number}`);
    const run = { containerName: 'app', container: maker.container(pod, 'app'), restart: 0, containerKind: 'regular' };
    const life = (at: number, seen: number, more: object) =>
      maker.tell({ at, type: 'lifecycle', object: pod, observed: timeAfter(seen), ...more });
    life(0, 0, { what: 'started', ...run });
    // In whole seconds, and the node's clock is behind: only the order in which the states came tells.
    life(-2000, 600, { what: 'terminated', ...run, exitCode: 143, reason: 'Error' });
    if (what !== undefined) life(at, at, { what });
  }
  const data = dataOf(maker);
  const marks = laneStories(data, lanesOf(data.facts)).flatMap(({ marks }) => marks.map(({ tone }) => tone));
  assert.deepEqual(marks, ['ended', 'ended', 'crashed', 'crashed']);
});

test('a sidecar that ends when the work of its pod is done has not crashed; one that ends before has', () => {
  const maker = new StoryMaker();
  for (const endOfWork of [500, 5000]) {
    const pod = maker.object('Pod', `job-${endOfWork}`);
    const run = (name: string, containerKind: string) => ({
      ...{ containerName: name, containerKind, container: maker.container(pod, name), restart: 0 },
    });
    const [work, sidecar] = [run('work', 'regular'), run('proxy', 'sidecar')];
    const life = (at: number, more: object) => maker.tell({ at, type: 'lifecycle', object: pod, ...more });
    life(0, { what: 'started', ...work });
    life(endOfWork, { what: 'terminated', ...work, exitCode: 0 });
    life(600, { what: 'terminated', ...sidecar, exitCode: 143 });
  }
  const data = dataOf(maker);
  const marks = laneStories(data, lanesOf(data.facts)).flatMap(({ marks }) => marks.map(({ tone }) => tone));
  assert.deepEqual(marks, ['ended', 'ended', 'ended', 'crashed']);
});

test('a gap shows in the lane of its container, or in those of all objects of its type', () => {
  const maker = crash();
  const times = {
    from: timeAfter(1000),
    to: timeAfter(2000),
    certainty: 'known',
    cause: 'rotation',
    evidence: 'x',
  } as const;
  maker.gaps.push({ of: { container: 0 }, ...times }, { of: { resource: 'pods', namespace: 'shop' }, ...times });
  maker.tell({ at: 1000, type: 'gap', gap: 0 });
  maker.tell({ at: 1000, type: 'gap', gap: 1 });
  const data = dataOf(maker);
  const stories = laneStories(data, lanesOf(data.facts));
  assert.deepEqual(
    stories.map(({ missing }) => missing.length),
    [0, 0, 1, 1],
  );
});

test('rows keep the order of the story, and filters choose by kind, lane and match', () => {
  const data = dataOf(crash());
  const index = lanesOf(data.facts);
  const rows = new Rows(data, index);
  const all = filterRows(rows, { types: new Set(ROW_TYPES), lanes: undefined, hits: undefined });
  assert.deepEqual(
    Array.from(all, (row) => rows.seqOf(row)),
    Array.from({ length: 13 }, (_, seq) => seq),
  );
  const logs = filterRows(rows, { types: new Set(['log']), lanes: new Set([3]), hits: undefined });
  assert.deepEqual(
    Array.from(logs, (row) => rows.textOf(row)),
    ['hello', 'fatal'],
  );
  assert.equal(rows.textOf(rows.rowOfSeq(7)), 'BackOff: Back-off (×2)');
  const hits = new Uint8Array(rows.count);
  hits[4] = 1;
  assert.deepEqual([...filterRows(rows, { types: new Set(ROW_TYPES), lanes: undefined, hits })], [4]);
});

test('the density of lines counts each once, even where a clock stepped back', () => {
  const maker = crash();
  maker.log(1, 6000, 'a');
  maker.log(1, 5000, 'b');
  const data = dataOf(maker);
  const index = lanesOf(data.facts);
  const times = lineTimes(new Rows(data, index), index.lanes.length)[3] ?? new Float64Array();
  assert.deepEqual([...times], [1100, 1800, 6000, 6000]);
  assert.equal(countBefore(times, 1800), 1);
  assert.equal(countBefore(times, 7000), 4);
});

test('the search finds what a plain search of each line finds', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'B', 'b', 'é', '€', ' '), maxLength: 12 });
  const needles = fc.string({ unit: fc.constantFrom('a', 'b', 'A', 'é', '€'), minLength: 1, maxLength: 3 });
  const fold = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  holds(
    fc.property(fc.array(letters, { maxLength: 20 }), needles, (lines, needle) => {
      const maker = new StoryMaker();
      const run = maker.container(maker.object('Pod', 'p'), 'c');
      for (const [index, line] of lines.entries()) maker.log(run, index, line);
      const { logs } = dataOf(maker);
      const hits = new Uint8Array(logs.count);
      findLines(logs, new TextEncoder().encode(needle), { from: 0, to: 5 }, hits.subarray(0, 5));
      findLines(logs, new TextEncoder().encode(needle), { from: 0, to: logs.count }, hits);
      assert.deepEqual(
        [...hits],
        lines.map((line) => (fold(line).includes(fold(needle)) ? 1 : 0)),
      );
    }),
  );
});

test('states are told by their patches', () => {
  const maker = new StoryMaker();
  const web = maker.object('Deployment', 'web');
  const state = { spec: { replicas: 1 } };
  maker.tell({ at: 0, type: 'object', object: web, action: 'found', resourceVersion: '1', state });
  const patch = [{ op: 'replace', path: '/spec/replicas', value: 5 }];
  maker.tell({ at: 1, type: 'object', object: web, action: 'changed', resourceVersion: '2', manager: 'helm', patch });
  const data = dataOf(maker);
  const states = statesOf(data.facts, web);
  assert.deepEqual(stateAt(states, 0), state);
  assert.deepEqual(stateAt(states, 1), { spec: { replicas: 5 } });
  const [story] = laneStories(data, lanesOf(data.facts));
  assert.deepEqual(story?.steps, [
    { at: 0, ready: 0, wanted: 1 },
    { at: 1, ready: 0, wanted: 5 },
  ]);
  assert.equal(story?.marks[0]?.text, 'changed by helm: /spec/replicas');
});

test('bookkeeping is left out of an object, and nothing else', () => {
  const metadata = { name: 'web', resourceVersion: '1', generation: 2, managedFields: [] };
  assert.deepEqual(withoutBookkeeping({ metadata, spec: { generation: 1 } }), {
    metadata: { name: 'web' },
    spec: { generation: 1 },
  });
  assert.equal(withoutBookkeeping('text'), 'text');
});

test('text of others shows what would hide, move or colour what stands beside it', () => {
  assert.equal(visibleText('a\u202eb\u0000\u200b\u001b[31mred\u001b[0m\tx\r\n'), 'a<U+202E>b␀<U+200B>red  x␍␊');
  assert.equal(visibleLines('a\n\u2066b\u001b[31m'), 'a\n<U+2066>b␛[31m');
});

test('YAML reads back as what it shows', () => {
  holds(
    fc.property(fc.jsonValue(), (value) => {
      assert.deepEqual(parse(yamlOf(value), { schema: 'core' }), JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('clock times, durations and ticks are round where it helps', () => {
  assert.equal(clockText(Date.parse('2026-11-23T16:07:00.085Z') - 85.0000001 + 0.00000001), '16:07:00.000');
  assert.equal(clockText(Date.parse('2026-11-23T16:07:00Z'), '1s'), '16:07:00');
  assert.deepEqual([0, 85, 12_400, 65_000, 3_900_000, 90_000_000].map(durationText), [
    '0 ms',
    '85 ms',
    '12.4 s',
    '1 min 5 s',
    '1 h 5 min',
    '1 d 1 h',
  ]);
  const epoch = Date.parse('2026-11-23T16:07:00.300Z');
  assert.deepEqual(
    ticksOf({ from: 0, to: 4000 }, 400, { epoch, gap: 90 }).map(({ at, label }) => [at, label]),
    [
      [700, '16:07:01'],
      [1700, '16:07:02'],
      [2700, '16:07:03'],
      [3700, '16:07:04'],
    ],
  );
});
