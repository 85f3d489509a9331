import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Story } from '../../src/story/document.ts';
import { startCapture } from './capture.ts';
import { checkStates, checkStory, checkVersions, counting, numbersOf, ownersOf, runOf } from './checker.ts';
import { type Json, skipped, testNamespace, workload } from './cluster.ts';
import { RawWatch } from './raw-watch.ts';

const options = { skip: skipped };

function deployment(name: string, replicas: number, args: string): object {
  const labels = { app: name };
  const spec = { terminationGracePeriodSeconds: 1, containers: [workload('app', args)] };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
}

function ready(replicas: number): (object: Json) => boolean {
  return ({ metadata, spec, status }) =>
    status.observedGeneration === metadata.generation &&
    spec.replicas === replicas &&
    (status.readyReplicas ?? 0) === replicas &&
    (status.updatedReplicas ?? 0) === replicas &&
    (status.replicas ?? 0) === replicas;
}

function podsOf(story: Story): Story['objects'] {
  return story.objects.filter(({ kind }) => kind === 'Pod');
}

/** Every run of the container `app` wrote its lines from 0 on, none lost and none twice, as far as the run came. */
function checkLines(story: Story, tag: string): number {
  const runs = story.containers.entries().filter(([, { name }]) => name === 'app');
  let lines = 0;
  for (const [index] of runs) {
    const numbers = numbersOf(story, index, tag);
    assert.deepEqual(numbers, counting(numbers.length), `lines of run ${index}`);
    lines += numbers.length;
  }
  return lines;
}

test('(a) a Deployment created, updated, scaled up and down, robbed of a pod, and deleted', options, async () => {
  await using ns = await testNamespace('deploy');
  const truth = await RawWatch.start(ns.cluster, ns.name, ['apps/v1/deployments', 'apps/v1/replicasets', 'v1/pods']);
  const capture = await startCapture(
    { kubeconfig: ns.cluster.kubeconfig, namespace: ns.name },
    'deployment/web',
    '--wait',
  );
  await ns.apply(deployment('web', 3, '-n -1 -rate 20 -tag A'));
  await ns.until('three are ready', ['deploy/web'], ready(3));
  await ns.apply(deployment('web', 3, '-n -1 -rate 20 -tag A -size 40'));
  await ns.until('the update is rolled out', ['deploy/web'], ready(3));
  await ns.kubectl('scale', 'deploy/web', '--replicas=5');
  const { items } = await ns.until(
    'five pods are ready',
    ['pods'],
    ({ items: pods }) => pods.filter(isPodReady).length === 5,
  );
  const victim = items.find(isPodReady)?.metadata.name;
  assert.ok(victim);
  await ns.kubectl('delete', 'pod', victim, '--wait=true');
  await ns.until('five are ready again', ['deploy/web'], ready(5));
  await ns.kubectl('scale', 'deploy/web', '--replicas=1');
  await ns.until('one is left', ['pods'], ({ items: pods }) => pods.length === 1);
  await ns.kubectl('delete', 'deploy/web', '--wait=true');
  await ns.until('all is gone', ['pods,replicasets'], ({ items: rest }) => rest.length === 0);
  const story = await capture.end();
  await truth.stop();
  checkStates(story, checkStory(story), truth);
  const owned = story.objects.filter(({ related }) => related === undefined);
  assert.equal(owned.length, new Set(truth.states.map(({ object }) => object.metadata.uid)).size);
  assert.equal(podsOf(story).length, 9);
  assert.ok(checkLines(story, 'A') > 100);
  assert.ok(owned.every(({ deletedTime }) => deletedTime !== undefined));
  for (const { name } of podsOf(story)) assert.match(ownersOf(story, name).join(), /^ReplicaSet\/web-/);
  assert.equal(
    podsOf(story).find(({ replaces }) => replaces !== undefined && story.objects[replaces]?.name === victim)?.kind,
    'Pod',
  );
  const whats = new Set(story.timeline.flatMap((entry) => (entry.type === 'lifecycle' ? [entry.what] : [])));
  for (const what of [
    'rolloutBegun',
    'rolloutFinished',
    'scaled',
    'scheduled',
    'started',
    'ready',
    'terminated',
    'deletionRequested',
    'deleted',
  ])
    assert.ok(whats.has(what), what);
  assert.deepEqual(story.gaps, []);
});

