import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { credential } from '../credentials.ts';
import { Relay } from '../kube/wire/relay.ts';
import { type Capture, startCapture } from './capture.ts';
import { checkStory, counting, numbersOf, runOf } from './checker.ts';
import { skipped, type TestNamespace, testNamespace, workload } from './cluster.ts';
import { fileFor, grant, type KubeconfigUser, kubeconfigOf, rule, serverOf } from './service-account.ts';

const options = { skip: skipped };
const EVERYTHING = [rule('', ['pods', 'pods/log', 'events']), rule('apps', ['deployments', 'replicasets'])] as const;

/** A token that the server refuses from the moment at which the Secret that it is bound to is gone. */
async function boundToken(ns: TestNamespace, secret: string): Promise<string> {
  await ns.kubectl('create', 'secret', 'generic', secret);
  const bound = ['--bound-object-kind=Secret', `--bound-object-name=${secret}`];
  return credential((await ns.kubectl('create', 'token', 'recorder', ...bound)).trim());
}

function pod(name: string, lines: number): object {
  const spec = { restartPolicy: 'Never', terminationGracePeriodSeconds: 0 };
  const containers = [workload('app', `-n ${lines} -tag P -wait -1s`)];
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { ...spec, containers } };
}

async function running(ns: TestNamespace, name: string): Promise<void> {
  await ns.until(`${name} runs`, [`pod/${name}`], ({ status }) => status.containerStatuses?.[0]?.ready === true);
}

const renewals: readonly { title: string; user: (ns: TestNamespace, token: string) => KubeconfigUser }[] = [
  { title: 'a token file that is written anew', user: (ns) => ({ tokenFile: fileFor(ns, 'token') }) },
  {
    title: 'an exec plugin',
    user: (ns) => {
      const script = fileFor(ns, 'plugin');
      const head = '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"';
      writeFileSync(
        script,
        `#!/bin/sh\nprintf '%s' '${head}'\ntr -d '\\n' < ${fileFor(ns, 'token')}\nprintf '%s' '"}}'\n`,
      );
      chmodSync(script, 0o755);
      return {
        exec: { apiVersion: 'client.authentication.k8s.io/v1', command: script, interactiveMode: 'Never' },
      };
    },
  },
];
// Most of their time passes in waiting for the cluster.
describe('access that is lost in the middle', { concurrency: true }, () => {
  for (const { title, user } of renewals)
    test(`a token that expires in the middle is renewed by ${title}, and nothing is missing`, options, async () => {
      await using ns = await testNamespace('expiry');
      await using relay = await Relay.start(serverOf(ns));
      await ns.kubectl('create', 'serviceaccount', 'recorder');
      await grant(ns, ...EVERYTHING);
      const tokens = [await boundToken(ns, 'first'), await boundToken(ns, 'second')] as const;
      writeFileSync(fileFor(ns, 'token'), tokens[0], { mode: 0o600 });
      const kubeconfig = kubeconfigOf(ns, user(ns, tokens[0]), relay.url);
      const capture = await startCapture({ kubeconfig, namespace: ns.name }, 'pod/one', 'pod/two', '--wait');
      await ns.apply(pod('one', 40));
      await running(ns, 'one');
      writeFileSync(fileFor(ns, 'token'), tokens[1]);
      await ns.kubectl('delete', 'secret', 'first');
      await refused(ns, tokens[0]);
      // Of most types nothing is heard after it: that their watches stand open again is enough.
      relay.cut();
      await ns.apply(pod('two', 30));
      await running(ns, 'two');
      const story = await capture.end();
      checkStory(story);
      assert.deepEqual(story.gaps, []);
      assert.deepEqual(numbersOf(story, runOf(story, 'one', 'app'), 'P'), counting(40));
      assert.deepEqual(numbersOf(story, runOf(story, 'two', 'app'), 'P'), counting(30));
      for (const token of tokens) assert.ok(!capture.output().includes(token), 'no token is in any output');
    });

  /** The server knows a token for some seconds after its end. */
  async function refused(ns: TestNamespace, token: string): Promise<void> {
    const kubeconfig = kubeconfigOf({ ...ns, name: `${ns.name}-probe` }, { token });
    for (let tries = 0; ; tries += 1) {
      const answer = await ns
        .kubectl('--kubeconfig', kubeconfig, 'get', 'pods')
        .catch((error: unknown) => String(error));
      if (/Unauthorized|must be logged in/.test(answer)) return;
      assert.ok(tries < 300, `the token is still taken: ${answer}`);
    }
  }

  test('a permission that is lost in the middle is a gap from then on, and the rest is recorded', options, async () => {
    await using ns = await testNamespace('lost');
    await using relay = await Relay.start(serverOf(ns));
    await ns.kubectl('create', 'serviceaccount', 'recorder');
    await grant(ns, ...EVERYTHING);
    const token = (await ns.kubectl('create', 'token', 'recorder')).trim();
    const kubeconfig = kubeconfigOf(ns, { token }, relay.url);
    const capture: Capture = await startCapture({ kubeconfig, namespace: ns.name }, 'deploy/web', '--wait');
    const labels = { app: 'web' };
    const spec = { terminationGracePeriodSeconds: 0, containers: [workload('app', '-n 40 -tag P -wait -1s')] };
    await ns.apply({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    });
    await ns.until('it is ready', ['deploy/web'], ({ status }) => status.readyReplicas === 1);
    await grant(ns, rule('', ['events']), rule('apps', ['deployments', 'replicasets']));
    relay.cut();
    await capture.said('"resource":"pods"');
    await ns.kubectl('scale', 'deploy/web', '--replicas=2');
    await ns.until('two are ready', ['deploy/web'], ({ status }) => status.readyReplicas === 2);
    const story = await capture.end();
    checkStory(story);
    assert.equal(story.metadata.complete, false);
    const lost = story.gaps.find(({ of }) => 'resource' in of && of.resource === 'pods');
    assert.equal(lost?.cause, 'forbidden');
    assert.equal(lost?.to, story.metadata.endTime);
    const [one, ...others] = story.objects.filter(({ kind }) => kind === 'Pod');
    assert.ok(one);
    assert.deepEqual(others, []);
    assert.deepEqual(numbersOf(story, runOf(story, one.name, 'app'), 'P'), counting(40));
    const scaled = story.timeline.filter((entry) => entry.type === 'lifecycle' && entry.what === 'scaled');
    assert.ok(scaled.length > 0, 'the Deployment is recorded on');
    assert.ok(!capture.output().includes(token));
  });
});
