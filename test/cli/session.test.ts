import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/cli/context.ts';
import { openSession } from '../../src/cli/session.ts';
import { DemoCluster } from '../../src/demo/cluster.ts';
import { prepareShop } from '../../src/demo/scenario.ts';
import { FaroError } from '../../src/model/errors.ts';

const log = { info: () => undefined, warn: () => undefined };

test('a target that may not be read is told with the command that says what it takes', async () => {
  await using cluster = await DemoCluster.start({ clock: systemClock, seed: 1 });
  prepareShop(cluster);
  const refusal = { type: 'status', status: 403, reason: 'Forbidden' } as const;
  cluster.faults.add(({ resource }) => resource === 'deployments', refusal);
  const opened = openSession(
    {
      targets: ['deploy/web'],
      connection: cluster.connection(),
      namespace: 'shop',
      wait: false,
      context: { clock: systemClock },
      log,
    },
    new AbortController().signal,
  );
  await assert.rejects(opened, (error) => {
    assert.ok(error instanceof FaroError && error.code === 'forbidden', String(error));
    assert.match(error.hint ?? '', /^"faro check deployments\/web" with the same options .* prints the Role/);
    return true;
  });
});