function isPodReady(pod: Json): boolean {
  const conditions = pod.status.conditions ?? [];
  return (
    pod.metadata.deletionTimestamp === undefined &&
    conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
  );
}

test('(b) a StatefulSet whose pod is deleted and returns under its name', options, async () => {
  await using ns = await testNamespace('sts');
  const { spec } = deployment('db', 2, '-n -1 -rate 20 -tag B') as { spec: object };
  const capture = await startCapture({ kubeconfig: ns.cluster.kubeconfig, namespace: ns.name }, 'sts/db', '--wait');
  const truth = await RawWatch.start(ns.cluster, ns.name, ['apps/v1/statefulsets', 'v1/pods']);
  await ns.apply({
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db' },
    spec: { ...spec, serviceName: 'db' },
  });
  await ns.until('both are ready', ['pods'], ({ items }) => items.filter(isPodReady).length === 2);
  const { metadata } = await ns.until('db-0 is there', ['pod/db-0'], () => true);
  await ns.kubectl('delete', 'pod', 'db-0', '--wait=true');
  await ns.until('db-0 is back', ['pod/db-0'], (pod) => pod.metadata.uid !== metadata.uid && isPodReady(pod));
  const story = await capture.end();
  await truth.stop();
  checkStates(story, checkStory(story), truth);
  const twins = story.objects.flatMap((object, index) => (object.name === 'db-0' ? [{ object, index }] : []));
  assert.equal(twins.length, 2);
  assert.equal(twins[1]?.object.replaces, twins[0]?.index);
  assert.equal(twins[1]?.object.lineage, twins[0]?.object.lineage);
  assert.ok(checkLines(story, 'B') > 0);
  assert.deepEqual(story.gaps, []);
});

test('(c) a Job whose pods fail and are tried again, each living for less than a second', options, async () => {
  await using ns = await testNamespace('job');
  const truth = await RawWatch.start(ns.cluster, ns.name, ['batch/v1/jobs', 'v1/pods']);
  const capture = await startCapture(
    { kubeconfig: ns.cluster.kubeconfig, namespace: ns.name },
    'job/migrate',
    '--wait',
    '--until',
    'complete',
    '--timeout',
    '90s',
  );
  const template = { spec: { restartPolicy: 'Never', containers: [workload('app', '-n 50 -tag C -exit 3')] } };
  await ns.apply({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'migrate' },
    spec: { backoffLimit: 1, template },
  });
  const story = await capture.story(1);
  await truth.stop();
  assert.equal(story.metadata.ended, 'until:complete failed');
  checkStates(story, checkStory(story), truth);
  assert.equal(podsOf(story).length, 2);
  for (const { name } of podsOf(story))
    assert.deepEqual(numbersOf(story, runOf(story, name, 'app'), 'C'), counting(50));
  assert.ok(story.containers.every(({ exitCode }) => exitCode === 3));
  assert.ok(story.timeline.some((entry) => entry.type === 'lifecycle' && entry.what === 'jobFailed'));
});

test('(d) a CronJob with a Job of it', options, async () => {
  await using ns = await testNamespace('cron');
  const template = { spec: { restartPolicy: 'Never', containers: [workload('app', '-n 30 -tag D')] } };
  const capture = await startCapture(
    { kubeconfig: ns.cluster.kubeconfig, namespace: ns.name },
    'cronjob/report',
    '--wait',
  );
  const truth = await RawWatch.start(ns.cluster, ns.name, ['batch/v1/cronjobs', 'batch/v1/jobs', 'v1/pods']);
  await ns.apply({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'report' },
    spec: { schedule: '0 0 1 1 *', jobTemplate: { spec: { template } } },
  });
  await ns.kubectl('create', 'job', 'report-now', '--from=cronjob/report');
  await ns.until('the job is complete', ['job/report-now'], ({ status }) => status.succeeded === 1);
  const story = await capture.end();
  await truth.stop();
  checkStates(story, checkStory(story), truth);
  const [pod] = podsOf(story);
  assert.ok(pod);
  assert.deepEqual(ownersOf(story, pod.name), ['Job/report-now']);
  assert.deepEqual(ownersOf(story, 'report-now'), ['CronJob/report']);
  assert.deepEqual(numbersOf(story, runOf(story, pod.name, 'app'), 'D'), counting(30));
});

