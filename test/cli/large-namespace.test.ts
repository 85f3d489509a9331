import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../src/cli/context.ts';
import { DemoCluster } from '../../src/demo/cluster.ts';
import type { Story } from '../../src/story/document.ts';
import { faro } from '../e2e/capture.ts';
import { temporaryFolder } from '../folder.ts';

const PODS = 10_000;
const TYPES = 300;
/** What a story of three pods may take of memory beside them; in KiB, as the system counts. */
const PEAK_KIB = 300 * 1024;
const VARIABLES = Array.from({ length: 20 }, (_, index) => ({ name: `SETTING_${index}`, value: `value ${index}` }));
const SPEC = {
  containers: ['app', 'proxy'].map((name) => ({ name, image: 'images.example/app:1', env: VARIABLES })),
};

/** A namespace that stands still: nothing runs in it, so that all work is the recorder's. */
function fill(cluster: DemoCluster): void {
  for (let index = 0; index < TYPES; index += 1)
    cluster.serve({
      group: `group${index % 10}.example.com`,
      version: 'v1',
      resource: `kind${index}s`,
      kind: `Kind${index}`,
      singular: `kind${index}`,
      shortNames: [],
      namespaced: true,
      verbs: ['get', 'list', 'watch'],
    });
  for (let index = 0; index < PODS; index += 1)
    cluster.create('pods', 'shop', { metadata: { name: `stranger-${index}`, labels: { app: 'fleet' } }, spec: SPEC });
  const selector = { matchLabels: { app: 'web' } };
  const web = cluster.create('deployments.apps', 'shop', {
    metadata: { name: 'web' },
    spec: { replicas: 3, selector },
  });
  const owner = (kind: string, { metadata: { name, uid } }: typeof web) => {
    return { ownerReferences: [{ apiVersion: 'apps/v1', kind, name, uid, controller: true }] };
  };
  const set = cluster.create('replicasets.apps', 'shop', {
    metadata: { name: 'web-1', ...owner('Deployment', web) },
    spec: { replicas: 3 },
  });
  const pod = (name: string, labels: Record<string, string>) =>
    cluster.create('pods', 'shop', { metadata: { name, labels, ...owner('ReplicaSet', set) }, spec: SPEC });
  for (const name of ['web-1-a', 'web-1-b']) pod(name, { app: 'web' });
  pod('web-1-c', {}); // its own, whatever is selected
}

/** Carries connections to a port, and counts them. */
async function counting(port: number) {
  const counted = { connections: 0, port: 0 };
  const server = createServer((client) => {
    counted.connections += 1;
    const upstream = connect(port, '127.0.0.1');
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream])
      socket.on('error', () => undefined).on('close', () => [client, upstream].map((one) => one.destroy()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  counted.port = (server.address() as AddressInfo).port;
  return { counted, [Symbol.asyncDispose]: async () => void server.close() };
}

test('three pods among ten thousand, in a cluster of three hundred types, are recorded over few connections in little memory', async (context) => {
  const folder = temporaryFolder('large');
  await using cluster = await DemoCluster.start({ clock: systemClock, seed: 1 });
  fill(cluster);
  await using way = await counting(Number(cluster.url.port));
  const paths: string[] = [];
  cluster.faults.add(
    ({ path, query, verb }) => {
      if (verb === 'watch' || verb === 'list') paths.push(`${path}?${query}`);
      return false;
    },
    { type: 'delay', ms: 0 },
  );
  try {
    const kubeconfig = join(folder, 'config');
    const output = join(folder, 'story.json');
    writeFileSync(kubeconfig, cluster.kubeconfig().replace(`:${cluster.url.port}`, `:${way.counted.port}`));
    const tells = "process.on('exit', () => process.stderr.write('peak ' + process.resourceUsage().maxRSS + ' KiB'))";
    const env = { NODE_OPTIONS: `--import "data:text/javascript,${encodeURIComponent(tells)}"` };
    const how = ['--kubeconfig', kubeconfig, '-n', 'shop', '-o', output, '--log-level', 'info'];
    const command = faro(['capture', 'deployment/web', ...how, '--log-format', 'json'], env);
    await command.said('"msg":"recording"');
    command.interrupt();
    const { code, stderr } = await command.exit;
    assert.equal(code, 0, stderr);
    const story = JSON.parse(readFileSync(output, 'utf8')) as Story;
    assert.deepEqual(story.metadata.incomplete, []);
    assert.equal(story.objects.filter(({ kind }) => kind === 'Pod').length, 3);
    // Of the crowd only names and owners were read; of what is in the story, each object by its name.
    const selected = paths.flatMap((path) => /\/pods\?.*fieldSelector=([^&]+)/.exec(path)?.[1] ?? []);
    assert.deepEqual([...new Set(selected.map(decodeURIComponent))].sort(), [
      'metadata.name!=web-1-a,metadata.name!=web-1-b',
      ...['web-1-a', 'web-1-b', 'web-1-c'].map((name) => `metadata.name=${name}`),
    ]);
    assert.ok(paths.length > TYPES && paths.length < TYPES + 60, `${paths.length} lists and watches`);
    assert.ok(way.counted.connections <= 6, `${way.counted.connections} connections`);
    const peak = Number(/peak (\d+) KiB/.exec(stderr)?.[1]);
    context.diagnostic(`${way.counted.connections} connections, ${paths.length} lists and watches, ${peak} KiB`);
    assert.ok(peak < PEAK_KIB, `${peak} KiB`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
