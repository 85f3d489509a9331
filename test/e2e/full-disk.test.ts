import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noDisks, SmallDisk } from '../cli/small-disk.ts';
import { type Capture, startCapture } from './capture.ts';
import { checkStory, counting, numbersOf, runOf } from './checker.ts';
import { skipped, type TestNamespace, testNamespace, workload } from './cluster.ts';

/** A disk that is full under a busy workload of the real cluster. `npm run acceptance` asks for more lines. */
const LINES = Number(process.env.FARO_DISK_LINES ?? 20_000);
const QUIET_LINES = 200;
const MEBIBYTES = 64;
const CHANGES = 20;
const options = { skip: skipped || noDisks };

/** A pod that is recorded to a disk with little room left, and has then written all of its lines. */
async function fillDisk(ns: TestNamespace, disk: SmallDisk, ...args: string[]): Promise<Capture> {
  const at = { kubeconfig: ns.cluster.kubeconfig, namespace: ns.name, folder: disk.path };
  const capture = await startCapture(at, 'pod/busy', '--wait', ...args);
  disk.fill(64 * 1024);
  const containers = [
    workload('hot', `-n ${LINES} -rate 5000 -size 60 -tag H -wait -1s`),
    workload('quiet', `-n ${QUIET_LINES} -rate 40 -tag Q -wait -1s`),
  ];
  const spec = { terminationGracePeriodSeconds: 1, containers };
  await ns.apply({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'busy' }, spec });
  return capture;
}

/** Until both containers have written their last lines. */
async function hasWritten(ns: TestNamespace): Promise<void> {
  for (const [name, last] of [
    ['hot', `H ${LINES - 1} `],
    ['quiet', `Q ${QUIET_LINES - 1} `],
  ] as const)
    while (!(await ns.kubectl('logs', 'busy', '-c', name, '--tail=1')).startsWith(last));
}

test(
  'a disk that fills up under a busy workload, until room is made, costs no line and no state',
  options,
  async () => {
    await using ns = await testNamespace('disk');
    using disk = new SmallDisk('tmpfs', MEBIBYTES);
    using capture = await fillDisk(ns, disk, '--log-route', 'node-files');
    await capture.said('logs are held back');
    await hasWritten(ns);
    for (let turn = 0; turn < CHANGES; turn += 1)
      await ns.kubectl('annotate', 'pod', 'busy', '--overwrite', `turn=${turn}`);
    disk.free();
    await capture.said('the journal is written again');
    const story = await capture.end();
    const states = checkStory(story);
    assert.deepEqual(numbersOf(story, runOf(story, 'busy', 'hot'), 'H'), counting(LINES));
    assert.deepEqual(numbersOf(story, runOf(story, 'busy', 'quiet'), 'Q'), counting(QUIET_LINES));
    const turns = [...states.values()].flat().flatMap(({ kind, metadata }) => {
      const { annotations } = metadata as { annotations?: { turn?: string } };
      return kind === 'Pod' && annotations?.turn !== undefined ? [annotations.turn] : [];
    });
    assert.deepEqual(
      [...new Set(turns)],
      Array.from({ length: CHANGES }, (_, turn) => `${turn}`),
    );
    assert.deepEqual(story.gaps, []);
    assert.deepEqual(story.metadata.incomplete, []);
  },
);

test(
  'a disk that fills up under a busy workload and stays full ends with a story, and a gap of each log that it lacks lines of',
  options,
  async () => {
    await using ns = await testNamespace('disk');
    using disk = new SmallDisk('tmpfs', MEBIBYTES);
    using capture = await fillDisk(ns, disk, '--log-route', 'node-files', '--disk-wait', '2s', '--drain', '1s');
    const story = await capture.story(1);
    checkStory(story);
    assert.equal(story.metadata.ended, 'disk-full');
    assert.equal(story.metadata.complete, false);
    const run = runOf(story, 'busy', 'hot');
    const numbers = numbersOf(story, run, 'H');
    assert.deepEqual(numbers, counting(numbers.length));
    assert.ok(numbers.length < LINES);
    const gaps = story.gaps.filter(({ of }) => 'container' in of && of.container === run);
    assert.deepEqual([...new Set(gaps.map(({ cause }) => cause))], ['disk-full']);
    assert.equal(story.containers[run]?.ledger.end, 'not proven');
  },
);
