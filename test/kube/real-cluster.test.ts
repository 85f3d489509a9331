import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { systemClock } from '../../src/cli/context.ts';
import { mayI, reviewRules } from '../../src/kube/access.ts';
import { createClient, type KubeClient } from '../../src/kube/client.ts';
import { type Connection, loadConnection } from '../../src/kube/connection.ts';
import { discover } from '../../src/kube/discovery.ts';
import { clusterIdentity } from '../../src/kube/identity.ts';
import { resolveType } from '../../src/kube/resolve-type.ts';
import { apiVersionOf, groupResourceOf, type KubeObject } from '../../src/model/resource.ts';
import { pagesOf } from '../../src/watch/pages.ts';
import { retried, skipped, type TestNamespace, testNamespace, workload } from '../e2e/cluster.ts';
import { issue } from './config-table/certificates.ts';
import { NEVER, pull, textOf } from './wire/client.ts';
import { PODS, typeOf } from './wire/types.ts';

const CONFIGMAPS = typeOf('v1', 'configmaps', 'ConfigMap');

/** What protobuf tells of an object. */
function placed({ apiVersion, kind, metadata }: KubeObject): object {
  const { name, namespace, uid, resourceVersion, ownerReferences } = metadata;
  const owners = ownerReferences?.map(({ apiVersion, kind, name, uid, controller }) => ({
    ...{ apiVersion, kind, name, uid },
    ...(controller === true ? { controller } : {}),
  }));
  return {
    ...{ apiVersion, kind },
    metadata: {
      ...{ name, uid, resourceVersion },
      ...(namespace === undefined ? {} : { namespace }),
      ...(owners === undefined ? {} : { ownerReferences: owners }),
    },
  };
}

/** An object of a type of its own; both are gone with it. */
async function customObject(ns: TestNamespace): Promise<{ readonly storage: string } & AsyncDisposable> {
  const group = `${ns.name}.faro.test`;
  const storage = `gizmos.${group}`;
  await ns.apply({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: storage },
    spec: {
      ...{ group, scope: 'Namespaced', names: { plural: 'gizmos', singular: 'gizmo', kind: 'Gizmo' } },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  });
  await ns.kubectl('wait', `crd/${storage}`, '--for=condition=Established');
  await retried('its type', () => ns.apply({ apiVersion: `${group}/v1`, kind: 'Gizmo', metadata: { name: 'first' } }));
  return {
    storage,
    async [Symbol.asyncDispose]() {
      await ns.kubectl('delete', 'crd', storage, '--wait=false');
    },
  };
}

