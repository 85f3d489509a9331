import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { Cluster } from '../cluster/cluster.ts';
import { Relay } from '../kube/wire/relay.ts';
import { type Capture, startCapture } from './capture.ts';
import { checkStory, counting, numbersOf, runOf } from './checker.ts';
import { type TestNamespace, testNamespace, workload } from './cluster.ts';
import { grant, type KubeconfigUser, kubeconfigOf, rule, serverOf } from './service-account.ts';

/**
 * What happens to real clusters and to those who watch them, on a cluster of its own whose API server is restarted,
 * upgraded, given another certificate and robbed of its history: `npm run acceptance` only. Parts of its titles in
 * FARO_TROUBLE, with | between them, choose some.
 */
const NUMBER = Number(process.env.FARO_CLUSTER_NUMBER ?? 9);
const LINES = 160;
const SECONDS = 40;

interface World {
  readonly cluster: Cluster;
  readonly ns: TestNamespace;
  /** Between the recorder and the API server. */
  readonly relay: Relay;
  readonly capture: Capture;
}

interface Trouble {
  readonly title: string;
  readonly strike: (world: World) => Promise<void>;
  /**
   * Whether the server has lost the history that watches go on from: `some` of them, as any restart does to those that
   * heard nothing for a while (its memory of changes begins anew), or `all`. Then they must be stated gaps.
   */
  readonly lost?: 'some' | 'all';
  /** What the story must note. */
  readonly note?: RegExp;
  /** Another user than the administrator. */
  readonly user?: (ns: TestNamespace) => Promise<KubeconfigUser>;
  /** Of the recorder's process. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Of the certificate that a server shows. */
async function fingerprint({ hostname, port }: URL): Promise<string> {
  const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

/** A client whose clock is ahead: it is moved before its first line runs. */
function clockAhead(ms: number): NodeJS.ProcessEnv {
  const text = `
    const ms = ${ms}, { now } = Date, RealDate = Date;
    globalThis.Date = class extends RealDate {
      constructor(...args) { if (args.length === 0) super(now() + ms); else super(...args); }
      static now() { return now() + ms; }
    };`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(text)}` };
}

/** Names the user that requests of the recorder are judged by. */
async function recorder(ns: TestNamespace): Promise<KubeconfigUser> {
  await ns.kubectl('create', 'serviceaccount', 'recorder');
  await grant(ns, rule('', ['pods', 'pods/log', 'events']), rule('apps', ['deployments', 'replicasets']));
  return { token: (await ns.kubectl('create', 'token', 'recorder')).trim() };
}

/** Priority and fairness that lets no request of the recorder through: it answers each with 429 and Retry-After. */
function refusing({ name }: TestNamespace): readonly object[] {
  const api = 'flowcontrol.apiserver.k8s.io/v1';
  const limited = {
    nominalConcurrencyShares: 0,
    lendablePercent: 0,
    borrowingLimitPercent: 0,
    limitResponse: { type: 'Reject' },
  };
  const subject = { kind: 'ServiceAccount', serviceAccount: { name: 'recorder', namespace: name } };
  const everything = { verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true };
  const others = { verbs: ['*'], nonResourceURLs: ['*'] };
  return [
    { apiVersion: api, kind: 'PriorityLevelConfiguration', metadata: { name }, spec: { type: 'Limited', limited } },
    {
      apiVersion: api,
      kind: 'FlowSchema',
      metadata: { name },
      spec: {
        priorityLevelConfiguration: { name },
        matchingPrecedence: 2, // 1 is the exempt ones'
        distinguisherMethod: { type: 'ByUser' },
        rules: [{ subjects: [subject], resourceRules: [everything], nonResourceRules: [others] }],
      },
    },
  ];
}

const TROUBLES: readonly Trouble[] = [
  {
    title: 'the API server is upgraded from 1.34.4 to 1.37.2',
    lost: 'some',
    strike: async ({ cluster }) => {
      const before = await cluster.kubectl(['version', '-o', 'json']);
      assert.match(before, /"serverVersion"[\s\S]*v1\.34\.4/);
      await cluster.upgrade('kube-apiserver', '1.37.2');
      assert.match(await cluster.kubectl(['version', '-o', 'json']), /"serverVersion"[\s\S]*v1\.37\.2/);
    },
  },
  {
    title: 'the API server is restarted',
    lost: 'some',
    strike: ({ cluster }) => cluster.restart('kube-apiserver'),
  },
  {
    title: 'the API server comes back with a new certificate of the same authority',
    lost: 'some',
    strike: async ({ cluster, ns }) => {
      const before = await fingerprint(serverOf(ns));
      await cluster.renewServerCertificate();
      assert.notEqual(await fingerprint(serverOf(ns)), before);
    },
  },
  {
    title: 'the history is compacted while the recorder is cut off: a resumed watch is answered with 410',
    strike: async ({ cluster, ns, relay }) => {
      relay.vanish();
      await ns.kubectl('scale', 'deploy/web', '--replicas=2');
      await ns.until('two are ready', ['deploy/web'], ({ status }) => status.readyReplicas === 2);
      await ns.kubectl('scale', 'deploy/web', '--replicas=1');
      await ns.until('one is left', ['deploy/web'], ({ status }) => status.replicas === 1);
      await cluster.forgetHistory();
      relay.comeBack();
    },
    lost: 'all',
  },
  {
    title: 'the network is gone for 90 seconds, without a word',
    strike: async ({ ns, relay }) => {
      relay.vanish();
      await ns.kubectl('label', 'deploy/web', 'during=darkness');
      await sleep(90_000);
      relay.comeBack();
    },
  },
  {
    title: 'the recorder is refused by priority and fairness (429) for 20 seconds',
    user: recorder,
    strike: async ({ ns, relay, cluster }) => {
      const objects = refusing(ns);
      for (const object of objects) await cluster.kubectl(['apply', '-f', '-'], JSON.stringify(object));
      const refused = new RegExp(
        `^apiserver_flowcontrol_rejected_requests_total\\{flow_schema="${ns.name}".*\\} [1-9]`,
        'm',
      );
      const deadline = performance.now() + 60_000;
      do {
        assert.ok(performance.now() < deadline, 'the recorder was refused');
        relay.cut(); // the server goes by new objects when it comes to it
        await sleep(1000);
      } while (!refused.test(await cluster.kubectl(['get', '--raw', '/metrics'])));
      await ns.kubectl('label', 'deploy/web', 'during=refusal');
      await sleep(20_000);
      for (const object of objects.toReversed()) await cluster.kubectl(['delete', '-f', '-'], JSON.stringify(object));
      await sleep(3000);
    },
  },
  {
    title: 'the clock of the recording machine is four minutes ahead',
    env: clockAhead(240_000),
    strike: async () => undefined,
    note: /the clock of the recording machine is about 2[34]\d\.\d s ahead/,
  },
  {
    title: 'the clock of the recording machine is four minutes behind',
    env: clockAhead(-240_000),
    strike: async () => undefined,
    note: /the clock of the recording machine is about 2[34]\d\.\d s behind/,
  },
];

function deployment(): object {
  const labels = { app: 'web' };
  const args = `-n ${LINES} -rate ${LINES / SECONDS} -tag P -wait -1s`;
  const spec = { terminationGracePeriodSeconds: 0, containers: [workload('app', args)] };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
}

async function play(cluster: Cluster, trouble: Trouble): Promise<void> {
  await using ns = await testNamespace('trouble');
  await using relay = await Relay.start(serverOf(ns));
  const admin = JSON.parse(await cluster.kubectl(['config', 'view', '--raw', '-o', 'json'])) as {
    users: readonly { user: KubeconfigUser }[];
  };
  const kubeconfig = kubeconfigOf(ns, (await trouble.user?.(ns)) ?? admin.users[0]?.user ?? {}, relay.url);
  const at = { kubeconfig, namespace: ns.name, env: trouble.env ?? {} };
  using capture = await startCapture(at, 'deploy/web', '--wait', '--no-related');
  await ns.apply(deployment());
  await ns.until('it is ready', ['deploy/web'], ({ status }) => status.readyReplicas === 1);
  await trouble.strike({ cluster, ns, relay, capture });
  await ns.kubectl('scale', 'deploy/web', '--replicas=3');
  await ns.until('three are ready', ['deploy/web'], ({ status }) => status.readyReplicas === 3);
  const pods = (await ns.until('all are there', ['pods'], ({ items }) => items.length === 3)).items;
  for (const { metadata } of pods) await lastLine(ns, metadata.name);
  await sleep(2000);
  const story = await capture.end();
  checkStory(story);
  const stated = story.gaps.map(({ of, cause }) => `${'resource' in of ? String(of.resource) : 'log'} ${cause}`);
  const gaps = [...new Set(stated)].sort(); // Events are watched in two namespaces
  const all = ['deployments.apps expired', 'events expired', 'pods expired', 'replicasets.apps expired'];
  if (trouble.lost === 'some')
    assert.deepEqual(
      gaps.filter((gap) => !all.includes(gap)),
      [],
    );
  else assert.deepEqual(gaps, trouble.lost === 'all' ? all : []);
  for (const { metadata } of pods)
    assert.deepEqual(numbersOf(story, runOf(story, metadata.name, 'app'), 'P'), counting(LINES), metadata.name);
  const replicas = story.timeline.flatMap((entry) =>
    entry.type === 'lifecycle' && entry.what === 'scaled' ? [Number(entry.to)] : [],
  );
  assert.equal(replicas.at(-1), 3, 'the recording went on');
  const notes = story.timeline.flatMap((entry) => (entry.type === 'note' ? [entry.text] : []));
  if (trouble.note !== undefined) assert.match(notes.join('\n'), trouble.note);
}

/** Waits until a pod has written all of its lines. */
async function lastLine(ns: TestNamespace, pod: string): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const line = await ns.kubectl('logs', pod, '--tail=1').catch(() => '');
    if (line.startsWith(`P ${LINES - 1} `)) return;
    assert.ok(tries < 240, `${pod} has not written its last line: ${line}`);
    await sleep(500);
  }
}

describe('trouble of a real cluster', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start({ number: NUMBER, version: '1.34.4' });
    process.env.FARO_TEST_KUBECONFIG = cluster.kubeconfig;
    process.env.FARO_TEST_KUBECTL = cluster.kubectlPath;
  });
  after(() => Cluster.stop({ number: NUMBER }));
  const wanted = (process.env.FARO_TROUBLE ?? '').split('|');
  for (const trouble of TROUBLES.filter(({ title }) => wanted.some((words) => title.includes(words))))
    test(trouble.title, { timeout: 400_000 }, () => play(cluster, trouble));
});
