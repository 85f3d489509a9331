import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '../../src/demo/clock.ts';
import { SimulatedCluster } from '../../src/demo/simulated-cluster.ts';
import { path } from '../../src/model/fields.ts';

/** Everything that waits for no time has its turn. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/** The phases and container states that a pod of one container goes through, each once. */
async function lifeOf(exitCodes: readonly number[], toDelete: boolean, afterMs = 20_000): Promise<string[]> {
  const clock = new SimulatedClock();
  let run = 0;
  const programs = {
    'sim/app:1': async ({ sleep }: { sleep: (ms: number) => Promise<void> }) => {
      await sleep(1000);
      const exitCode = exitCodes[run++];
      if (exitCode === undefined) await sleep(2 ** 31);
      return exitCode ?? 0;
    },
  };
  await using cluster = new SimulatedCluster({ clock, seed: 3, programs });
  cluster.run();
  const template = { spec: { containers: [{ name: 'app', image: 'sim/app:1' }] } };
  const spec = { replicas: 1, selector: { matchLabels: { app: 'web' } }, template };
  cluster.create('deployments.apps', 'shop', { metadata: { name: 'web' }, spec });
  await clock.advance(afterMs, settle);
  if (toDelete) {
    cluster.change('deployments.apps', 'shop', 'web', (web) => ({ ...web, spec: { ...spec, replicas: 0 } }));
    await clock.advance(20_000, settle);
  }
  const seen = cluster.store.everything(cluster.pods).map(({ object }) => {
    const state = Object.keys((path(object, 'status', 'containerStatuses', '0', 'state') as object) ?? {})[0] ?? '';
    return `${String(path(object, 'status', 'phase') ?? '')} ${state}`.trim();
  });
  return seen.filter((text, index) => text !== '' && text !== seen[index - 1]);
}

test('a pod whose container crashes stays Running while it waits, as a real kubelet has it', async () => {
  assert.deepEqual(await lifeOf([3, 3], false), [
    'Pending',
    'Pending waiting',
    'Running running',
    'Running terminated',
    'Running waiting',
    'Running running',
    'Running terminated',
    'Running waiting',
    'Running running',
  ]);
});

test('a pod that is deleted has failed or succeeded before it goes, whatever its restart policy', async () => {
  assert.deepEqual((await lifeOf([], true)).slice(-2), ['Running running', 'Failed terminated']);
  assert.deepEqual((await lifeOf([3, 3, 3, 3, 3, 3, 3, 3, 3], true)).slice(-1), ['Failed waiting']);
});

test('a pod that is deleted before any container of it has begun has failed, too', async () => {
  assert.deepEqual(await lifeOf([], true, 115), ['Pending', 'Pending waiting', 'Failed waiting']);
});