describe('a real API server', { skip: skipped }, () => {
  let ns: TestNamespace;
  let connection: Connection;
  let client: KubeClient;

  before(async () => {
    ns = await testNamespace('wire');
    const { kubeconfig } = ns.cluster;
    connection = await loadConnection({ kubeconfig, env: process.env, clock: systemClock, interactive: false });
    client = createClient(connection, { clock: systemClock });
  });
  after(async () => {
    await client[Symbol.asyncDispose]();
    await ns[Symbol.asyncDispose]();
  });

  const as = (changes: Partial<Connection>): KubeClient =>
    createClient({ ...connection, ...changes }, { clock: systemClock });
  const asNobody = (): KubeClient => as({ impersonate: { user: 'nobody', groups: [], uid: undefined, extra: {} } });

  async function configMap(name: string): Promise<void> {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { text: 'x'.repeat(1000) } };
    await client.postJson(`/api/v1/namespaces/${ns.name}/configmaps`, object, NEVER);
  }

  it('is discovered alike in both forms, and as kubectl does', async () => {
    const aggregated = await discover(client, NEVER);
    const oneByOne = await discover(
      { getJson: (path, signal) => client.getJson(path, signal) }, // without the wish for the aggregated form
      NEVER,
    );
    const described = ({ types }: typeof aggregated) =>
      types.map((type) => JSON.stringify({ ...type, verbs: [...type.verbs].sort() })).sort();
    assert.deepEqual(described(aggregated), described(oneByOne));
    const known = (await ns.kubectl('api-resources', '--no-headers', '-o', 'name')).trim().split('\n');
    assert.deepEqual(new Set(aggregated.types.map(groupResourceOf)), new Set(known));
    for (const name of ['deploy', 'svc', 'ev', 'ing', 'hpa', 'crd', 'cj', 'no', 'Deployment', 'jobs', 'pod']) {
      const type = resolveType(aggregated, name);
      const explained = await ns.kubectl('explain', name);
      const said = ['GROUP', 'VERSION'].map((word) => new RegExp(`^${word}: +(.*)$`, 'm').exec(explained)?.[1] ?? '');
      assert.deepEqual(said, [type.group, type.version], name);
    }
  });

  it('lists in pages, whole and as metadata', async () => {
    for (const name of ['page-1', 'page-2', 'page-3']) await configMap(name);
    const target = { namespace: ns.name, limit: 2 };
    const first = await client.list(CONFIGMAPS, target, NEVER);
    assert.equal(first.items.length, 2);
    assert.ok(first.continue !== undefined);
    const second = await client.list(CONFIGMAPS, { ...target, continue: first.continue }, NEVER);
    const names = [...first.items, ...second.items].map(({ metadata }) => metadata.name);
    assert.deepEqual(names.filter((name) => name.startsWith('page')).length, 3);
    const whole = await client.get(CONFIGMAPS, { namespace: ns.name, name: 'page-1' }, NEVER);
    const partial = await client.get(CONFIGMAPS, { namespace: ns.name, name: 'page-1', metadataOnly: true }, NEVER);
    assert.deepEqual([whole.kind, partial.kind, partial.apiVersion], ['ConfigMap', 'ConfigMap', 'v1']);
    assert.deepEqual(partial.metadata, whole.metadata);
    assert.ok(whole.data !== undefined && partial.data === undefined);
    const named = await client.list(CONFIGMAPS, { namespace: ns.name, name: 'page-2', metadataOnly: true }, NEVER);
    assert.deepEqual(
      named.items.map(({ metadata, kind }) => `${kind} ${metadata.name}`),
      ['ConfigMap page-2'],
    );
  });

  it('watches from a list on, without a gap', async () => {
    const { resourceVersion } = await client.list(CONFIGMAPS, { namespace: ns.name }, NEVER);
    await configMap('later');
    const watch = client.watch(CONFIGMAPS, { namespace: ns.name, resourceVersion, metadataOnly: true }, NEVER);
    for await (const frame of watch) {
      if (frame.type === 'BOOKMARK') continue;
      assert.ok(frame.type === 'ADDED');
      assert.deepEqual([frame.object.metadata.name, frame.object.kind], ['later', 'ConfigMap']);
      break;
    }
  });

  it('tells in protobuf of placements what it tells in JSON, refusals too', async () => {
    const owner = await client.get(CONFIGMAPS, { namespace: ns.name, name: 'page-1' }, NEVER);
    const { name, uid } = owner.metadata;
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid, controller: true }];
    const owned = { metadata: { name: 'owned', ownerReferences, annotations: { note: 'ü' } } };
    await client.postJson(`/api/v1/namespaces/${ns.name}/configmaps`, owned, NEVER);
    const initial = { namespace: ns.name, metadataOnly: true, sendInitialEvents: true };
    const placements = async (placementOnly: boolean) => {
      const seen: object[] = [];
      for await (const frame of client.watch(CONFIGMAPS, { ...initial, placementOnly }, NEVER)) {
        if (frame.type === 'BOOKMARK') return seen;
        assert.ok(frame.type === 'ADDED');
        assert.equal('labels' in frame.object.metadata || 'managedFields' in frame.object.metadata, !placementOnly);
        const { name, namespace, uid, resourceVersion, ownerReferences } = frame.object.metadata;
        seen.push({ ...frame.object, metadata: { name, namespace, uid, resourceVersion, ownerReferences } });
      }
      return assert.fail('the watch ended');
    };
    const [protobuf, json] = [await placements(true), await placements(false)];
    assert.deepEqual(protobuf, json);
    assert.ok(protobuf.length >= 4);
    await using nobody = asNobody();
    const refused = nobody.watch(CONFIGMAPS, { ...initial, placementOnly: true }, NEVER)[Symbol.asyncIterator]();
    await assert.rejects(refused.next(), { status: 403, message: /User "nobody" cannot watch resource "configmaps"/ });
  });

  it('lists every type, custom ones too, in protobuf of placements as it does in JSON', async () => {
    await using custom = await customObject(ns);
    const { types } = await discover(client, NEVER);
    const seen = new Set<string>();
    for (const type of types.filter(({ verbs }) => verbs.includes('list') && verbs.includes('watch'))) {
      const options = { namespace: null, metadataOnly: true } as const;
      const { items, resourceVersion } = await client.list(type, options, NEVER);
      const inTwoPages = { limit: Math.max(1, Math.ceil(items.length / 2)) };
      const there = { resourceVersion, resourceVersionMatch: 'Exact' } as const;
      const at = { ...options, placementOnly: true, ...inTwoPages, ...there };
      const placements: KubeObject[] = [];
      for await (const page of pagesOf(client, { type, options: at }, NEVER)) {
        assert.equal(page.resourceVersion, resourceVersion);
        placements.push(...page.items);
      }
      assert.deepEqual(placements, items.map(placed), groupResourceOf(type));
      if (items.length > 0) seen.add(groupResourceOf(type));
    }
    for (const name of ['nodes', 'leases.coordination.k8s.io', 'apiservices.apiregistration.k8s.io', custom.storage])
      assert.ok(seen.has(name), `${name} have objects`);
  });

  it('ends a watch cleanly at its time limit', async () => {
    const frames: string[] = [];
    for await (const { type } of client.watch(PODS, { namespace: ns.name, timeoutSeconds: 1 }, NEVER))
      frames.push(type);
    // Pods of the test before may still be changing; what counts is that the end is no error.
    assert.ok(!frames.includes('ERROR'));
  });

  it('carries 200 streaming lists at once', async () => {
    const abort = new AbortController();
    const watches = Array.from({ length: 200 }, () =>
      client.watch(PODS, { namespace: ns.name, sendInitialEvents: true }, abort.signal)[Symbol.asyncIterator](),
    );
    const frames = await Promise.all(watches.map(pull));
    assert.ok(frames.every((frame) => frame.type === 'BOOKMARK' && frame.initialEventsEnd));
    const ends = Promise.allSettled(watches.map((watch) => watch.next()));
    abort.abort();
    assert.ok((await ends).every(({ status }) => status === 'rejected'));
  });

  it('refuses in its own words', async () => {
    const pod = { namespace: ns.name, name: 'nobody' };
    await assert.rejects(client.get(PODS, pod, NEVER), { status: 404, reason: 'NotFound', code: 'not-found' });
    const gizmos = typeOf('example.com/v1', 'gizmos', 'Gizmo');
    await assert.rejects(client.list(gizmos, { namespace: null }, NEVER), { status: 404, code: 'not-found' });
    await assert.rejects(client.list(PODS, { namespace: null, continue: 'odd' }, NEVER), { status: 400, code: 'api' });
    await using nobody = asNobody();
    await assert.rejects(nobody.list(PODS, { namespace: ns.name }, NEVER), {
      status: 403,
      code: 'forbidden',
      message: /User "nobody" cannot list resource "pods"/,
    });
    await using stranger = as({ credentials: { get: async () => ({ token: 'wrong' }), reject: () => false } });
    await assert.rejects(stranger.getJson('/api', NEVER), { status: 401, code: 'unauthorized' });
  });

  it('is told from another by its certificate', async () => {
    const { cert: ca } = await issue({ name: 'another', authority: true });
    await using client = as({ tls: { ca, serverName: undefined, insecureSkipVerify: false } });
    await assert.rejects(client.getJson('/version', NEVER), {
      message: /is not signed by the kubeconfig's certificate auth/,
    });
  });

  it('says what a user may do', async () => {
    const question = { verb: 'get', group: '', resource: 'pods', subresource: 'log', namespace: ns.name };
    assert.equal((await mayI(client, question, NEVER)).allowed, true);
    const { rules } = await reviewRules(client, ns.name, NEVER);
    assert.ok(rules.some(({ verbs, resources }) => verbs.includes('*') && resources.includes('*')));
    await using nobody = asNobody();
    assert.equal((await mayI(nobody, question, NEVER)).allowed, false);
    assert.match((await clusterIdentity(client, NEVER)).uid ?? '', /^[0-9a-f-]{36}$/);
    const identity = await clusterIdentity(nobody, NEVER);
    assert.equal(identity.uid, null);
    assert.match(identity.version, /^v1\./);
  });

  it('gives the log of a container, and the node its file by ranges', async () => {
    const name = `writer-${randomBytes(2).toString('hex')}`;
    await ns.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: { restartPolicy: 'Never', containers: [workload('app', '-n 2000 -rate 2000 -wait 300ms')] },
    });
    await ns.until(
      'it runs',
      ['pod', name],
      ({ status }) => status.containerStatuses?.[0]?.ready === true || status.phase === 'Succeeded',
    );
    const lines = (
      await textOf(await client.logs({ namespace: ns.name, pod: name, container: 'app', follow: true }, NEVER))
    ).split('\n');
    assert.equal(lines.length, 2001);
    assert.match(lines[0] ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z \S* ?\d+ /);
    const pod = await client.get(PODS, { namespace: ns.name, name }, NEVER);
    const node = (pod.spec as { nodeName: string }).nodeName;
    const file = `/api/v1/nodes/${node}/proxy/logs/pods/${ns.name}_${name}_${pod.metadata.uid}/app/0.log`;
    const whole = await textOf((await client.raw(file, {}, NEVER)).body);
    const part = await client.raw(file, { headers: { range: 'bytes=100-199' } }, NEVER);
    assert.equal(part.status, 206);
    assert.equal(await textOf(part.body), whole.slice(100, 200));
    for (const [path, headers, status] of [
      [file, { range: `bytes=${whole.length}-` }, 416],
      [`${file}.none`, {}, 404],
    ] as const) {
      const answer = await client.raw(path, { headers }, NEVER);
      assert.equal(answer.status, status);
      await answer.body[Symbol.asyncDispose]();
    }
  });

  it('keeps the version of the type that was asked for', async () => {
    const discovery = await discover(client, NEVER);
    const scalers = discovery.types.filter(({ resource }) => resource === 'horizontalpodautoscalers');
    assert.deepEqual(scalers.map(apiVersionOf), ['autoscaling/v2', 'autoscaling/v1']);
  });
});
