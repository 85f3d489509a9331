import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deployment, podState, World } from './world.ts';

/** A Deployment of one pod that is never ready. */
function brokenPod(world: World, name: string, pod = podState()): number {
  const { replicaSet } = deployment(world, name, { ready: 0, wanted: 1 });
  const index = world.object('Pod', `${name}-5d7-x`, { owner: replicaSet });
  world.state(1, index, pod);
  return index;
}

function wellPod(world: World, name: string, second = 0): number {
  const { replicaSet } = deployment(world, name, { ready: 1, wanted: 1 });
  const index = world.object('Pod', `${name}-5d7-x`, { owner: replicaSet });
  world.state(second, index, podState({ ready: true }));
  return index;
}

test('what crashes for want of what never came up is a consequence, though it failed first', () => {
  const world = new World();
  const web = brokenPod(world, 'web', podState({ waits: { app: 'CrashLoopBackOff' } }));
  world.run(web, 'app', {
    from: 2,
    to: 3,
    exitCode: 1,
    lines: ['dial tcp: lookup ledger on 10.96.0.10:53: no such host'],
  });
  const ledger = world.object('Pod', 'ledger-0', {
    owner: world.object('StatefulSet', 'ledger', { apiVersion: 'apps/v1' }),
  });
  world.state(4, ledger, podState({ waits: { db: 'ErrImagePull' } }));
  const { firstCause, consequences } = world.verdict();
  assert.equal(firstCause?.rule, 'image');
  assert.deepEqual(
    consequences.map(({ rule }) => rule),
    ['crash-loop'],
  );
});

test('two that fail one after the other without a word of each other: the one that failed first', () => {
  const world = new World();
  world.run(brokenPod(world, 'front', podState({ waits: { a: 'CrashLoopBackOff' } })), 'a', {
    from: 2,
    to: 9,
    exitCode: 1,
  });
  world.run(brokenPod(world, 'back', podState({ waits: { b: 'CrashLoopBackOff' } })), 'b', {
    from: 2,
    to: 4,
    exitCode: 2,
  });
  const { firstCause, consequences, unrelated } = world.verdict();
  assert.match(firstCause?.summary ?? '', /back-5d7-x/);
  assert.deepEqual(consequences, []);
  assert.deepEqual(
    unrelated?.map(({ summary }) => /front-5d7-x/.test(summary)),
    [true],
  );
});

test('a fault that is over does not hide the one that is not', () => {
  const world = new World();
  const early = wellPod(world, 'cache');
  world.run(early, 'c', { from: 1, to: 5, exitCode: 7 });
  world.run(early, 'c', { from: 6 });
  const late = brokenPod(world, 'shop', podState({ waits: { s: 'CrashLoopBackOff' } }));
  world.run(late, 's', { from: 90, to: 91, exitCode: 3 });
  const { status, firstCause, earlier } = world.verdict();
  assert.equal(status, 'failed');
  assert.match(firstCause?.summary ?? '', /shop/);
  assert.match(earlier?.[0]?.summary ?? '', /cache/);
});

