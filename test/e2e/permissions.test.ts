import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { Story } from '../../src/story/document.ts';
import { type Capture, faro, startCapture } from './capture.ts';
import { checkStory, counting, numbersOf, runOf } from './checker.ts';
import { skipped, type TestNamespace, testNamespace, workload } from './cluster.ts';
import { fileFor, grant, rule, serviceAccount } from './service-account.ts';

const options = { skip: skipped };

function job(lines: number): object {
  const template = { spec: { restartPolicy: 'Never', containers: [workload('app', `-n ${lines} -tag P`)] } };
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'work' }, spec: { template } };
}

function startJob(ns: TestNamespace, kubeconfig: string): Promise<Capture> {
  const at = { kubeconfig, namespace: ns.name };
  return startCapture(at, 'job/work', '--wait', '--until', 'complete', '--timeout', '90s');
}

function kindsOf(story: Story): string[] {
  return [...new Set(story.objects.map(({ kind }) => kind))].sort();
}

function notesOf(story: Story): string {
  return story.timeline.flatMap((entry) => (entry.type === 'note' ? [String(entry.text)] : [])).join('\n');
}

/** Returns what is missing, as the story says. */
function checkJob(story: Story): readonly string[] {
  checkStory(story);
  const pod = story.objects.find(({ kind }) => kind === 'Pod');
  assert.ok(pod);
  assert.deepEqual(numbersOf(story, runOf(story, pod.name, 'app'), 'P'), counting(40));
  assert.ok(story.metadata.counts.events > 0);
  assert.deepEqual(story.gaps, []);
  return story.metadata.incomplete;
}

// Most of their time passes in waiting for the cluster.
describe('permissions', { concurrency: true }, () => {
  test(
    'a user who may do nothing is refused, and what check prints, applied as it is, makes the story complete',
    options,
    async () => {
      await using ns = await testNamespace('rbac');
      const kubeconfig = await serviceAccount(ns);
      const target = ['job/work', '-n', ns.name, '--kubeconfig', kubeconfig];
      const refused = await faro(['capture', ...target, '-o', fileFor(ns, 'refused.json')]).exit;
      assert.equal(refused.code, 3, refused.stderr);
      assert.match(refused.stderr, /forbidden[\s\S]*"faro check jobs\/work" with the same options/);
      const checked = await faro(['check', ...target]).exit;
      assert.equal(checked.code, 3, checked.stderr);
      assert.match(checked.stdout, /NO +get, list, watch pods in .*: the story would lack/);
      assert.match(checked.stdout, /The story would be incomplete/);
      // The names are the same for everyone; tests that share a cluster must not take each other's.
      const yaml = checked.stdout.replaceAll(/name: faro(-cluster)?$/gm, `name: ${ns.name}$1`);
      const [role = '', binding = ''] = yaml.split('---\n');
      const apply = async (text: string) => {
        writeFileSync(fileFor(ns, 'role.yaml'), text);
        await ns.cluster.kubectl(['apply', '-f', fileFor(ns, 'role.yaml')]);
      };
      await apply(`${role}---\n${binding}`);
      const narrow = await faro(['check', ...target]).exit;
      assert.equal(narrow.code, 0, narrow.stderr);
      assert.match(narrow.stdout, /The story would lack what explains it[\s\S]*not called complete where/);
      const own = await startJob(ns, kubeconfig);
      await ns.apply(job(40));
      const narrowStory = await own.story();
      // Without nodes/proxy, which is never asked for, nobody can tell how the node rotates logs.
      for (const reason of checkJob(narrowStory))
        assert.match(reason, /whether the node rotated the file cannot be known/);
      assert.ok(!kindsOf(narrowStory).includes('Node'));
      assert.match(notesOf(narrowStory), /^nodes that explain this story may be missing from it/m);
      await ns.kubectl('delete', 'job', 'work', '--wait=true', '--cascade=foreground');
      await apply(yaml);
      try {
        assert.match((await faro(['check', ...target]).exit).stdout, /may see everything that is asked for/);
        await ns.cluster.kubectl(['create', 'clusterrole', `${ns.name}-proxy`, '--verb=get', '--resource=nodes/proxy']);
        const to = `--serviceaccount=${ns.name}:recorder`;
        await ns.cluster.kubectl([
          'create',
          'clusterrolebinding',
          `${ns.name}-proxy`,
          `--clusterrole=${ns.name}-proxy`,
          to,
        ]);
        const whole = await startJob(ns, kubeconfig);
        await ns.apply(job(40));
        const story = await whole.story();
        assert.deepEqual(checkJob(story), []);
        assert.equal(story.metadata.complete, true);
        assert.deepEqual(kindsOf(story), ['ConfigMap', 'Job', 'Namespace', 'Node', 'Pod', 'ServiceAccount']);
      } finally {
        const proxy = ['clusterrole', 'clusterrolebinding'].map((kind) => `${kind}/${ns.name}-proxy`);
        await ns.cluster.kubectl(['delete', '--ignore-not-found', ...proxy]);
        await ns.cluster.kubectl(['delete', '-f', fileFor(ns, 'role.yaml'), '--ignore-not-found']);
      }
    },
  );

  test('a user without logs and Events gets the states, and the story says what is missing', options, async () => {
    await using ns = await testNamespace('narrow');
    const kubeconfig = await serviceAccount(ns);
    await grant(ns, rule('', ['pods']), rule('batch', ['jobs']));
    const capture = await startJob(ns, kubeconfig);
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
    const events = story.gaps.find(({ of }) => 'resource' in of && of.resource === 'events');
    assert.equal(events?.to, story.metadata.endTime, 'a refusal lasts to the end');
    assert.match(notesOf(story), /not readable by this user.*secrets/);
  });

  test(
    'a user who may read only named objects gets these, and the story says that there may be others',
    options,
    async () => {
      await using ns = await testNamespace('named');
      const kubeconfig = await serviceAccount(ns);
      await grant(
        ns,
        rule('apps', ['statefulsets'], 'db'),
        rule('', ['pods', 'pods/log'], 'db-0'),
        rule('', ['configmaps'], 'settings'),
        rule('', ['events']),
      );
      await ns.apply({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'settings' },
        data: { colour: 'vermilion' },
      });
      const capture = await startCapture({ kubeconfig, namespace: ns.name }, 'sts/db', '--wait');
      const labels = { app: 'db' };
      const envFrom = [{ configMapRef: { name: 'settings' } }];
      const spec = {
        terminationGracePeriodSeconds: 0,
        containers: [workload('app', '-n 40 -tag P -wait -1s', { envFrom })],
      };
      await ns.apply({
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        metadata: { name: 'db' },
        spec: {
          replicas: 2,
          serviceName: 'db',
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec },
        },
      });
      await ns.until('both pods are ready', ['sts/db'], ({ status }) => status.readyReplicas === 2);
      const story = await capture.end();
      checkStory(story);
      const names = story.objects.map(({ kind, name }) => `${kind}/${name}`).sort();
      assert.deepEqual(names, ['ConfigMap/settings', 'Pod/db-0', 'StatefulSet/db']);
      assert.deepEqual(numbersOf(story, runOf(story, 'db-0', 'app'), 'P'), counting(40));
      const gaps = story.gaps.flatMap(({ of, cause }) => ('resource' in of ? [`${of.resource} ${cause}`] : []));
      const owned = ['controllerrevisions.apps', 'persistentvolumeclaims', 'pods']; // or may be
      assert.deepEqual(
        gaps.sort(),
        owned.map((type) => `${type} forbidden`),
      );
      assert.doesNotMatch(capture.output(), /vermilion/);
    },
  );
});
