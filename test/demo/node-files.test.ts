import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { systemClock } from '../../src/cli/context.ts';
import { SimulatedClock } from '../../src/demo/clock.ts';
import { DemoCluster } from '../../src/demo/cluster.ts';
import { ContainerLog } from '../../src/demo/container-log.ts';
import { LogFolder } from '../../src/demo/log-folder.ts';
import { readPodLog } from '../../src/demo/pod-log.ts';
import { prepareShop } from '../../src/demo/scenario.ts';
import { PROGRAMS, type Program } from '../../src/demo/workload.ts';
import { createClient, type KubeClient } from '../../src/kube/client.ts';
import { loadConnection } from '../../src/kube/config/load.ts';
import { Branch } from '../../src/model/branch.ts';
import { skipped, testNamespace, workload } from '../e2e/cluster.ts';
import { until } from '../record/harness.ts';

const signal = new AbortController().signal;

const threeLines: Program = async ({ log, sleep }) => {
  for (let line = 0; line < 3; line += 1) log.write(`L ${line} xxxxxxxxxxxxxxxxxxxx`);
  await sleep(2 ** 30);
  return 0;
};

async function answer(client: KubeClient, path: string, range?: string) {
  const { status, headers, body } = await client.raw(path, range === undefined ? {} : { headers: { range } }, signal);
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const shown = ['content-type', 'content-range', 'accept-ranges', 'location', 'allow'];
  const isDated = headers['last-modified'] !== undefined && headers.date !== undefined;
  const isFile = headers['accept-ranges'] !== undefined;
  return {
    status,
    headers: Object.fromEntries(shown.map((name) => [name, headers[name]])),
    isDated: isFile && isDated,
    bytes,
  };
}

/** What the same requests are answered with; sizes and names that differ are made equal. */
async function answers(client: KubeClient, files: { node: string; folder: string }): Promise<unknown> {
  const { node, folder } = files;
  const logs = `/api/v1/nodes/${node}/proxy/logs`;
  const file = `${logs}/pods/${folder}/web/0.log`;
  const { length: size } = (await answer(client, file)).bytes;
  const requests: [string, string?][] = [
    [`${logs}/pods`],
    [`${logs}/pods/${folder}`],
    [`${logs}/pods/${folder}/`],
    [`${logs}/pods/${folder}/web`],
    [`${logs}/pods/${folder}/web/`],
    [file],
    [file, 'bytes=0-'],
    [file, 'bytes=10-19'],
    [file, 'bytes=10-99999'],
    [file, 'bytes=-4'],
    [file, `bytes=${size}-`],
    [file, 'bytes=20-10'],
    [file, 'bytes=x'],
    [`${logs}/pods/${folder}/web/9.log`],
    [`${logs}/pods/${folder}/nobody/`],
    [`${logs}/pods/nobody/`],
    [`/api/v1/nodes/nobody/proxy/logs/pods/`],
    [`/api/v1/nodes/${node}/proxy/nothing`],
  ];
  const shapes = [];
  for (const [path, range] of requests) {
    const { status, headers, isDated, bytes } = await answer(client, path, range);
    const isListing = String(headers['content-type']).startsWith('text/html');
    const place = (text: string) =>
      text
        .replaceAll(folder, 'FOLDER') // first: a UID may hold the digits of a size
        .replaceAll(String(size), 'SIZE')
        .replaceAll(String(size - 1), 'LAST')
        .replaceAll(String(size - 4), 'LAST-3');
    shapes.push({
      request: `${path.replaceAll(folder, 'FOLDER').replaceAll(node, 'NODE')} ${place(range ?? '')}`,
      status,
      isDated,
      headers: JSON.parse(place(JSON.stringify(headers))),
      text: isListing || (status >= 400 && !String(headers['content-type']).includes('json')) ? String(bytes) : '',
      bytes: status === 206 ? (bytes.length === size ? 'SIZE' : bytes.length > 100 ? 'REST' : bytes.length) : undefined,
    });
  }
  return shapes;
}

