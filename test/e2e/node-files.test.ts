import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Story } from '../../src/story/document.ts';
import { startCapture } from './capture.ts';
import { checkStory, counting, isOfLastSecond, numbersOf, runOf } from './checker.ts';
import { skipped, testNamespace, workload } from './cluster.ts';
import { serviceAccount } from './service-account.ts';

const options = { skip: skipped };

function pod(containers: readonly object[], more: object = {}): object {
  const spec = { terminationGracePeriodSeconds: 1, containers, ...more };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'busy' }, spec };
}

/** Of a container's numbered lines, those that are missing below `count`, and what came twice. */
function judge(story: Story, name: string, tag: string, count: number) {
  const numbers = numbersOf(story, runOf(story, 'busy', name), tag);
  const seen = new Set(numbers);
  const missing = counting(count).filter((number) => !seen.has(number));
  return { missing: missing.length, repeated: numbers.length - seen.size };
}

test('a container that outruns rotation is whole beside quiet ones, every line once and proven', options, async () => {
  await using ns = await testNamespace('hot');
  const at = { kubeconfig: ns.cluster.kubeconfig, namespace: ns.name };
  const until = ['--wait', '--until', 'complete', '--timeout', '90s'];
  const capture = await startCapture(at, 'pod/busy', ...until);
  const stream = await startCapture(at, 'pod/busy', ...until, '--log-route', 'stream');
  const quiet = ['a', 'b', 'c'].map((name) => workload(name, `-n 240 -rate 20 -tag ${name}`));
  // 10,000 lines a second of half a kilobyte: 10 MiB, the size at which a file is rotated, are full after two seconds.
  const hot = workload('hot', '-n 120000 -rate 10000 -size 500 -tag H');
  await ns.apply(pod([hot, ...quiet], { restartPolicy: 'Never' }));
  const story = await capture.story();
  checkStory(story);
  assert.deepEqual(judge(story, 'hot', 'H', 120_000), { missing: 0, repeated: 0 });
  for (const name of ['a', 'b', 'c'])
    assert.deepEqual(numbersOf(story, runOf(story, 'busy', name), name), counting(240));
  assert.deepEqual(story.gaps, []);
  assert.ok(story.metadata.complete, story.metadata.incomplete.join());
  const { ledger } = story.containers[runOf(story, 'busy', 'hot')] ?? {};
  assert.ok((ledger?.rotations ?? 0) > 0, 'a rotation was crossed');
  assert.ok(ledger?.routes.includes('node-files'));
  assert.match(ledger?.endEvidence ?? '', /^terminated, then read to the end of 0\.log/);
  assert.ok(story.timeline.some((entry) => entry.type === 'note' && /nodes\/proxy/.test(entry.text)));
  checkStated(await stream.story());
});

/** Whatever the pod log API lost lies between two lines that bound a gap; and the story does not call itself complete. */
function checkStated(story: Story): void {
  checkStory(story);
  const run = runOf(story, 'busy', 'hot');
  const lines = story.timeline.flatMap((entry) =>
    entry.type === 'log' && entry.container === run
      ? [{ time: entry.time, number: Number(entry.line?.split(' ')[1]) }]
      : [],
  );
  const gaps = story.gaps.filter(({ of }) => 'container' in of && of.container === run);
  const holes = lines.flatMap(({ number, time }, index) => {
    const next = lines[index + 1] ?? { number: 120_000, time: '9' };
    return next.number > number + 1 ? [{ from: time, to: next.time, count: next.number - number - 1 }] : [];
  });
  const missing = holes.reduce((sum, { count }) => sum + count, 0);
  const unstated = holes.filter(
    (hole) => !gaps.some(({ from, to }) => from <= hole.from && (hole.to === '9' || to >= hole.to)),
  );
  const inGaps = lines.filter(({ time }) => gaps.some(({ from, to }) => from < time && time < to)).length;
  process.stderr.write(
    `pod log stream alone: ${missing} of 120000 lines missing in ${holes.length} holes, ${gaps.length} gaps stated, ${inGaps} received lines inside them\n`,
  );
  assert.deepEqual(unstated, []);
  if (missing > 0) assert.equal(story.metadata.complete, false);
}

