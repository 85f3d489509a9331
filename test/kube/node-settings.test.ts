import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../../src/kube/error.ts';
import { NodeSettings } from '../../src/kube/node-settings.ts';

const NEVER = new AbortController().signal;
const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', uid: 'u', resourceVersion: '1' },
  spec: { nodeName: 'n1' },
};

async function rotationOf(kubeletconfig: object) {
  const asked: string[] = [];
  const getJson = async (path: string) => {
    asked.push(path);
    return { kubeletconfig };
  };
  const settings = new NodeSettings({ getJson }, NEVER);
  assert.deepEqual(settings.logRotation('n1'), {});
  settings.want(POD);
  settings.want(POD);
  await settings.asked('n1');
  assert.deepEqual(asked, ['/api/v1/nodes/n1/proxy/configz']);
  return settings.logRotation('n1');
}

test("a node's rotation is what its kubelet's configuration says, asked once", async () => {
  const config = { containerLogMaxSize: '10Mi', containerLogMaxFiles: 5, containerLogMonitorInterval: '10s' };
  assert.deepEqual(await rotationOf(config), { maxBytes: 10 * 1024 * 1024, maxFiles: 5, intervalMs: 10_000 });
});

test('of a configuration that tells less, or in forms that are not known, the rest is used', async () => {
  assert.deepEqual(await rotationOf({ containerLogMaxSize: '1.5Gi', containerLogMonitorInterval: '1m30s' }), {
    maxBytes: 1.5 * 1024 ** 3,
    intervalMs: 90_000,
  });
  assert.deepEqual(await rotationOf({ containerLogMaxSize: 'much', containerLogMonitorInterval: '', other: 1 }), {});
});

test('a node that does not tell leaves everything unknown', async () => {
  const getJson = async () => {
    throw new ApiError(403, 'forbidden', { reason: 'Forbidden' });
  };
  const settings = new NodeSettings({ getJson }, NEVER);
  settings.want(POD);
  await settings.asked('n1');
  await settings.asked('one that nobody wants');
  assert.deepEqual(settings.logRotation('n1'), {});
});

for (const [status, requests] of [
  [403, 1],
  [503, 2],
] as const)
  test(`a node that answers ${status} ${requests === 1 ? 'refuses, and is asked once' : 'is asked again'}`, async () => {
    let asked = 0;
    const getJson = async () => {
      asked += 1;
      if (asked === 1) throw new ApiError(status, `status ${status}`);
      return { kubeletconfig: { containerLogMaxSize: '10Mi' } };
    };
    const settings = new NodeSettings({ getJson }, NEVER);
    for (let times = 0; times < 3; times += 1) {
      settings.want(POD);
      await settings.asked('n1');
    }
    assert.deepEqual(
      [asked, settings.logRotation('n1').maxBytes],
      [requests, requests === 1 ? undefined : 10 * 1024 ** 2],
    );
  });

test('a node that did not answer is asked again where its settings are needed', async () => {
  let isUp = false;
  const getJson = async () => {
    if (!isUp) throw new ApiError(503, 'connection refused');
    return { kubeletconfig: { containerLogMaxFiles: 5 } };
  };
  const settings = new NodeSettings({ getJson }, NEVER);
  settings.want(POD);
  await settings.asked('n1');
  assert.deepEqual(settings.logRotation('n1'), {});
  isUp = true; // no other state of the pod comes
  await settings.asked('n1');
  assert.deepEqual(settings.logRotation('n1'), { maxFiles: 5 });
});