test('the simulated kubelet serves listings and ranges of log files as the real one', {
  skip: skipped,
}, async () => {
  const programs = { ...PROGRAMS, 'shop/web:1.0.0': threeLines };
  await using cluster = await DemoCluster.start({ clock: systemClock, seed: 1, programs });
  prepareShop(cluster);
  cluster.run();
  const [simulatedNode] = cluster.nodes;
  const written = (pod: string) => (simulatedNode?.folder(pod, 'web')?.bytes('0.log')?.length ?? 0) > 150;
  let simulatedFolder = '';
  await until('a web server has written', () => {
    simulatedFolder = simulatedNode?.podFolders().find(written) ?? '';
    return simulatedFolder !== '';
  });
  await using simulated = createClient(cluster.connection(), { clock: systemClock });

  await using ns = await testNamespace('files');
  const containers = [workload('migrate', '-n 1 -wait -1s'), workload('web', '-n 3 -wait -1s')];
  await ns.apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web' },
    spec: { containers, terminationGracePeriodSeconds: 0 },
  });
  const pod = await ns.until('the pod runs', ['pod/web'], ({ status }) => status.phase === 'Running');
  const node = await ns.kubectl('get', 'pod/web', '-o', 'jsonpath={.spec.nodeName}');
  const connection = await loadConnection({
    kubeconfig: ns.cluster.kubeconfig,
    env: {},
    clock: systemClock,
    interactive: false,
  });
  await using real = createClient(connection, { clock: systemClock });
  const folder = `${ns.name}_web_${pod.metadata.uid}`;
  const path = `/api/v1/nodes/${node}/proxy/logs/pods/${folder}/web/0.log`;
  while ((await answer(real, path)).bytes.length < 150); // a few requests until the three lines are there

  assert.deepEqual(
    await answers(simulated, { node: 'node-1', folder: simulatedFolder }),
    await answers(real, { node, folder }),
  );
  const record = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z stdout F .*\n/;
  assert.match(String((await answer(real, path)).bytes), record);
  assert.match(String(simulatedNode?.folder(simulatedFolder, 'web')?.bytes('0.log')), record);
});

test('a rotation keeps the newest files, the last of them plain, the others compressed', async () => {
  const folder = new LogFolder();
  const clock = new SimulatedClock();
  const log = new ContainerLog(clock, folder, 0);
  const names = [];
  for (let round = 1; round <= 5; round += 1) {
    log.write(`line ${round}`);
    log.rotate(4);
    await clock.advance(10_000, async () => undefined);
    names.push(folder.names());
  }
  const at = (second: number) => `0.log.20261123-1200${String(second).padStart(2, '0')}`;
  assert.deepEqual(names[0], ['0.log', at(0)]);
  assert.equal(names[4]?.length, 4);
  const compressed = folder.names().filter((name) => name.endsWith('.gz'));
  assert.equal(compressed.length, 2);
  assert.match(String(gunzipSync(folder.bytes(compressed[0] ?? '') ?? '')), / stdout F line 3\n$/);
});

test('a line that is on its way at a rotation leaves its head in the old file, and its rest in the new one', () => {
  const folder = new LogFolder();
  const log = new ContainerLog(new SimulatedClock(), folder, 0);
  log.write('one');
  log.rotate(5, { lines: 1, head: 2 });
  for (const line of ['two', 'three', 'four']) log.write(line);
  const [current = '', old = ''] = folder.names();
  const tags = (name: string) =>
    String(folder.bytes(name))
      .split('\n')
      .map((record) => record.split(' ').slice(2).join(' '));
  assert.deepEqual(tags(old), ['F one', 'F two', 'P th', '']);
  assert.deepEqual(tags(current), ['F ree', 'F four', '']);
});

test('the pod log API loses what a rotation put out of its sight, as the real one does', async () => {
  const clock = new SimulatedClock();
  const log = new ContainerLog(clock, new LogFolder(), 0);
  const over = new Branch(new AbortController().signal);
  const options = { follow: true, sinceTime: undefined, tailLines: undefined };
  const stream = readPodLog(log, options, { clock, over });
  const next = async () => String((await stream.next()).value).replace(/^\S+ /gm, '');
  log.write('seen');
  assert.equal(await next(), 'seen\n');
  const waiting = next(); // at the end of the file, it watches
  await clock.advance(0, async () => new Promise((resolve) => setImmediate(resolve)));
  log.rotate(5, { lines: 1, head: 0 });
  log.write('late, into the old file');
  log.write('new');
  assert.equal(await waiting, 'late, into the old file\n');
  assert.equal(await next(), 'new\n');
  log.rotate(5);
  log.write('skipped while the client was slow');
  log.rotate(5);
  log.write('newest');
  assert.equal(await next(), 'newest\n');
  log.rotate(5);
  log.write('never opened');
  log.end();
  assert.deepEqual(await stream.next(), { done: true, value: undefined });
});
