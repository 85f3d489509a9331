import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JournalRecord, Root } from '../../../src/model/record.ts';
import { timestampOf } from '../../../src/model/time.ts';
import type { TimelineEntry } from '../../../src/story/document.ts';
import type { StoryHead } from '../../../src/story/head.ts';
import { ToldEnds } from '../../../src/story/told-ends.ts';
import { LiveStory } from '../../../src/view/terminal/live-story.ts';
import { fitRows } from '../../../src/view/terminal/object-tree.ts';
import { storyEntry } from '../../../src/view/terminal/story-entry.ts';
import { treeLines } from '../../../src/view/terminal/tree-lines.ts';

const ROOT: Root = { group: '', version: 'v1', resource: 'pods', kind: 'Pod', namespace: 'shop', name: 'web' };
const NOW = timestampOf(Date.UTC(2026, 10, 25, 12));

function pod(name: string, nodeName?: string): JournalRecord {
  const metadata = { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: '1' };
  const spec = nodeName === undefined ? {} : { nodeName };
  const object = { apiVersion: 'v1', kind: 'Pod', metadata, spec, status: {} };
  return { kind: 'object', observed: NOW, action: 'found', resource: 'pods', object, redactions: 0 };
}

function event(kind: string, name: string, uid: string, reason: string): JournalRecord {
  const metadata = { name: `${name}.1`, namespace: 'shop', uid: `event-${reason}`, resourceVersion: '1' };
  const involvedObject = { kind, name, uid };
  const object = { apiVersion: 'v1', kind: 'Event', metadata, involvedObject, reason, message: 'said', type: 'Normal' };
  return { kind: 'event', observed: NOW, action: 'found', object, redactions: 0 };
}

test('Events are shown once what they are about belongs to the story, also those that came before; others are not', () => {
  const story = new LiveStory([ROOT]);
  const shown = () => story.drain().map(({ who, text }) => `${who} ${text}`);
  story.take(event('Pod', 'web', 'uid-web', 'Scheduled'));
  story.take(event('Job', 'other', 'uid-other', 'Completed'));
  assert.deepEqual(shown(), []);
  story.take(pod('web', 'node1'));
  assert.deepEqual(shown(), ['Pod/web Scheduled: said']);
  story.take(event('Pod', 'web', 'uid-web', 'Started'));
  story.take(event('Node', 'node1', 'node1', 'NodeNotReady'));
  story.take(event('Job', 'other', 'uid-other', 'Deleted'));
  assert.deepEqual(shown(), ['Pod/web Started: said', 'Node/node1 NodeNotReady: said']);
  story.take(event('Node', 'node2', 'node2', 'NodeReady')); // the journal has those about every Node
  assert.deepEqual(shown(), []);
  story.take(pod('web-2', 'node2'));
  assert.deepEqual(shown(), ['Node/node2 NodeReady: said']);
});

test('a time that Kubernetes states in whole seconds is shown as one, what was observed to the millisecond', () => {
  const story = new LiveStory([ROOT]);
  const state = (status: object): JournalRecord => {
    const record = pod('web');
    assert.ok(record.kind === 'object');
    return { ...record, action: 'changed', object: { ...record.object, status } };
  };
  story.take(pod('web'));
  const startedAt = '2026-11-25T11:59:58Z';
  const running = { name: 'app', restartCount: 0, ready: true, containerID: 'c1', state: { running: { startedAt } } };
  story.take(state({ phase: 'Running', containerStatuses: [running] }));
  const shown = story.drain().map((entry) => `${entry.time.slice(11, 23)} ${entry.text}`);
  assert.ok(shown.includes('11:59:58 started'), shown.join());
  assert.ok(shown.includes('12:00:00.000 ready'), shown.join());
});

test('an Event is shown with the time that it tells of, and how often it came, not with when it was received', () => {
  const story = new LiveStory([ROOT]);
  story.take(pod('web'));
  const take = (more: object) => {
    const record = event('Pod', 'web', 'uid-web', 'BackOff');
    assert.ok(record.kind === 'event');
    story.take({ ...record, object: { ...record.object, ...more } });
  };
  take({ lastTimestamp: '2026-11-25T11:59:38Z', count: 5 });
  take({ lastTimestamp: null, eventTime: '2026-11-25T11:59:39.250000Z' });
  take({ lastTimestamp: '2026-11-25T11:59:59Z', count: 1 });
  take({});
  assert.deepEqual(
    story.drain().map(({ time, text }) => `${time.slice(11, 23)} ${text}`),
    [
      '11:59:38 BackOff: said (5 times)',
      '11:59:39.250 BackOff: said',
      '12:00:00.000 BackOff: said',
      '12:00:00.000 BackOff: said',
    ],
  );
});

