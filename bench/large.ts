import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../src/cli/context.ts';
import { loadConnection } from '../src/kube/connection.ts';
import { Cluster } from '../test/cluster/cluster.ts';
import { makeChanges } from './large/changes.ts';
import { fleetPod, makeFleet } from './large/fleet.ts';
import { Meter } from './large/meter.ts';
import { buildInformer, faro, informer, kubectl, type WatchPlace } from './large/programs.ts';
import { quantile, type Row, table } from './large/table.ts';
import { Watcher, type WatcherProgram } from './large/watcher.ts';

/**
 * A namespace of many pods in a cluster of many types: what it takes to watch it, faro beside client-go's informers and
 * kubectl, one after the other against the same API server (a cluster of its own, which stays up). Prints a Markdown table.
 */
const { values } = parseArgs({
  options: {
    pods: { type: 'string', default: '10000' },
    types: { type: 'string', default: '300' },
    changes: { type: 'string', default: '2000' },
    /** A second. */
    rate: { type: 'string', default: '200' },
    /** Parts of the names of those that are to be measured. */
    only: { type: 'string', default: '' },
    /** The number of the cluster. */
    cluster: { type: 'string', default: '5' },
  },
});
const pods = Number(values.pods);
const namespace = `fleet-${pods}`;
const cluster = await Cluster.start({ number: Number(values.cluster) });
const connection = await loadConnection({
  kubeconfig: cluster.kubeconfig,
  env: {},
  clock: systemClock,
  interactive: false,
});
const informerPath = await buildInformer();
const web = await makeFleet(connection, { namespace, pods, types: Number(values.types) });
const folder = mkdtempSync(join(tmpdir(), 'faro-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
// Whoever ends the bench ends the watcher that runs, too.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const metadata = await measure((place) => informer(informerPath, place, 'metadata'));
const same = await measure((place) => informer(informerPath, place, 'metadata and web'));
const story = await measure((place) => faro(['deployment/web'], place));
const whole = await measure((place) => informer(informerPath, place, 'whole'));
const fleet = await measure((place) => faro(['configmap/fleet', 'deployment/web'], place));
const shown = await measure((place) => kubectl(cluster.kubectlPath, place, web.at(-1) ?? ''));
const rows = [metadata, same, story, whole, fleet, shown].filter((row) => row !== undefined);
const pairs = [[story, metadata] as const, [story, same] as const, [fleet, whole] as const].flatMap(([own, peer]) =>
  own === undefined || peer === undefined ? [] : [[own, peer] as const],
);
const load = loadavg().map((value) => value.toFixed(0));
const title = `${pods} pods, ${values.types} types more, ${values.changes} changes, load ${load.join(' ')}`;
process.stdout.write(table(title, rows, pairs));

/** Starts a watcher, makes the changes, and sees what that took. */
async function measure(programAt: (place: WatchPlace) => WatcherProgram): Promise<Row | undefined> {
  await using meter = await Meter.start(connection.server);
  const kubeconfig = meter.kubeconfig(cluster.kubeconfig, join(folder, 'kubeconfig'));
  const program = programAt({ kubeconfig, namespace, folder });
  if (!values.only.split(',').some((word) => program.name.includes(word))) return undefined;
  const watcher = await Watcher.start(program, process.env);
  await watcher.rests();
  const synced = { cpuMs: watcher.cpuMs, bytes: meter.bytes };
  const count = Number(values.changes);
  // Every tenth change is one of web's pods: of these the time to notice is told, for everyone.
  const podOf = (index: number) =>
    (index % 10 === 0 ? web[(index / 10) % web.length] : undefined) ?? fleetPod(index % pods);
  const sent = await makeChanges({ connection, namespace, podOf, count, rate: Number(values.rate) });
  await watcher.rests();
  const { cpuMs, peakMiB } = watcher;
  const bytes = meter.bytes;
  const seen = await watcher.end();
  const delays = [...sent].flatMap(([version, { sentAt, pod }]) => {
    if (!web.includes(pod)) return [];
    const at = seen.get(version);
    if (at === undefined) throw new Error(`${program.name} did not notice resourceVersion ${version} of ${pod}`);
    return [at - sentAt];
  });
  const row = {
    name: program.name,
    foundMs: await watcher.foundMs(web),
    syncMs: watcher.syncMs,
    syncCpuMs: synced.cpuMs,
    syncMB: synced.bytes / 1e6,
    peakMiB,
    cpuUsPerChange: ((cpuMs - synced.cpuMs) * 1000) / count,
    bytesPerChange: (bytes - synced.bytes) / count,
    noticeMs: { median: quantile(delays, 0.5), p99: quantile(delays, 0.99) },
  };
  // A run of many changes takes long: what is known is told at once.
  process.stderr.write(`${JSON.stringify(row)}\n`);
  return row;
}
