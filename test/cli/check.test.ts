import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../src/cli/context.ts';
import { DemoCluster } from '../../src/demo/cluster.ts';
import { prepareShop } from '../../src/demo/scenario.ts';
import type { Story } from '../../src/story/document.ts';
import { faro } from '../e2e/capture.ts';
import { temporaryFolder } from '../folder.ts';
import { trueLines, until } from '../record/harness.ts';

/** What check says to a user who may do everything but this, and the story of containers that run on at its end. */
async function toldAndRecorded(refused: string | undefined): Promise<{ told: string; story: Story }> {
  const folder = temporaryFolder('check');
  await using cluster = await DemoCluster.start({ clock: systemClock, seed: 3 });
  prepareShop(cluster);
  cluster.api.authorize = ({ resource }) => resource !== refused;
  cluster.run();
  await until('its containers write', () => {
    const pods = cluster.store.list(cluster.type('pods'), 'shop');
    return pods.length > 0 && pods.every(({ metadata }) => trueLines(cluster, metadata.uid, 'web').length > 0);
  });
  const kubeconfig = join(folder, 'config');
  writeFileSync(kubeconfig, cluster.kubeconfig());
  const target = ['deployment/web', '-n', 'shop', '--kubeconfig', kubeconfig];
  const checked = await faro(['check', ...target]).exit;
  assert.equal(checked.code, 0, checked.stderr);
  const output = join(folder, 'story.json');
  const captured = await faro(['capture', ...target, '-o', output, '--for', '500ms']).exit;
  assert.equal(captured.code, 0, captured.stderr);
  return { told: checked.stdout, story: JSON.parse(readFileSync(output, 'utf8')) as Story };
}

test('check promises a complete story to whom the capture gives one, and tells others where it would not be', async () => {
  const [whole, narrow] = await Promise.all([toldAndRecorded(undefined), toldAndRecorded('nodes/proxy')]);
  const { metadata, containers } = narrow.story;
  // On a starved machine the state that says so may be later than the capture.
  const runOn = containers.filter(
    ({ startedTime, finishedTime }) => startedTime !== undefined && finishedTime === undefined,
  );
  assert.equal(metadata.incomplete.length > 0, runOn.length > 0, JSON.stringify(containers));
  for (const reason of metadata.incomplete)
    assert.match(reason, /while the container ran; whether the node rotated the file cannot be known$/);
  assert.match(narrow.told, /^# NO +get nodes\/proxy in the cluster: .*prove that none is missing/m);
  assert.match(narrow.told, /not called complete where a container still\n# runs at its end/);
  assert.doesNotMatch(narrow.told, /would be complete|everything that the story takes/);
  assert.deepEqual(whole.story.metadata.incomplete, []);
  assert.match(whole.told, /^# This user may see everything that the story takes\.\n# What gives all/m);
});