test(
  '(e) a pod with an init, a sidecar, two regular and an ephemeral container, one of which crashes three times',
  options,
  async () => {
    await using ns = await testNamespace('pod');
    const state = { volumeMounts: [{ name: 'state', mountPath: '/state' }] };
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'many' },
      spec: {
        terminationGracePeriodSeconds: 1,
        volumes: [{ name: 'state', emptyDir: {} }],
        initContainers: [
          workload('prepare', '-n 20 -tag I'),
          workload('proxy', '-n -1 -rate 10 -tag S', { restartPolicy: 'Always' }),
        ],
        containers: [
          workload('app', '-n 40 -tag E -crash-times 3 -exit 7 -wait -1s', state),
          workload(
            'odd',
            '-n 60 -tag O -stderr-every 5 -invalid-utf8-every 7 -big 20000 -big-every 20 -no-final-newline -wait -1s',
            { env: [{ name: 'DB_PASSWORD', value: 'hunter2' }] },
          ),
        ],
      },
    };
    const capture = await startCapture({ kubeconfig: ns.cluster.kubeconfig, namespace: ns.name }, 'pod/many', '--wait');
    const truth = await RawWatch.start(ns.cluster, ns.name, ['v1/pods']);
    await ns.apply(pod);
    await ns.until('the app has crashed three times', ['pod/many'], ({ status }) =>
      (status.containerStatuses ?? []).some(
        ({ name, restartCount, ready: isReady }) => name === 'app' && restartCount === 3 && isReady,
      ),
    );
    const now = JSON.parse(await ns.kubectl('get', 'pod', 'many', '-o', 'json')) as { spec: object };
    const ephemeral = { ...now, spec: { ...now.spec, ephemeralContainers: [workload('debug', '-n 15 -tag X')] } };
    await ns.cluster.kubectl(
      ['replace', '--raw', `/api/v1/namespaces/${ns.name}/pods/many/ephemeralcontainers`, '-f', '-'],
      ephemeral,
    );
    await ns.until('the ephemeral container has ended', ['pod/many'], ({ status }) =>
      (status.ephemeralContainerStatuses ?? []).some(({ state: { terminated } }) => terminated !== undefined),
    );
    const story = await capture.end();
    await truth.stop();
    checkVersions(story, checkStory(story), truth);
    const kinds = Object.fromEntries(story.containers.map(({ name, kind }) => [name, kind]));
    assert.deepEqual(kinds, { prepare: 'init', proxy: 'sidecar', app: 'regular', odd: 'regular', debug: 'ephemeral' });
    assert.deepEqual(numbersOf(story, runOf(story, 'many', 'prepare'), 'I'), counting(20));
    assert.deepEqual(numbersOf(story, runOf(story, 'many', 'debug'), 'X'), counting(15));
    const odd = numbersOf(story, runOf(story, 'many', 'odd'), 'O');
    assert.deepEqual(
      odd.toSorted((a, b) => a - b),
      counting(odd.length),
    );
    assert.ok(odd.length >= 59, 'all lines but perhaps the last, whose end has not come while the container runs');
    let missing = 0;
    for (const restart of [0, 1, 2, 3]) {
      const run = runOf(story, 'many', 'app', restart);
      const numbers = numbersOf(story, run, 'E');
      if (numbers.length > 0) assert.deepEqual(numbers, counting(40), `run ${restart}`);
      else {
        assert.ok(story.containers[run]?.ledger.gaps.length, `run ${restart} is missing without a gap`);
        missing += 1;
      }
      if (restart < 3) assert.equal(story.containers[run]?.exitCode, 7);
    }
    process.stderr.write(`crash loop: ${missing} of 4 runs inside stated gaps\n`);
    const text = JSON.stringify(story);
    assert.ok(!text.includes('hunter2'));
    assert.match(text, /redacted:[0-9a-f]{16}/);
  },
);