test('what a container ends with is no failure when its pod is told to go, or it is a sidecar of work that is done', () => {
  const startedAt = '2026-11-25T11:59:58Z';
  const run = (name: string, state: object) => ({ name, restartCount: 0, ready: true, containerID: name, state });
  const exit = (exitCode: number) => ({
    terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', startedAt },
  });
  const initContainers = [{ name: 'mesh', restartPolicy: 'Always' }];
  const play = (app: object, mesh: object, metadata: object) => {
    const story = new LiveStory([ROOT]);
    const take = (action: 'found' | 'changed', states: readonly [object, object], more: object) => {
      const record = pod('web');
      assert.ok(record.kind === 'object');
      const [containerStatuses, initContainerStatuses] = [[run('app', states[0])], [run('mesh', states[1])]];
      const status = { phase: 'Running', containerStatuses, initContainerStatuses };
      const object = {
        ...record.object,
        metadata: { ...record.object.metadata, ...more },
        spec: { initContainers },
        status,
      };
      story.take({ ...record, action, object });
    };
    take('found', [{ running: { startedAt } }, { running: { startedAt } }], {});
    story.drain();
    take('changed', [app, mesh], metadata);
    const bad = story.drain().filter(({ isBad }) => isBad);
    const tones = story.tree.rows().flatMap((row) => (row.type === 'container' ? [row.container.state.tone] : []));
    return { bad: bad.map(({ who }) => who), tones };
  };
  const going = { deletionTimestamp: startedAt };
  assert.deepEqual(play(exit(143), exit(137), going), { bad: [], tones: ['dim', 'dim'] });
  assert.deepEqual(play(exit(0), exit(143), {}), { bad: [], tones: ['dim', 'good'] });
  assert.deepEqual(play(exit(143), { running: { startedAt } }, {}), { bad: ['web/app'], tones: ['good', 'bad'] });
});

test('in the time line of a story the ends of a pod that was told to go are no failures, those before are', () => {
  const head = { objects: [{ kind: 'Pod', name: 'web' }], containers: [{ object: 0, name: 'app', restart: 0 }] };
  const told = new ToldEnds();
  const bad = (second: number, what: string, more: object = {}) => {
    const time = `2026-11-25T12:00:0${second}.000000000Z`;
    const entry = {
      type: 'lifecycle',
      seq: second,
      time,
      observed: time,
      object: 0,
      what,
      ...more,
    } as unknown as TimelineEntry;
    told.take(entry);
    return storyEntry(entry, head as unknown as StoryHead, told).isBad;
  };
  const end = { container: 0, containerName: 'app', containerKind: 'regular', exitCode: 143 };
  assert.equal(bad(1, 'terminated', end), true);
  assert.equal(bad(2, 'podUnready'), true);
  assert.equal(bad(3, 'deletionRequested'), false);
  assert.equal(bad(4, 'podUnready'), false);
  assert.equal(bad(5, 'terminated', end), false);
  assert.equal(bad(6, 'terminated', { ...end, isOutOfMemory: true }), true);
});

test('what explains the story stands below its tree, and gives way first, unless something is wrong with it', () => {
  const story = new LiveStory([ROOT]);
  const other = (kind: string, name: string, status: object = {}): JournalRecord => {
    const record = pod(name);
    assert.ok(record.kind === 'object');
    return { ...record, resource: `${kind.toLowerCase()}s`, object: { ...record.object, kind, status } };
  };
  const conditions = [{ type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: 'gone' }];
  story.take(other('Service', 'front'));
  story.take(other('Service', 'back'));
  story.take(other('Node', 'node1', { conditions }));
  story.take(other('ConfigMap', 'unrelated'));
  story.take(pod('web'));
  for (const uid of ['uid-front', 'uid-back'])
    story.take({ kind: 'relation', observed: NOW, of: uid, how: 'endpointsOf', to: 'uid-web' });
  story.take({ kind: 'relation', observed: NOW, of: 'uid-node1', how: 'runs', to: 'uid-web' });
  const shown = (limit: number) => {
    const fitted = fitRows(story.tree.rows(), limit);
    const lines = treeLines({ ...fitted, now: Date.parse(NOW), rateOf: () => undefined });
    return lines.map((line) =>
      line
        .map(({ text }) => text)
        .join('')
        .trim()
        .replace(/ {2,}.*/, ''),
    );
  };
  assert.deepEqual(shown(9), [
    'Pod/web',
    'Service/back (endpoints of)',
    'Service/front (endpoints of)',
    'Node/node1 (runs)',
  ]);
  assert.deepEqual(shown(3), ['Pod/web', 'Node/node1 (runs)', '… 2 more']);
});

test('a gap stands out until it is withdrawn', () => {
  const story = new LiveStory([ROOT]);
  const container = { podUid: 'uid-web', namespace: 'shop', pod: 'web', container: 'app', restart: 0 };
  const how = { from: NOW, to: NOW, certainty: 'suspected', cause: 'rotation', evidence: 'it may have been' } as const;
  const gap = { of: { container }, ...how };
  story.take({ kind: 'gap', observed: NOW, gap });
  assert.match(story.alert?.text ?? '', /suspected gap/);
  story.take({ kind: 'gap', observed: NOW, gap: { ...gap, evidence: 'another' }, isWithdrawn: true });
  assert.notEqual(story.alert, undefined);
  story.take({ kind: 'gap', observed: NOW, gap, isWithdrawn: true });
  assert.equal(story.alert, undefined);
  assert.equal(story.drain().length, 1);
});
