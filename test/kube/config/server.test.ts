import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { emptyEntry } from '../../../src/kube/config/place.ts';
import { emptyCluster } from '../../../src/kube/config/schema.ts';
import { serverUrl } from '../../../src/kube/config/server.ts';

const cluster = { ...emptyEntry('cluster', emptyCluster), name: 'dev', at: () => 'f:1:1' };

describe('serverUrl', () => {
  for (const [text, href] of [
    ['https://api:6443', 'https://api:6443/'],
    ['https://api:443', 'https://api/'],
    ['HTTPS://API:6443/', 'https://api:6443/'],
    ['https://api/k8s/clusters/c-1', 'https://api/k8s/clusters/c-1'],
    ['https://api/k8s//', 'https://api/k8s'],
    ['https://api/k8s?x=1#y', 'https://api/k8s'],
    ['https://api?x=1', 'https://api/'],
    ['https://[fd00::1]:6443', 'https://[fd00::1]:6443/'],
    ['https://a_b.example:6443', 'https://a_b.example:6443/'],
    ['http://localhost:8080', 'http://localhost:8080/'],
    ['localhost:8080', 'http://localhost:8080/'],
    ['10.0.0.1:6443', 'http://10.0.0.1:6443/'],
    ['api', 'http://api/'],
  ] as const) {
    it(`makes ${href} of ${text}`, () => assert.equal(serverUrl(cluster, text).href, href));
  }

  for (const [text, problem] of [
    ['https://', 'server is no URL'],
    ['https://a b', 'server is no URL'],
    ['https://api:99999', 'server is no URL'],
    ['tcp://api', 'server has the scheme tcp://, which is neither https nor http'],
    ['api/k8s', 'server has a path but no scheme'],
    ['https://ada:secret@api', 'server holds a user name or password (basic auth)'],
    ['https://secret@api', 'server holds a user name or password (basic auth)'],
  ] as const) {
    it(`refuses ${text} without repeating it`, () => {
      assert.throws(() => serverUrl(cluster, text), {
        code: 'kubeconfig',
        message: `f:1:1: cluster "dev": ${problem}`,
      });
    });
  }
});
