import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { listPath, logPath, pathOf, watchPath } from '../../src/kube/paths.ts';
import { DEPLOYMENTS, NODES, PODS, typeOf } from './wire/types.ts';

const widgets = typeOf('example.com/v1alpha1', 'widgets', 'Widget');

describe('paths', () => {
  const rows: readonly (readonly [string, string])[] = [
    [pathOf(PODS, 'shop'), '/api/v1/namespaces/shop/pods'],
    [pathOf(PODS, null), '/api/v1/pods'],
    [pathOf(DEPLOYMENTS, 'shop'), '/apis/apps/v1/namespaces/shop/deployments'],
    [pathOf(widgets, 'a/b'), '/apis/example.com/v1alpha1/namespaces/a%2Fb/widgets'],
    [pathOf(NODES, 'shop'), '/api/v1/nodes'],
    [listPath(PODS, { namespace: 'shop' }), '/api/v1/namespaces/shop/pods'],
    [
      listPath(PODS, { namespace: null, limit: 500, continue: 'a+b/c==', labelSelector: 'app in (a, b)' }),
      '/api/v1/pods?labelSelector=app+in+%28a%2C+b%29&limit=500&continue=a%2Bb%2Fc%3D%3D',
    ],
    [
      listPath(PODS, { namespace: null, resourceVersion: '5', resourceVersionMatch: 'Exact' }),
      '/api/v1/pods?resourceVersion=5&resourceVersionMatch=Exact',
    ],
    [
      listPath(PODS, { namespace: null, name: 'web-0', fieldSelector: 'spec.nodeName=n1' }),
      '/api/v1/pods?fieldSelector=metadata.name%3Dweb-0%2Cspec.nodeName%3Dn1',
    ],
    [
      watchPath(PODS, { namespace: 'shop', resourceVersion: '7', timeoutSeconds: 300 }),
      '/api/v1/namespaces/shop/pods?watch=1&allowWatchBookmarks=true&resourceVersion=7&timeoutSeconds=300',
    ],
    [
      watchPath(PODS, { namespace: null, name: 'web-0', sendInitialEvents: true }),
      '/api/v1/pods?watch=1&allowWatchBookmarks=true&fieldSelector=metadata.name%3Dweb-0&sendInitialEvents=true&resourceVersionMatch=NotOlderThan',
    ],
    [
      watchPath(PODS, { namespace: null, sendInitialEvents: false, metadataOnly: true }),
      '/api/v1/pods?watch=1&allowWatchBookmarks=true',
    ],
    [
      logPath({ namespace: 'shop', pod: 'web-0', container: 'app' }),
      '/api/v1/namespaces/shop/pods/web-0/log?container=app&timestamps=true',
    ],
    [
      logPath({
        namespace: 'shop',
        pod: 'web-0',
        container: 'app',
        follow: true,
        previous: false,
        sinceTime: '2026-11-24T12:00:00Z',
        tailLines: 0,
        limitBytes: 10,
      }),
      '/api/v1/namespaces/shop/pods/web-0/log?container=app&timestamps=true&follow=true&sinceTime=2026-11-24T12%3A00%3A00Z&tailLines=0&limitBytes=10',
    ],
    [
      logPath({ namespace: 'shop', pod: 'web-0', container: 'app', follow: false, previous: true }),
      '/api/v1/namespaces/shop/pods/web-0/log?container=app&timestamps=true&previous=true',
    ],
  ];
  for (const [path, expected] of rows) it(expected, () => assert.equal(path, expected));
});
