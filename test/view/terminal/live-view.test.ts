import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '../../../src/demo/clock.ts';
import type { JournalRecord, Root } from '../../../src/model/record.ts';
import { type Timestamp, timestampOf } from '../../../src/model/time.ts';
import { span } from '../../../src/view/terminal/line.ts';
import { LiveStory } from '../../../src/view/terminal/live-story.ts';
import { LiveView } from '../../../src/view/terminal/live-view.ts';
import { painter } from '../../../src/view/terminal/painter.ts';

const HOSTILE = '\u001b[2J\u001b]0;owned\u0007\u202e\u0000\r\n\u009b31m';
const ROOT: Root = { group: '', version: 'v1', resource: 'pods', kind: 'Pod', namespace: 'shop', name: 'web' };
const INSTANCE = { podUid: 'u1', namespace: 'shop', pod: 'web', container: 'app', restart: 0 };
const NOW = timestampOf(Date.UTC(2026, 10, 23, 12));

/** A pod whose container waits for a reason. */
function pod(reason: string, action: 'found' | 'changed' = 'changed', restartCount = 1): JournalRecord {
  const status = {
    phase: 'Running',
    containerStatuses: [{ name: 'app', ready: false, restartCount, state: { waiting: { reason, message: reason } } }],
  };
  const metadata = {
    name: 'web',
    namespace: 'shop',
    uid: 'u1',
    resourceVersion: '1',
    creationTimestamp: '2026-11-23T11:59:00Z',
  };
  const object = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [{ name: 'app' }] }, status };
  return { kind: 'object', observed: NOW, action, resource: 'pods', object, redactions: 0 };
}

function lines(texts: readonly string[]): JournalRecord {
  const bytes = Buffer.from(texts.map((text) => `2026-11-23T12:00:00.000000000Z ${text}\n`).join(''));
  const facts = {
    lines: texts.length,
    contentBytes: 0,
    first: NOW,
    last: NOW,
    file: null,
    offset: 0,
    unterminated: false,
  };
  return { kind: 'log', observed: NOW, stream: 1, format: 'timestamped', bytes, ...facts };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
const WRITTEN_ROW = /\u001b\[(\d+);1H(.*?)\u001b\[K/gs;

/** A view of a screen that keeps what was written; what a terminal shows of it is not judged here. */
function stage(rows = 24, columns = 100) {
  const clock = new SimulatedClock();
  const story = new LiveStory([ROOT]);
  const written: string[] = [];
  const screen = new Map<number, string>();
  const actions: string[] = [];
  const surface = { columns, rows, write: (text: string) => written.push(text) };
  const headline = () => [span('recording', 'good')];
  const onAction = (action: string) => void actions.push(action);
  const view = new LiveView({ story, surface, painter: painter(false), clock, headline, onAction });
  view.screen.enter();
  const take = (...records: readonly JournalRecord[]) => {
    for (const record of records) story.take(record);
  };
  const frame = () => {
    written.length = 0;
    view.frame();
    const output = written.join('');
    for (const [, row = '', text = ''] of output.matchAll(WRITTEN_ROW)) screen.set(Number(row), text);
    return output;
  };
  const whole = () =>
    [...screen]
      .sort(([a], [b]) => a - b)
      .map(([, text]) => text)
      .join('\n');
  const wait = (ms: number) => clock.advance(ms, async () => undefined);
  take({
    kind: 'streamOpened',
    observed: NOW,
    stream: 1,
    instance: INSTANCE,
    route: 'stream',
    attempt: 0,
    limited: false,
  });
  return { view, take, frame, whole, wait, actions };
}

test('nothing of what a cluster says reaches the terminal as anything but text', () => {
  const { take, frame } = stage();
  const about = { kind: HOSTILE, name: HOSTILE };
  const meta = { name: 'e', uid: 'e', resourceVersion: '1' };
  const event = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: meta,
    involvedObject: about,
    reason: HOSTILE,
    message: HOSTILE,
    type: 'Warning',
  };
  const gap = {
    of: { resource: HOSTILE, namespace: HOSTILE },
    from: NOW,
    to: NOW,
    certainty: 'known',
    cause: 'forbidden',
    evidence: HOSTILE,
  } as const;
  take(pod('Waiting', 'found'), pod(HOSTILE));
  take({ kind: 'event', observed: NOW, action: 'created', object: event, redactions: 0 });
  take({ kind: 'gap', observed: NOW, gap }, { kind: 'note', observed: HOSTILE as Timestamp, text: HOSTILE });
  take(lines([HOSTILE.replaceAll('\n', ''), `plain ${HOSTILE.replaceAll('\n', '')}`]));
  const shown = frame();
  assert.match(shown, /plain ␛\[2J␛\]0;owned␇/);
  assert.match(shown, /! ␛.*known gap \(forbidden\)/);
  // What is left without the screen's own sequences holds no control character and nothing that reorders text.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
  const text = shown.replaceAll(/\u001b\[(?:\d+;1H|K)/g, '');
  assert.doesNotMatch(text, /\p{Cc}|\p{Bidi_Control}|\p{Cs}/u);
});

test('a frame in which nothing happened writes nothing, and a second that passed only what it changes', async () => {
  const { take, frame, wait } = stage();
  take(pod('CrashLoopBackOff', 'found'), lines(['one', 'two']));
  assert.match(frame(), /Pod\/web +CrashLoopBackOff 0\/1 {2}60s[\s\S]*1 restart {2}2 lines[\s\S]*one[\s\S]*two/);
  assert.equal(frame(), '');
  await wait(1000);
  const second = frame();
  assert.match(second, /61s/);
  assert.match(second, /2\/s/);
  assert.doesNotMatch(second, /one|two|recording/);
});

test('of a flood a sample is shown, every line is counted, and changes stay in sight', () => {
  const { take, frame, whole } = stage(40);
  take(pod('CrashLoopBackOff', 'found'));
  for (let block = 0; block < 200; block += 1)
    take(lines(Array.from({ length: 100 }, (_, index) => `flood ${block} ${index}`)));
  take(pod('ImagePullBackOff', 'changed'));
  const shown = frame();
  assert.match(shown, /20,000 lines/);
  assert.ok((shown.match(/flood 1\d\d \d+/g) ?? []).length <= 40);
  for (let again = 0; again < 3; again += 1) {
    take(lines(Array.from({ length: 1000 }, (_, index) => `more ${index}`)));
    frame();
  }
  take(lines(['last of all']));
  frame();
  assert.match(whole(), /last of all/);
  assert.match(whole(), /\* web\/app {2}waiting: reason ImagePullBackOff/);
});

test('while it is paused the tail stands still and the tree goes on', () => {
  const { view, take, frame, actions } = stage();
  take(pod('CrashLoopBackOff', 'found'), lines(['before']));
  frame();
  view.keys(' ');
  take(pod('ErrImagePull', 'changed'), lines(['meanwhile']));
  const paused = frame();
  assert.match(paused, /PAUSED/);
  assert.match(paused, /ErrImagePull/);
  assert.doesNotMatch(paused, /meanwhile/);
  view.keys(' ');
  assert.match(frame(), /meanwhile/);
  view.keys('q');
  assert.deepEqual(actions, ['quit']);
});

test('a screen too small for the tree shows what is not well, and how much is hidden', () => {
  const { take, frame } = stage(10, 40);
  const roots: JournalRecord[] = [pod('CrashLoopBackOff', 'found')];
  take(...roots);
  const text = frame();
  assert.ok(text.split('\u001b[K').every((line) => line.replace(/^.*?H/, '').length <= 40));
  assert.match(text, /CrashLoopBackOff/);
});
