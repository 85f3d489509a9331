import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeClient } from '../../src/kube/client.ts';
import { ApiError } from '../../src/kube/error.ts';
import { SuccessorClient } from '../../src/kube/successor-client.ts';
import type { ResourceType } from '../../src/model/resource.ts';
import { typeOf } from './wire/types.ts';

const OLD = typeOf('example.com/v1beta1', 'widgets', 'Widget');
const { signal } = new AbortController();

/** A server that serves one version, and notes what it is asked for. */
function serving(version: string) {
  const asked: string[] = [];
  const said: string[] = [];
  const page = { items: [], resourceVersion: '7', continue: undefined };
  const server = {
    list: async (type: ResourceType) => {
      asked.push(type.version);
      if (type.version !== version) throw new ApiError(404, 'the server could not find the requested resource');
      return page;
    },
    getJson: async (path: string) => {
      asked.push(path);
      if (path === '/api') return { versions: [] };
      if (path === '/apis')
        return { groups: [{ name: 'example.com', versions: [{ groupVersion: `example.com/${version}` }] }] };
      return { resources: [{ name: 'widgets', kind: 'Widget', namespaced: true, verbs: ['list', 'watch'] }] };
    },
  };
  return {
    client: new SuccessorClient(server as unknown as KubeClient, (text) => said.push(text), signal),
    asked,
    said,
  };
}

test('a version that is not served any more is replaced by the one that is, once and for all calls', async () => {
  const { client, asked, said } = serving('v1');
  await Promise.all([client.list(OLD, { namespace: 'shop' }, signal), client.list(OLD, { namespace: 'shop' }, signal)]);
  assert.equal(asked.filter((path) => path === '/apis').length, 1);
  asked.length = 0;
  await client.list(OLD, { namespace: 'shop' }, signal);
  assert.deepEqual(asked, ['v1']);
  assert.deepEqual(said, ['widgets.example.com is read as v1 from here on: v1beta1 is not served any more']);
});

test('a type that is not served in any version is refused as before', async () => {
  const { client, said } = serving('v1');
  const gadgets = typeOf('example.com/v1beta1', 'gadgets', 'Gadget');
  await assert.rejects(client.list(gadgets, { namespace: 'shop' }, signal), { code: 'not-found', status: 404 });
  assert.deepEqual(said, []);
});