test('of what failed as well, what only shows a fault again that is told there is left out', () => {
  const world = new World();
  world.run(brokenPod(world, 'front', podState({ waits: { a: 'CrashLoopBackOff' } })), 'a', {
    from: 2,
    to: 3,
    exitCode: 1,
  });
  const load = world.object('Job', 'load', { apiVersion: 'batch/v1' });
  const pod = world.object('Pod', 'load-x', { owner: load });
  world.state(4, load, { status: {} });
  world.state(5, pod, podState({ spec: { restartPolicy: 'Never' } }));
  world.run(pod, 'rows', { from: 6, to: 80, exitCode: 5 });
  const failed = { type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded', message: 'too often' };
  world.state(81, load, { status: { conditions: [failed] } });
  const { firstCause, unrelated } = world.verdict({ roots: [0, load] });
  assert.equal(firstCause?.rule, 'crash-loop');
  assert.deepEqual(
    unrelated?.map(({ rule }) => rule),
    ['crash'],
  );
});

/** A pod that found no node until so many seconds after the story began. */
function latelyScheduled(world: World, second: number): number {
  const pod = brokenPod(world, 'web', podState({ status: { conditions: [UNSCHEDULABLE] } }));
  world.state(
    second,
    pod,
    podState({ status: { conditions: [{ type: 'PodScheduled', status: 'True', reason: '' }] } }),
  );
  return pod;
}

const UNSCHEDULABLE = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes' };

test('a pod that found its node has that behind it, though its workload fails for another reason', () => {
  const world = new World();
  world.run(latelyScheduled(world, 30), 'app', { from: 31, to: 32, exitCode: 3 });
  const { status, firstCause, earlier } = world.verdict();
  assert.deepEqual([status, firstCause?.rule, firstCause?.over], ['failed', 'crash', false]);
  assert.deepEqual(
    earlier?.map(({ rule, over }) => [rule, over]),
    [['unschedulable', true]],
  );
});

test('a pod that found its node and is not ready, for no reason that is known, is not well yet', () => {
  const world = new World();
  latelyScheduled(world, 30);
  const { status, firstCause } = world.verdict();
  assert.deepEqual([status, firstCause?.rule, firstCause?.over], ['failed', 'unschedulable', false]);
});

test('what kept a container from its start is over once it did, though its workload fails for another reason', () => {
  const waits = (reason: string) => (world: World, pod: number, second: number) =>
    world.state(second, pod, podState({ waits: { app: reason } }));
  const tells = (reason: string, message: string) => (world: World, pod: number, second: number) =>
    world.event(second, pod, { reason, message, count: 4 });
  const held = {
    image: waits('ErrImagePull'),
    'container-config': waits('CreateContainerError'),
    volume: tells('FailedMount', 'MountVolume.SetUp failed for volume "data": no such device'),
    'missing-config': tells('FailedMount', 'MountVolume.SetUp failed for volume "v": configmap "limits" not found'),
    sandbox: tells('FailedCreatePodSandBox', 'no network'),
  };
  for (const [rule, hold] of Object.entries(held))
    for (const comesAgain of [false, true]) {
      const world = new World();
      const pod = brokenPod(world, 'web');
      hold(world, pod, 2);
      world.state(19, pod, podState({ waits: { app: 'ContainerCreating' } }));
      world.run(pod, 'app', { from: 20 });
      if (comesAgain) hold(world, pod, 25);
      const beside = world.object('Pod', 'web-5d7-y', { owner: 1 });
      world.run(beside, 'other', { from: 31, to: 32, exitCode: 3 });
      world.state(33, beside, podState({ waits: { other: 'CrashLoopBackOff' } }));
      const { firstCause, consequences, earlier = [] } = world.verdict();
      const told = [firstCause, ...consequences, ...earlier].find((one) => one?.rule === rule);
      assert.equal(told?.over, !comesAgain, `${rule}, ${comesAgain ? 'again' : 'once'}`);
    }
});

test('a liveness probe that failed explains a kill whose own Event was dropped', () => {
  const world = new World();
  const spec = { containers: [{ name: 'a', livenessProbe: {} }] };
  const pod = brokenPod(world, 'web', podState({ spec }));
  world.event(8, pod, {
    reason: 'Unhealthy',
    message: 'Liveness probe failed: HTTP probe failed with statuscode: 503',
  });
  world.run(pod, 'a', { from: 2, to: 9, exitCode: 137 });
  assert.equal(world.verdict().firstCause?.rule, 'liveness-probe');
});

test('the same exit code without a probe is a crash', () => {
  const world = new World();
  const pod = brokenPod(world, 'web', podState({ spec: { containers: [{ name: 'a', livenessProbe: {} }] } }));
  world.run(pod, 'a', { from: 2, to: 9, exitCode: 137 });
  assert.equal(world.verdict().firstCause?.rule, 'crash');
});

test('a container whose definition changed is restarted, and has not crashed', () => {
  const world = new World();
  const pod = wellPod(world, 'web');
  world.event(8, pod, { reason: 'Killing', message: 'Container a definition changed, will be restarted' });
  world.run(pod, 'a', { from: 2, to: 9, exitCode: 2 });
  world.run(pod, 'a', { from: 10 });
  assert.equal(world.verdict().status, 'healthy');
});

/** The deletion of a pod that was asked for ten seconds after the story began. */
const DELETED = { deletionTimestamp: '2026-11-23T12:00:40Z', deletionGracePeriodSeconds: 30 };

test('a crash a second before somebody deletes the pod is a crash, the end after it is none', () => {
  for (const [end, rule] of [
    [7, 'crash'],
    [10, undefined],
  ] as const) {
    const world = new World();
    const pod = wellPod(world, 'web');
    world.run(pod, 'a', { from: 2, to: end, exitCode: 2 });
    world.state(11, pod, podState({ ready: true, metadata: DELETED }));
    assert.equal(world.verdict().firstCause?.rule, rule);
  }
});

test('a run that failed in the second before its pod was deleted counts where it ended as the one before', () => {
  for (const [exitCode, says] of [
    [4, /exits with code 4, 3 times/],
    [143, /exits with code 4, 2 times/],
  ] as const) {
    const world = new World();
    const job = world.object('Job', 'load', { apiVersion: 'batch/v1' });
    const pod = world.object('Pod', 'load-x', { owner: job });
    world.state(0, job, { status: {} });
    const spec = { restartPolicy: 'OnFailure' };
    world.state(1, pod, podState({ spec }));
    world.run(pod, 'rows', { from: 2, to: 3, exitCode: 4 });
    world.run(pod, 'rows', { from: 4, to: 5, exitCode: 4 });
    world.run(pod, 'rows', { from: 8, to: 9, exitCode });
    world.state(11, pod, podState({ spec, metadata: DELETED }));
    const failed = { type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded', message: 'too often' };
    world.state(12, job, { status: { conditions: [failed] } });
    assert.match(world.verdict().firstCause?.summary ?? '', says);
  }
});

test('a run that was seen to have failed before anybody deleted its pod has failed, whatever the clocks say', () => {
  for (const [isSeenAlive, rule] of [
    [true, 'crash'],
    [false, undefined],
  ] as const) {
    const world = new World();
    const pod = wellPod(world, 'web');
    world.run(pod, 'a', { from: 2, to: 10, exitCode: 2, containerID: 'containerd://a' });
    const terminated = { exitCode: 2, containerID: 'containerd://a' };
    const containerStatuses = [{ name: 'a', restartCount: 0, state: { terminated } }];
    const metadata = isSeenAlive ? {} : DELETED;
    world.state(10, pod, podState({ ready: true, status: { containerStatuses }, metadata }));
    world.state(11, pod, podState({ ready: true, status: { containerStatuses }, metadata: DELETED }));
    assert.equal(world.verdict().firstCause?.rule, rule);
  }
});

test('a pod that was evicted before the story began, and whose workload does without it, is history', () => {
  const world = new World();
  const { replicaSet } = deployment(world, 'web', { ready: 1, wanted: 1 });
  const old = world.object('Pod', 'web-5d7-old', { owner: replicaSet });
  world.state(
    0,
    old,
    podState({ status: { phase: 'Failed', reason: 'Evicted', message: 'The node was low on memory' } }),
  );
  assert.deepEqual(world.verdict(), { status: 'healthy', consequences: [] });
});

test('a restart before the story is history, a crash loop that goes on is not', () => {
  for (const [pod, status] of [
    [podState({ ready: true }), 'healthy'],
    [podState({ waits: { a: 'CrashLoopBackOff' } }), 'failed'],
  ] as const) {
    const world = new World();
    const ready = status === 'healthy' ? 1 : 0;
    const { replicaSet } = deployment(world, 'web', { ready, wanted: 1 });
    const index = world.object('Pod', 'web-5d7-x', { owner: replicaSet });
    world.state(0, index, pod);
    world.run(index, 'a', { from: -3600, to: -3590, exitCode: 1 });
    assert.equal(world.verdict().status, status);
  }
});

test('a Job of a CronJob that failed is made good by a later one, and one that failed before the story is history', () => {
  const world = new World();
  const cron = world.object('CronJob', 'nightly', { apiVersion: 'batch/v1' });
  world.state(0, cron, {});
  const failed = { status: { conditions: [{ type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded' }] } };
  const complete = { status: { conditions: [{ type: 'Complete', status: 'True', reason: '' }] } };
  const [old, bad, good] = ['a', 'b', 'c'].map((name) =>
    world.object('Job', name, { owner: cron, apiVersion: 'batch/v1' }),
  );
  world.state(0, old ?? 0, failed);
  world.state(10, bad ?? 0, failed);
  assert.equal(world.verdict().status, 'failed');
  assert.match(world.verdict().firstCause?.summary ?? '', /^job b failed/);
  world.state(70, good ?? 0, complete);
  assert.equal(world.verdict().status, 'recovered');
});

test('a mount that fails once while all comes up is no fault, nor is a readiness probe that fails at first', () => {
  const world = new World();
  const pod = wellPod(world, 'web', 1);
  world.event(2, pod, {
    reason: 'FailedMount',
    message: 'MountVolume.SetUp failed for volume "c" : configmap "c" not found',
  });
  world.event(3, pod, {
    reason: 'FailedMount',
    message: 'MountVolume.SetUp failed for volume "d" : object is not registered',
  });
  world.event(4, pod, { reason: 'Unhealthy', message: 'Readiness probe failed: connection refused', count: 2 });
  world.run(pod, 'a', { from: 3 });
  assert.deepEqual(world.verdict(), { status: 'healthy', consequences: [] });
});

test('two writers of a quota at once are no refusal', () => {
  const world = new World();
  const { replicaSet } = deployment(world, 'web', { ready: 1, wanted: 1 });
  const message =
    'Error creating: Operation cannot be fulfilled on resourcequotas "q": the object has been modified; exceeded quota';
  world.event(2, replicaSet, { reason: 'FailedCreate', message });
  assert.equal(world.verdict().status, 'healthy');
});

test('a ConfigMap that changed is the first cause only where the template did not change with it', () => {
  for (const isRollout of [false, true]) {
    const world = new World();
    const { deployment: root, replicaSet } = deployment(world, 'web', { ready: 0, wanted: 1 });
    const config = world.object('ConfigMap', 'settings');
    world.state(0, config, {});
    world.state(20, config, { metadata: { resourceVersion: '2' } });
    if (isRollout)
      world.state(21, root, {
        metadata: { generation: 1 },
        spec: { replicas: 1, template: { spec: { hostname: 'x' } } },
      });
    const pod = world.object('Pod', 'web-5d7-x', { owner: replicaSet });
    const spec = { containers: [{ name: 'a', envFrom: [{ configMapRef: { name: 'settings' } }] }] };
    world.state(22, pod, podState({ spec, waits: { a: 'CrashLoopBackOff' } }));
    world.run(pod, 'a', { from: 23, to: 24, exitCode: 1 });
    assert.equal(world.verdict().firstCause?.rule, isRollout ? 'crash-loop' : 'config-changed');
  }
});

test('a node that is lost explains what becomes of its pods, and is over when they are well again', () => {
  for (const isBack of [false, true]) {
    const world = new World();
    const { replicaSet } = deployment(world, 'web', { ready: isBack ? 1 : 0, wanted: 1 });
    const node = world.object('Node', 'n7');
    const ready = (status: string, message = '') => ({
      status: { conditions: [{ type: 'Ready', status, reason: 'x', message }] },
    });
    const pod = world.object('Pod', 'web-5d7-x', { owner: replicaSet });
    world.state(0, node, ready('True'));
    world.state(0, pod, podState({ ready: true, spec: { nodeName: 'n7' } }));
    world.state(30, node, ready('Unknown', 'Kubelet stopped posting node status.'));
    world.state(31, pod, podState({ spec: { nodeName: 'n7' } }));
    if (isBack) world.state(60, node, ready('True'));
    if (isBack) world.state(61, pod, podState({ ready: true, spec: { nodeName: 'n7' } }));
    const { status, firstCause } = world.verdict();
    assert.equal(firstCause?.summary, 'node n7 was lost: Kubelet stopped posting node status.');
    assert.equal(status, isBack ? 'recovered' : 'failed');
  }
});

test('a target that is not ready when its time is up has failed, though no rule says why', () => {
  const world = new World();
  deployment(world, 'web', { ready: 0, wanted: 2 });
  assert.equal(world.verdict().status, 'unknown');
  const { status, firstCause } = world.verdict({ ended: 'timeout' });
  assert.equal(status, 'failed');
  assert.match(firstCause?.summary ?? '', /^deployment web is not ready: 0 of 2/);
});

test('the same fault of many pods is told once', () => {
  const world = new World();
  const { replicaSet } = deployment(world, 'web', { ready: 0, wanted: 50 });
  for (let number = 0; number < 50; number += 1) {
    const pod = world.object('Pod', `web-5d7-${number}`, { owner: replicaSet });
    world.state(1, pod, podState({ waits: { a: 'ImagePullBackOff' } }));
  }
  const { firstCause, consequences } = world.verdict();
  assert.match(firstCause?.summary ?? '', /\(and 49 more pods\)$/);
  assert.ok((firstCause?.evidence.length ?? 99) <= 12);
  assert.deepEqual(consequences, []);
});

test('two changes in a row are one rollout, unless the first of them had failed by then', () => {
  for (const isBroken of [false, true]) {
    const world = new World();
    const { deployment: root, replicaSet } = deployment(world, 'web', { ready: 1, wanted: 1 });
    const status = { observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 };
    const spec = (hostname: string) => ({ replicas: 1, template: { spec: { hostname } } });
    world.state(10, root, { metadata: { generation: 1 }, spec: spec('a'), status });
    world.state(12, root, { metadata: { generation: 1 }, spec: spec('b'), status });
    const pod = world.object('Pod', 'web-5d7-x', { owner: replicaSet });
    world.state(10.5, pod, podState({ waits: isBroken ? { a: 'ErrImagePull' } : {} }));
    world.state(13, pod, podState({ ready: true }));
    const { firstCause, consequences } = world.verdict();
    assert.equal(firstCause?.rule, isBroken ? 'image' : undefined);
    assert.deepEqual(
      consequences.map(({ rule }) => rule),
      isBroken ? ['rollout-overtaken'] : [],
    );
  }
});

test('a change that shows a fault and came before it is named once', () => {
  const world = new World();
  const { deployment: root } = deployment(world, 'web', { ready: 0, wanted: 1 });
  for (const [at, hostname] of ['a', 'b', 'c'].entries())
    world.state(10 + 10 * at, root, {
      metadata: { generation: 1 + at },
      spec: { replicas: 1, template: { spec: { hostname } } },
      status: { observedGeneration: 1 + at, replicas: 1, updatedReplicas: 1 },
    });
  const { firstCause } = world.verdict();
  assert.equal(firstCause?.rule, 'rollout-overtaken');
  assert.match(firstCause.after ?? '', /^deployment web was changed/);
  assert.equal(new Set(firstCause.evidence).size, firstCause.evidence.length, `${firstCause.evidence}`);
});

test('a story in which thousands failed is judged within seconds', () => {
  const world = new World();
  const roots = Array.from({ length: 1500 }, (_, number) => {
    const { deployment: root, replicaSet } = deployment(world, `app-${number}`, { ready: 0, wanted: 1 });
    const pod = world.object('Pod', `app-${number}-5d7-x`, { owner: replicaSet });
    world.state(1, pod, podState({ waits: { a: 'CrashLoopBackOff' } }));
    world.run(pod, 'a', { from: 2, to: 3, exitCode: 1, lines: ['cannot reach app-700:80'] });
    return root;
  });
  const startedAt = performance.now();
  assert.equal(world.verdict({ roots }).status, 'failed');
  assert.ok(performance.now() - startedAt < 10_000);
});

test('what a workload says reaches no terminal: control and bidi characters, long lines', () => {
  const world = new World();
  const pod = brokenPod(world, 'web', podState({ waits: { a: 'CrashLoopBackOff' } }));
  world.run(pod, 'a', {
    from: 2,
    to: 3,
    exitCode: 1,
    lines: [`\u001b[2J\u202e${'x'.repeat(100_000)}`, '\u0000\nforged: healthy'],
  });
  const text = JSON.stringify(world.verdict());
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
  assert.doesNotMatch(text, /[\u0000-\u001f\u202e]|\\u00|\\n/);
  assert.ok(text.length < 2000);
});

test('a Job that fails came after a change where somebody made it, and after none where its CronJob did', () => {
  for (const isOwned of [false, true]) {
    const world = new World();
    const owner = world.object('CronJob', 'nightly', { apiVersion: 'batch/v1' });
    world.state(0, owner, {});
    const job = world.object('Job', 'nightly-1', { apiVersion: 'batch/v1', ...(isOwned ? { owner } : {}) });
    world.state(10, job, { spec: { template: { spec: {} } }, status: {} });
    const pod = world.object('Pod', 'nightly-1-x', { owner: job });
    world.state(10, pod, podState({ spec: { restartPolicy: 'Never' } }));
    world.run(pod, 'a', { from: 11, to: 12, exitCode: 1 });
    const { firstCause } = world.verdict();
    assert.equal(firstCause?.rule, 'crash');
    assert.equal(firstCause.after, isOwned ? undefined : 'job nightly-1 was created by kubectl 2 s before');
  }
});

test('a pod that finds no room, or is evicted, after a node was cordoned is told with that, and with no other', () => {
  const conditions = [
    {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message: '0/1 nodes: 1 node(s) were unschedulable',
    },
    { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes: 1 Insufficient cpu' },
    { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting' },
    { type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler', message: 'preempting' },
  ];
  const told = conditions.map((condition) => {
    const world = new World();
    const [node, other] = [world.object('Node', 'n1'), world.object('Node', 'n2')];
    for (const one of [node, other]) world.state(0, one, { spec: {} });
    world.state(5, node, { spec: { unschedulable: true } });
    world.state(6, other, { spec: { unschedulable: true } });
    world.state(7, node, { spec: { unschedulable: true, taints: [] } });
    const pod = world.object('Pod', 'web-1');
    const placed = condition.type === 'DisruptionTarget' ? { nodeName: 'n1' } : {};
    world.state(10, pod, { spec: placed, status: { conditions: [condition] } });
    return world.verdict().firstCause?.after;
  });
  assert.deepEqual(told, [
    'node n2 was cordoned by kubectl 4 s before',
    undefined,
    'node n1 was cordoned by kubectl 5 s before',
    undefined,
  ]);
});

test('a run that ended like the one before, which its probe killed, is no crash, though its own Events had yet to come', () => {
  for (const [exitCode, rules] of [
    [143, ['liveness-probe']],
    [3, ['liveness-probe', 'crash-loop']],
  ] as const) {
    const world = new World();
    const spec = { containers: [{ name: 'a', livenessProbe: {} }] };
    const pod = brokenPod(world, 'web', podState({ spec, waits: { a: 'CrashLoopBackOff' } }));
    world.run(pod, 'a', { from: 2, to: 9, exitCode: 143 });
    world.event(9, pod, { reason: 'Killing', message: 'Container a failed liveness probe, will be restarted' });
    world.run(pod, 'a', { from: 12, to: 19, exitCode });
    const { firstCause, consequences } = world.verdict({ end: 19 });
    assert.deepEqual(
      [firstCause, ...consequences].flatMap((one) => one?.rule ?? []),
      rules,
    );
    assert.equal(/, 2 times/.test(firstCause?.summary ?? ''), exitCode === 143);
  }
});

test('what was changed before a fault is told beside it, and by whom', () => {
  const world = new World();
  const { deployment: root, replicaSet } = deployment(world, 'web', { ready: 0, wanted: 1 });
  const template = (image: string) => ({
    spec: { replicas: 1, template: { spec: { containers: [{ name: 'a', image }] } } },
  });
  world.state(10, root, template('web:1'));
  world.state(20, root, template('web:2'));
  const pod = world.object('Pod', 'web-5d7-x', { owner: replicaSet });
  world.state(21, pod, podState({ waits: { a: 'CrashLoopBackOff' } }));
  world.run(pod, 'a', { from: 22, to: 24, exitCode: 1 });
  const { firstCause } = world.verdict();
  assert.equal(firstCause?.after, 'deployment web was changed (image of a from web:1 to web:2) by kubectl 4 s before');
});
