import assert from 'node:assert/strict';
import dns from 'node:dns';
import { type TestContext, test } from 'node:test';
import { prepareShop } from '../../src/demo/scenario.ts';
import { recordedLines, recordedVersions, startRecording, trueLines, trueVersions, until } from './harness.ts';

const HOST = 'api.cluster.test';
const STORAGES = ['deployments.apps', 'replicasets.apps', 'pods'];

/** The machine's way from names to addresses; `fails` is what it says of every name instead. */
function nameService(t: TestContext) {
  const service: { fails: string | undefined; failures: number } = { fails: undefined, failures: 0 };
  type Done = (error: Error | null, addresses?: readonly { address: string; family: number }[]) => void;
  const own = dns.lookup as unknown as (host: string, options: unknown, done: Done) => void;
  const lookup: typeof own = (host, options, done) => {
    if (host !== HOST) return own(host, options, done); // the server itself listens at an address
    const { fails: code } = service;
    if (code === undefined) return process.nextTick(done, null, [{ address: '127.0.0.1', family: 4 }]);
    service.failures += 1;
    process.nextTick(done, Object.assign(new Error(`getaddrinfo ${code} ${host}`), { code, syscall: 'getaddrinfo' }));
  };
  t.mock.method(dns, 'lookup', lookup as unknown as typeof dns.lookup);
  return service;
}

test('a name of the API server that cannot be resolved for a while, as without DNS, costs nothing', async (t) => {
  const names = nameService(t);
  await using recording = await startRecording({
    connection: (own) => ({
      ...own,
      server: new URL(`https://${HOST}:${own.server.port}`),
      tls: { ...own.tls, serverName: 'localhost' },
    }),
  });
  const { cluster, records } = recording;
  prepareShop(cluster);
  const web = () => cluster.store.list(cluster.type('deployments.apps'), 'shop')[0];
  const isRecorded = () =>
    records.some(
      (record) =>
        record.kind === 'object' && record.object.metadata.resourceVersion === web()?.metadata.resourceVersion,
    );
  for (const code of ['ENOTFOUND', 'EAI_AGAIN']) {
    names.fails = code;
    cluster.breakConnections();
    const { failures } = names;
    cluster.change('deployments.apps', 'shop', 'web', (object) => ({
      ...object,
      metadata: { ...object.metadata, annotations: { while: code } },
    }));
    await until('the name was asked for again and again', () => names.failures > failures + 3);
    names.fails = undefined;
    await until('what happened meanwhile is recorded', isRecorded);
  }
  await recording.end();
  assert.deepEqual(recordedVersions(records), trueVersions(cluster, STORAGES));
  for (const [key, lines] of recordedLines(records)) {
    const [uid = '', container = ''] = key.split('/');
    assert.deepEqual(lines, trueLines(cluster, uid, container).slice(0, lines.length), key);
  }
  const known = records.flatMap((record) =>
    record.kind === 'gap' && record.gap.certainty === 'known' ? [record.gap] : [],
  );
  assert.deepEqual(known, []);
});