test('a deleted pod is read to its last line, and each run of a crashing container to its own', options, async () => {
  await using ns = await testNamespace('gone');
  const capture = await startCapture({ kubeconfig: ns.cluster.kubeconfig, namespace: ns.name }, 'pod/busy', '--wait');
  await ns.apply(
    pod([
      workload('steady', '-n -1 -rate 2000 -tag S'),
      workload('idle', '-n 3 -tag I -wait 1h'),
      workload('crash', '-n 300 -tag C -exit 3 -wait 3s'),
    ]),
  );
  await ns.until('it crashed twice', ['pod', 'busy'], ({ status }) =>
    (status.containerStatuses ?? []).some(({ name, restartCount }) => name === 'crash' && restartCount >= 2),
  );
  await ns.kubectl('delete', 'pod', 'busy');
  const story = await capture.end();
  checkStory(story);
  const steady = runOf(story, 'busy', 'steady');
  const numbers = numbersOf(story, steady, 'S');
  assert.deepEqual(numbers, counting(numbers.length));
  const last = story.timeline.findLast((entry) => entry.type === 'log' && entry.container === steady);
  const isWhole = last?.type === 'log' && last.line === 'S TERM';
  for (const [index, { name }] of story.containers.entries())
    if (name === 'crash') assert.deepEqual(numbersOf(story, index, 'C'), counting(300));
  assert.ok(story.containers.filter(({ name }) => name === 'crash').length >= 3);
  for (const gap of story.gaps) assert.ok(isOfLastSecond(story, gap), JSON.stringify(gap));
  assert.ok(isWhole || story.gaps.some(({ of }) => 'container' in of && of.container === steady));
});

test('a service account with nodes/log alone reads the files from the kubelet', options, async () => {
  await using ns = await testNamespace('direct');
  const kubeconfig = await serviceAccount(ns);
  await ns.kubectl('create', 'role', 'states', '--verb=get,list,watch', '--resource=pods,events');
  await ns.kubectl('create', 'rolebinding', 'recorder', '--role=states', `--serviceaccount=${ns.name}:recorder`);
  const cluster = ns.cluster.kubectl;
  await cluster(['create', 'clusterrole', ns.name, '--verb=get', '--resource=nodes/log']);
  try {
    await cluster([
      'create',
      'clusterrolebinding',
      ns.name,
      `--clusterrole=${ns.name}`,
      `--serviceaccount=${ns.name}:recorder`,
    ]);
    await ns.apply(pod([workload('app', '-n 5000 -tag D')], { restartPolicy: 'Never' }));
    await ns.until('it is done', ['pod', 'busy'], ({ status }) => status.phase === 'Succeeded');
    const port = await cluster([
      'get',
      'nodes',
      '-o',
      'jsonpath={.items[0].status.daemonEndpoints.kubeletEndpoint.Port}',
    ]);
    const direct = ['--kubelet-direct', '--kubelet-port', port, '--kubelet-insecure', '--log-route', 'node-files'];
    const capture = await startCapture({ kubeconfig, namespace: ns.name }, 'pod/busy', ...direct);
    const story = await capture.end();
    const run = runOf(story, 'busy', 'app');
    assert.deepEqual(numbersOf(story, run, 'D'), counting(5000));
    assert.deepEqual(story.containers[run]?.ledger.routes, ['node-files']);
    assert.equal(story.containers[run]?.ledger.end, 'proven');
    // Through the API server the same account is refused, which the story says.
    const refused = await startCapture({ kubeconfig, namespace: ns.name }, 'pod/busy');
    const without = await refused.end();
    assert.ok(without.timeline.some((entry) => entry.type === 'note' && /may not get nodes\/proxy/.test(entry.text)));
    assert.equal(without.metadata.counts.logLines, 0);
    assert.equal(without.metadata.complete, false);
  } finally {
    await cluster(['delete', 'clusterrole', ns.name]);
    await cluster(['delete', 'clusterrolebinding', ns.name, '--ignore-not-found']);
  }
});
