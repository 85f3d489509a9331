import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { discover, preferredType } from '../../src/kube/discovery.ts';
import { groupResourceOf } from '../../src/model/resource.ts';
import { clientOf, NEVER } from './wire/client.ts';
import { TestServer } from './wire/server.ts';

/** A server that answers paths; what it does not know is not found. */
async function serving(answers: Readonly<Record<string, unknown>>) {
  const server = await TestServer.start();
  const asked: string[] = [];
  const flights = { now: 0, most: 0 };
  server.handle = async (exchange) => {
    asked.push(exchange.url.pathname);
    flights.now += 1;
    flights.most = Math.max(flights.most, flights.now);
    await new Promise(setImmediate);
    flights.now -= 1;
    const answer = answers[exchange.url.pathname];
    if (answer === undefined) exchange.refuse(503, 'ServiceUnavailable');
    else exchange.json(typeof answer === 'function' ? answer(exchange.headers.accept) : answer);
  };
  return { server, asked, flights, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

const aggregatedType = (resource: string, kind: string, changes: object = {}) => ({
  resource,
  responseKind: { group: '', version: '', kind },
  scope: 'Namespaced',
  singularResource: kind.toLowerCase(),
  verbs: ['get', 'list', 'watch'],
  subresources: [{ subresource: 'status', verbs: ['get'] }],
  ...changes,
});

const group = (name: string | undefined, ...versions: object[]) => ({
  metadata: name === undefined ? {} : { name },
  versions,
});
const aggregated = (...items: object[]) => ({
  kind: 'APIGroupDiscoveryList',
  apiVersion: 'apidiscovery.k8s.io/v2',
  items,
});

const AGGREGATED = {
  '/api': aggregated(
    group(undefined, {
      version: 'v1',
      freshness: 'Current',
      resources: [
        aggregatedType('pods', 'Pod', { shortNames: ['po'] }),
        aggregatedType('nodes', 'Node', { scope: 'Cluster' }),
      ],
    }),
  ),
  '/apis': aggregated(
    group(
      'autoscaling',
      {
        version: 'v2',
        freshness: 'Current',
        resources: [aggregatedType('horizontalpodautoscalers', 'HorizontalPodAutoscaler')],
      },
      {
        version: 'v1',
        freshness: 'Current',
        resources: [aggregatedType('horizontalpodautoscalers', 'HorizontalPodAutoscaler')],
      },
    ),
    group('metrics.k8s.io', {
      version: 'v1beta1',
      freshness: 'Stale',
      resources: [aggregatedType('pods', 'PodMetrics')],
    }),
    group('odd.example.com', {
      version: 'v1',
      resources: [{ resource: 'halves', subresources: [{ subresource: 'scale' }] }, aggregatedType('', 'Nameless')],
    }),
  ),
};

const ONE_BY_ONE = {
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/apis': {
    kind: 'APIGroupList',
    groups: [
      {
        name: 'autoscaling',
        versions: [{ groupVersion: 'autoscaling/v1' }, { groupVersion: 'autoscaling/v2' }],
        preferredVersion: { groupVersion: 'autoscaling/v2' },
      },
      ...Array.from({ length: 20 }, (_, n) => ({
        name: `g${n}.example.com`,
        versions: [{ groupVersion: `g${n}.example.com/v1` }],
      })),
      { name: 'down.example.com', versions: [{ groupVersion: 'down.example.com/v1' }] },
    ],
  },
  '/api/v1': {
    kind: 'APIResourceList',
    resources: [
      { name: 'pods', singularName: 'pod', namespaced: true, kind: 'Pod', verbs: ['list'], shortNames: ['po'] },
      { name: 'pods/log', singularName: '', namespaced: true, kind: 'Pod', verbs: ['get'] },
      { name: 'nodes', singularName: '', namespaced: false, kind: 'Node', verbs: ['list'] },
    ],
  },
  ...Object.fromEntries(
    ['v1', 'v2'].map((version) => [
      `/apis/autoscaling/${version}`,
      {
        resources: [
          { name: 'horizontalpodautoscalers', kind: 'HorizontalPodAutoscaler', namespaced: true, verbs: ['list'] },
        ],
      },
    ]),
  ),
  ...Object.fromEntries(
    Array.from({ length: 20 }, (_, n) => [
      `/apis/g${n}.example.com/v1`,
      { resources: [{ name: 'widgets', kind: 'Widget', namespaced: true, verbs: ['list'] }] },
    ]),
  ),
};

describe('discovery', () => {
  it('takes two requests where the server aggregates', async () => {
    await using stage = await serving(AGGREGATED);
    await using client = clientOf(stage.server);
    const discovery = await discover(client, NEVER);
    assert.deepEqual(stage.asked.sort(), ['/api', '/apis']);
    assert.deepEqual(discovery.types[0], {
      group: '',
      version: 'v1',
      resource: 'pods',
      kind: 'Pod',
      singular: 'pod',
      shortNames: ['po'],
      namespaced: true,
      verbs: ['get', 'list', 'watch'],
    });
    assert.deepEqual(
      discovery.types.map((type) => `${groupResourceOf(type)} ${type.version} ${type.namespaced}`),
      [
        'pods v1 true',
        'nodes v1 false',
        'horizontalpodautoscalers.autoscaling v2 true',
        'horizontalpodautoscalers.autoscaling v1 true',
      ],
    );
  });

  it('asks for both versions of the aggregated form, and for the old one', async () => {
    let accepted = '';
    await using stage = await serving({
      ...AGGREGATED,
      '/api': (accept: string) => {
        accepted = accept;
        return AGGREGATED['/api'];
      },
    });
    await using client = clientOf(stage.server);
    await discover(client, NEVER);
    assert.equal(
      accepted,
      'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json',
    );
  });

  it('leaves out groups whose server does not answer, and names them', async () => {
    await using stage = await serving(AGGREGATED);
    await using client = clientOf(stage.server);
    const { failures } = await discover(client, NEVER);
    assert.deepEqual(failures, [
      { groupVersion: 'metrics.k8s.io/v1beta1', message: 'the API server behind it does not answer' },
    ]);
  });

  it('asks for every group where the server does not aggregate, a few at a time', async () => {
    await using stage = await serving(ONE_BY_ONE);
    await using client = clientOf(stage.server);
    const discovery = await discover(client, NEVER);
    assert.equal(discovery.types.length, 2 + 2 + 20);
    assert.deepEqual(
      discovery.types.slice(0, 4).map((type) => `${groupResourceOf(type)} ${type.version} ${type.singular}`),
      [
        'pods v1 pod',
        'nodes v1 node',
        'horizontalpodautoscalers.autoscaling v2 horizontalpodautoscaler',
        'horizontalpodautoscalers.autoscaling v1 horizontalpodautoscaler',
      ],
    );
    assert.deepEqual(
      discovery.types.slice(4).map(({ group }) => group),
      Array.from({ length: 20 }, (_, n) => `g${n}.example.com`),
    );
    assert.deepEqual(discovery.failures, [
      { groupVersion: 'down.example.com/v1', message: 'it is ServiceUnavailable' },
    ]);
    assert.ok(stage.flights.most <= 12, `${stage.flights.most} requests at once`);
  });

  it('understands a server that aggregates only some', async () => {
    await using stage = await serving({ ...ONE_BY_ONE, '/apis': AGGREGATED['/apis'] });
    await using client = clientOf(stage.server);
    const { types } = await discover(client, NEVER);
    assert.deepEqual(
      new Set(types.map(groupResourceOf)),
      new Set(['pods', 'nodes', 'horizontalpodautoscalers.autoscaling']),
    );
  });

  it('fails where the server answers to nothing', async () => {
    await using stage = await serving({});
    await using client = clientOf(stage.server);
    await assert.rejects(discover(client, NEVER), { name: 'ApiError', status: 503 });
  });

  it('is ended by an abort', async () => {
    await using stage = await serving(ONE_BY_ONE);
    await using client = clientOf(stage.server);
    const abort = new AbortController();
    const reason = new Error('enough');
    const handle = stage.server.handle;
    stage.server.handle = (exchange) => {
      if (exchange.url.pathname === '/apis/g3.example.com/v1') abort.abort(reason);
      else handle?.(exchange);
    };
    await assert.rejects(discover(client, abort.signal), reason);
  });

  it('of odd answers is empty', async () => {
    await using stage = await serving({ '/api': {}, '/apis': [] });
    await using client = clientOf(stage.server);
    assert.deepEqual(await discover(client, NEVER), { types: [], failures: [] });
  });
});

it('the preferred version of a resource comes first', async () => {
  await using stage = await serving(AGGREGATED);
  await using client = clientOf(stage.server);
  const discovery = await discover(client, NEVER);
  assert.equal(preferredType(discovery, 'autoscaling', 'horizontalpodautoscalers')?.version, 'v2');
  assert.equal(preferredType(discovery, 'apps', 'pods'), undefined);
});