test('(f) a custom resource that owns a ConfigMap and a Pod, its CRD created during the capture', options, async () => {
  await using ns = await testNamespace('crd');
  const group = `${ns.name}.example.com`;
  const schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const crd = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `widgets.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  };
  const starting = startCapture(
    { kubeconfig: ns.cluster.kubeconfig, namespace: ns.name },
    `widgets.${group}/w1`,
    '--wait',
  );
  await ns.apply(crd);
  try {
    const capture = await starting;
    const truth = await RawWatch.start(ns.cluster, ns.name, [`${group}/v1/widgets`, 'v1/configmaps', 'v1/pods']);
    await ns.apply({
      apiVersion: `${group}/v1`,
      kind: 'Widget',
      metadata: { name: 'w1' },
      spec: { list: [1, 2, 3] },
    });
    const { metadata } = await ns.until('the widget is there', [`widgets.${group}/w1`], () => true);
    const ownerReferences = [
      { apiVersion: `${group}/v1`, kind: 'Widget', name: 'w1', uid: metadata.uid, controller: true },
    ];
    await ns.apply({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'w1-config', ownerReferences },
      data: { key: 'must not be recorded' },
    });
    await ns.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'w1-pod', ownerReferences },
      spec: { restartPolicy: 'Never', containers: [workload('app', '-n 25 -tag F')] },
    });
    await ns.until('the pod has succeeded', ['pod/w1-pod'], ({ status }) => status.phase === 'Succeeded');
    const big = '{"spec":{"big":9007199254740993}}'; // 2^53 + 1, as text: JSON.stringify would round it
    await ns.kubectl('patch', `widgets.${group}/w1`, '--type=merge', '-p', big);
    const story = await capture.end();
    await truth.stop();
    const states = checkStory(story);
    assert.match(capture.text(), /"path":"\/spec\/big","value":9007199254740993/);
    const owned = story.objects.filter(({ related }) => related === undefined);
    assert.deepEqual(owned.map(({ kind, name }) => `${kind}/${name}`).sort(), [
      'ConfigMap/w1-config',
      'Pod/w1-pod',
      'Widget/w1',
    ]);
    assert.deepEqual(ownersOf(story, 'w1-pod'), ['Widget/w1']);
    assert.deepEqual(numbersOf(story, runOf(story, 'w1-pod', 'app'), 'F'), counting(25));
    assert.ok(!JSON.stringify([...states.values()]).includes('must not be recorded'));
  } finally {
    await ns.cluster.kubectl(['delete', 'crd', `widgets.${group}`, '--wait=false']);
  }
});

test('(g) the root deleted and created again goes on in the same story', options, async () => {
  await using ns = await testNamespace('again');
  const truth = await RawWatch.start(ns.cluster, ns.name, ['apps/v1/deployments', 'apps/v1/replicasets', 'v1/pods']);
  await ns.apply(deployment('web', 1, '-n -1 -rate 20 -tag G'));
  await ns.until('it is ready', ['deploy/web'], ready(1));
  const capture = await startCapture({ kubeconfig: ns.cluster.kubeconfig, namespace: ns.name }, 'deploy/web');
  await ns.kubectl('delete', 'deploy/web', '--wait=true');
  await ns.until('all is gone', ['pods,replicasets'], ({ items }) => items.length === 0);
  await ns.apply(deployment('web', 1, '-n -1 -rate 20 -tag G'));
  await ns.until('it is ready again', ['deploy/web'], ready(1));
  const story = await capture.end();
  await truth.stop();
  checkStory(story);
  const roots = story.metadata.roots[0]?.objects ?? [];
  assert.equal(roots.length, 2);
  assert.equal(story.objects[roots[1] ?? -1]?.replaces, roots[0]);
  assert.equal(podsOf(story).length, 2);
  assert.ok(checkLines(story, 'G') > 0);
});
