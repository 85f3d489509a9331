import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { faro, startCapture } from './capture.ts';
import { checkStory, counting, numbersOf, runOf } from './checker.ts';
import { skipped, type TestNamespace, testNamespace, workload } from './cluster.ts';

const options = { skip: skipped, timeout: 120_000 };
const folder = mkdtempSync(join(tmpdir(), 'faro-rbac-'));

/** A kubeconfig of a fresh service account that may do nothing yet. */
async function serviceAccount(ns: TestNamespace): Promise<string> {
  await ns.kubectl('create', 'serviceaccount', 'recorder');
  const token = (await ns.kubectl('create', 'token', 'recorder')).trim();
  const config = JSON.parse(readFileSync(ns.cluster.kubeconfig, 'utf8')) as { users: { user: object }[] };
  for (const entry of config.users) entry.user = { token };
  const file = join(folder, `${ns.name}.json`);
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}

function job(lines: number): object {
  const template = { spec: { restartPolicy: 'Never', containers: [workload('app', `-n ${lines} -tag P`)] } };
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'work' }, spec: { template } };
}

test(
  'a user who may do nothing is refused, and told by check which Role it takes; with that Role the story is whole',
  options,
  async () => {
    await using ns = await testNamespace('rbac');
    const kubeconfig = await serviceAccount(ns);
    const target = ['job/work', '-n', ns.name, '--kubeconfig', kubeconfig];
    const refused = await faro(['capture', ...target, '-o', join(folder, 'refused.json')]).exit;
    assert.equal(refused.code, 3, refused.stderr);
    assert.match(refused.stderr, /forbidden/);
    const checked = await faro(['check', ...target]).exit;
    assert.equal(checked.code, 3, checked.stderr);
    assert.match(checked.stdout, /NO +list pods in .*: the story would lack/);
    const [role = ''] = checked.stdout.split('---\n');
    const file = join(folder, 'role.yaml');
    writeFileSync(file, role);
    await ns.kubectl('apply', '-f', file);
    await ns.kubectl('create', 'rolebinding', 'recorder', '--role=faro', `--serviceaccount=${ns.name}:recorder`);
    assert.equal((await faro(['check', ...target]).exit).code, 0);
    const capture = await startCapture(
      { kubeconfig, namespace: ns.name },
      'job/work',
      '--wait',
      '--until',
      'complete',
      '--timeout',
      '60s',
    );
    await ns.apply(job(40));
    const story = await capture.story();
    checkStory(story);
    const pod = story.objects.find(({ kind }) => kind === 'Pod');
    assert.ok(pod);
    assert.deepEqual(numbersOf(story, runOf(story, pod.name, 'app'), 'P'), counting(40));
    assert.ok(story.metadata.counts.events > 0);
    assert.deepEqual(story.gaps, []);
  },
);

test('a user without logs and Events gets the states, and the story says what is missing', options, async () => {
  await using ns = await testNamespace('narrow');
  const kubeconfig = await serviceAccount(ns);
  await ns.kubectl('create', 'role', 'states', '--verb=get,list,watch', '--resource=pods,jobs.batch');
  await ns.kubectl('create', 'rolebinding', 'recorder', '--role=states', `--serviceaccount=${ns.name}:recorder`);
  const capture = await startCapture(
    { kubeconfig, namespace: ns.name },
    'job/work',
    '--wait',
    '--until',
    'complete',
    '--timeout',
    '60s',
  );
  await ns.apply(job(40));
  const story = await capture.story();
  checkStory(story);
  assert.equal(story.metadata.complete, false);
  assert.equal(story.metadata.counts.logLines, 0);
  const causes = story.gaps.map(
    ({ of, cause, certainty }) => `${'container' in of ? 'log' : of.resource} ${cause} ${certainty}`,
  );
  assert.ok(causes.includes('log forbidden known'), causes.join());
  assert.ok(causes.includes('events forbidden known'), causes.join());
  assert.ok(
    story.timeline.some((entry) => entry.type === 'note' && /not readable by this user.*secrets/.test(entry.text)),
  );
});
