import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../src/cli/context.ts';
import { DemoCluster } from '../../src/demo/cluster.ts';
import type { SimulatedCluster } from '../../src/demo/simulated-cluster.ts';
import { createClient } from '../../src/kube/client.ts';
import type { Connection } from '../../src/kube/connection.ts';
import { discover } from '../../src/kube/discovery.ts';
import { asTimestamped, CriJoiner } from '../../src/logs/cri-lines.ts';
import { linesOf } from '../../src/logs/lines.ts';
import { instanceKey } from '../../src/model/instance.ts';
import type { JournalRecord, Root } from '../../src/model/record.ts';
import type { ResourceType } from '../../src/model/resource.ts';
import type { EndConditions, RecordResult } from '../../src/record/end.ts';
import { Recorder, type RecordOptions } from '../../src/record/record.ts';
import { createRedactor } from '../../src/redact/redactor.ts';
import { kept } from '../logs/kept.ts';
import { WEB } from './root.ts';

export { WEB };

/** A recording of the simulated cluster, in process, over the real wire, into memory. */
export interface Recording {
  readonly cluster: DemoCluster;
  readonly records: JournalRecord[];
  /** Ends it well and waits for its end. */
  end(): Promise<RecordResult>;
  readonly result: Promise<RecordResult>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface RecordingOptions {
  readonly prepare?: (cluster: DemoCluster) => void;
  readonly roots?: readonly Root[];
  readonly end?: Partial<EndConditions>;
  readonly options?: Partial<RecordOptions>;
  /** Of the roots, where the cluster does not serve them yet. */
  readonly types?: readonly ResourceType[];
  readonly token?: string;
  /** Another way to the cluster than its own. */
  readonly connection?: (own: Connection) => Connection;
}

export async function startRecording({
  prepare,
  roots = [WEB],
  end,
  options,
  types,
  token,
  connection = (own) => own,
}: RecordingOptions = {}): Promise<Recording> {
  const cluster = await DemoCluster.start({ clock: systemClock, seed: 7 });
  const client = createClient(connection(cluster.connection(token)), { clock: systemClock });
  const first = new AbortController();
  prepare?.(cluster);
  const discovery = await discover(client, first.signal);
  cluster.run();
  const records: JournalRecord[] = [];
  const synced = Promise.withResolvers<void>();
  const log = { info: () => synced.resolve(), warn: () => undefined };
  const start = {
    id: '01a20d89-78c0-76e0-a13b-e013a596b798',
    generator: 'faro test',
    cluster: { version: '', uid: null, server: client.server },
    roots,
    options: {},
  };
  const recorder = new Recorder({
    client,
    discovery,
    sink: {
      append: (record) => void records.push(kept(record)),
      drained: async () => undefined,
      sync: async () => undefined,
    },
    redactor: createRedactor({ key: Buffer.alloc(32), enabled: true, managedFields: true }),
    clock: systemClock,
    random: () => 0,
    log,
    start,
    types:
      types ?? roots.map((root) => cluster.type(root.group === '' ? root.resource : `${root.resource}.${root.group}`)),
    logs: { maxStreams: 50 },
    streamingList: true,
    related: false, // told apart in related.test.ts
    end: { until: undefined, forMs: undefined, timeoutMs: undefined, settleMs: 0, ...end },
    drainMs: 120_000, // it ends once all is read, which a busy machine takes long for
    ...options,
  });
  const result = recorder.run(first.signal, new AbortController().signal);
  result.catch(() => undefined); // told to whoever awaits it
  // The recorder says when every first list was answered.
  await Promise.race([synced.promise, result.catch(() => undefined)]);
  return {
    cluster,
    records,
    result,
    end() {
      first.abort();
      return result;
    },
    async [Symbol.asyncDispose]() {
      first.abort();
      await result.catch(() => undefined);
      await client[Symbol.asyncDispose]();
      await cluster[Symbol.asyncDispose]();
    },
  };
}

/** Waits until a condition holds; fails with its name before the runner ends the test without it. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries += 1) {
    if (tries > 20_000) throw new Error(`waited in vain until ${what}`);
    await sleep(10);
  }
}

/** The resourceVersions that were recorded of each object, by kind and name, in order. */
export function recordedVersions(records: readonly JournalRecord[]): Map<string, string[]> {
  const versions = new Map<string, string[]>();
  for (const record of records) {
    // A deletion that nobody saw is told with the last known state once more.
    if (record.kind !== 'object' || record.action === 'deletedUnseen') continue;
    const { kind, metadata } = record.object;
    const key = `${kind}/${metadata.name}/${metadata.uid}`;
    versions.set(key, [...(versions.get(key) ?? []), metadata.resourceVersion]);
  }
  return versions;
}

/** The same, as the store's own history tells it, from a position on. */
export function trueVersions(cluster: SimulatedCluster, storages: readonly string[], from = 0): Map<string, string[]> {
  const versions = new Map<string, string[]>();
  for (const storage of storages) {
    for (const { object } of cluster.store.since(cluster.type(storage), from) ?? []) {
      const key = `${object.kind}/${object.metadata.name}/${object.metadata.uid}`;
      versions.set(key, [...(versions.get(key) ?? []), object.metadata.resourceVersion]);
    }
  }
  return versions;
}

/** The lines that were recorded of each container instance, in order, streams that were disowned left out. */
export function recordedLines(records: readonly JournalRecord[]): Map<string, string[]> {
  const owners = new Map<number, string | null>();
  for (const record of records) {
    if (record.kind === 'streamOpened') owners.set(record.stream, instanceKey(record.instance));
    if (record.kind === 'streamClosed')
      owners.set(record.stream, record.boundTo === null ? null : instanceKey(record.boundTo));
  }
  const lines = new Map<string, string[]>();
  const joiners = new Map<string, CriJoiner>();
  for (const record of records) {
    const owner = record.kind === 'log' ? owners.get(record.stream) : undefined;
    if (record.kind !== 'log' || owner === undefined || owner === null) continue;
    const joiner = joiners.get(owner) ?? new CriJoiner();
    joiners.set(owner, joiner);
    const bytes = record.format === 'cri' ? asTimestamped(joiner, record.bytes).bytes : record.bytes;
    lines.set(owner, [...(lines.get(owner) ?? []), ...[...linesOf(bytes)].map(String)]);
  }
  return lines;
}

/** The log of a container's newest instance, as the simulated kubelet has it. */
export function trueLines(cluster: SimulatedCluster, podUid: string, container: string): string[] {
  const log = cluster.api.log(podUid, container, false);
  return (log?.lines ?? []).map(({ time, text }) => `${time} ${text}`);
}
