import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JournalRecord, Root } from '../../../src/model/record.ts';
import { timestampOf } from '../../../src/model/time.ts';
import { LiveStory } from '../../../src/view/terminal/live-story.ts';

const ROOT: Root = { group: '', version: 'v1', resource: 'pods', kind: 'Pod', namespace: 'shop', name: 'web' };
const NOW = timestampOf(Date.UTC(2026, 10, 25, 12));

function pod(name: string): JournalRecord {
  const metadata = { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: '1' };
  const object = { apiVersion: 'v1', kind: 'Pod', metadata, spec: {}, status: {} };
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
  story.take(pod('web'));
  assert.deepEqual(shown(), ['Pod/web Scheduled: said']);
  story.take(event('Pod', 'web', 'uid-web', 'Started'));
  story.take(event('Node', 'node1', 'node1', 'NodeNotReady'));
  story.take(event('Job', 'other', 'uid-other', 'Deleted'));
  assert.deepEqual(shown(), ['Pod/web Started: said', 'Node/node1 NodeNotReady: said']);
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
