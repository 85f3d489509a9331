import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../../src/kube/error.ts';
import { NodeRoutes } from '../../src/kube/node-routes.ts';

const pod = {
  ...{ apiVersion: 'v1', kind: 'Pod', spec: { nodeName: 'n' } },
  metadata: { name: 'web', uid: 'p', resourceVersion: '1' },
};

/** What comes of two questions for a node's files, of which the first is answered with an error. */
async function asked(status: number) {
  let requests = 0;
  const client = {
    postJson: async () => ({ status: { allowed: true } }),
    raw: async () => {
      requests += 1;
      if (requests === 1) throw new ApiError(status, `status ${status}`);
      const body = async function* () {
        yield Buffer.from('<pre>\n</pre>\n');
      };
      return {
        status: 200,
        headers: {},
        body: Object.assign(body(), { [Symbol.asyncDispose]: async () => undefined }),
      };
    },
  };
  const routes = new NodeRoutes({ client, kubelet: undefined }, new AbortController().signal);
  const types = [(await routes.routeOf(pod)).type, (await routes.routeOf(pod)).type];
  return { types, requests };
}

for (const status of [403, 405])
  test(`a node that answers ${status} does not let its files be read, and is not asked again`, async () => {
    assert.deepEqual(await asked(status), { types: ['refused', 'refused'], requests: 1 });
  });

for (const status of [401, 408, 410, 429, 500, 503])
  test(`a node that answers ${status} once is asked again`, async () => {
    assert.deepEqual(await asked(status), { types: ['refused', 'node-files'], requests: 2 });
  });

for (const [status, wayOut] of [
  [401, /authentication\.webhook.*without --kubelet-direct/],
  [403, /nodes\/log/],
] as const)
  test(`a kubelet that is asked directly and answers ${status} says what it would take`, async () => {
    const client = {
      postJson: () => Promise.reject(new Error('nobody is asked')),
      raw: () => Promise.reject(new ApiError(status, `status ${status}`)),
    };
    const route = await new NodeRoutes({ client, kubelet: () => client }, new AbortController().signal).routeOf(pod);
    assert.match((route.type === 'refused' ? route.wayOut : undefined) ?? '', wayOut);
  });
