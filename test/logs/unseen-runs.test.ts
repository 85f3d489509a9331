import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instancesOf } from '../../src/logs/instances.ts';
import type { LogSink } from '../../src/logs/sink.ts';
import { mayBeFollowed, mayHaveBegun, UnseenRuns } from '../../src/logs/unseen-runs.ts';
import type { KubeObject } from '../../src/model/resource.ts';

const finishedAt = '2026-11-23T12:00:05Z';

function podOf(how: { phase?: string; restartPolicy?: string; exitCode?: number; isRunning?: boolean }): KubeObject {
  const { phase = 'Running', restartPolicy = 'Always', exitCode = 1, isRunning = false } = how;
  const ended = { terminated: { exitCode, finishedAt, containerID: 'containerd://a' } };
  const status = {
    name: 'app',
    restartCount: 2,
    containerID: 'containerd://a',
    state: isRunning ? { running: { startedAt: finishedAt } } : ended,
    lastState: {},
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'shop', uid: 'p', resourceVersion: '1' },
    spec: { restartPolicy },
    status: { phase, containerStatuses: [status] },
  };
}

for (const [title, how, expected] of [
  ['a container that is always restarted', {}, 2],
  ['a container that failed and is restarted then', { restartPolicy: 'OnFailure' }, 2],
  ['a container that runs: its own log tells', { isRunning: true }, undefined],
  ['a container that succeeded', { restartPolicy: 'OnFailure', exitCode: 0 }, undefined],
  ['a container that is never restarted', { restartPolicy: 'Never' }, undefined],
  ['a container of a pod that has come to its end', { phase: 'Failed' }, undefined],
] as const)
  test(`whether runs that nobody told of may have followed: ${title}`, () => {
    const pod = podOf(how);
    assert.equal(mayBeFollowed(pod, instancesOf(pod))?.instance.restart, expected);
  });

for (const [title, how, expected] of [
  ['all of a pod that was not seen to begin', {}, ['init', 'app']],
  ['none of one that no node was to run', { nodeName: undefined }, []],
  [
    'all of one that was scheduled or not when it was last heard of',
    { nodeName: undefined, isLast: false },
    ['init', 'app'],
  ],
  ['none of one whose node had told how it ended', { phase: 'Failed' }, []],
] as const)
  test(`which containers a node may have begun before their pod was gone: ${title}`, () => {
    const { nodeName, phase, isLast } = { nodeName: 'n', phase: 'Pending', isLast: true, ...how };
    const pod = podOf({ phase });
    const spec = { nodeName, initContainers: [{ name: 'init' }], containers: [{ name: 'app' }] };
    const begun = mayHaveBegun({ ...pod, spec }, { isLast });
    assert.deepEqual(
      begun.map(({ container, restart }) => `${container}#${restart}`),
      expected.map((name) => `${name}#0`),
    );
  });

test('what may have run on or followed in a pod that is gone is told at once, and may go on until the capture ends: its node may not have heard of it', () => {
  const records: Parameters<LogSink['append']>[0][] = [];
  const now = Date.UTC(2026, 10, 23, 12, 0, 10);
  const sink = { append: (record: (typeof records)[number]) => void records.push(record) };
  const unseen = new UnseenRuns({ sink, clock: { now: () => now } }, { isResumed: false });
  const [last] = instancesOf(podOf({}));
  assert.ok(last);
  unseen.after(last);
  unseen.goesOn({ ...last.instance, container: 'other' });
  const gaps = records.map((record) =>
    record.kind === 'gap' ? [record.gap.from.slice(0, 20), record.gap.isOpen] : [],
  );
  assert.deepEqual(gaps, [
    ['2026-11-23T12:00:05.', true],
    ['2026-11-23T12:00:10.', true],
  ]);
});

/** What is said where a pod is first seen in its third run, which began some seconds after the recording did. */
function firstSeen(startedAfter: number, { isSynced = false, isResumed = false } = {}): readonly string[] {
  const records: Parameters<LogSink['append']>[0][] = [];
  const sink = { append: (record: (typeof records)[number]) => void records.push(record) };
  const now = () => Date.parse(finishedAt) - startedAfter * 1000;
  const unseen = new UnseenRuns({ sink, clock: { now } }, { isResumed });
  if (isSynced) unseen.synced();
  const pod = podOf({ isRunning: true });
  unseen.between(pod, { known: -1, view: undefined, instances: instancesOf(pod) });
  return records.map((record) =>
    record.kind === 'gap' && 'container' in record.gap.of
      ? `gap of ${record.gap.of.container.restart}`
      : record.kind === 'note'
        ? record.text.slice(0, 61)
        : record.kind,
  );
}

test('runs that were over before the recording began are no gaps of it: a note tells of them', () => {
  assert.deepEqual(firstSeen(-60), ['shop/web/app#0 to #1 had ended before the recording began; of']);
});

for (const [title, gaps] of [
  ['that began with the recording', firstSeen(-1)],
  ['of a pod that was seen later', firstSeen(-60, { isSynced: true })],
  ['of a capture that is resumed', firstSeen(-60, { isResumed: true })],
] as const)
  test(`runs may have been within the recording before one ${title}: they are gaps`, () => {
    assert.deepEqual(gaps, ['gap of 0', 'gap of 1']);
  });
