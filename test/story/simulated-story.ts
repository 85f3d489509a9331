import { join } from 'node:path';
import { systemClock } from '../../src/cli/context.ts';
import { SimulatedClock } from '../../src/demo/clock.ts';
import { DemoCluster } from '../../src/demo/cluster.ts';
import { DirectClient } from '../../src/demo/direct-client.ts';
import { seededRandom } from '../../src/demo/random.ts';
import { playFailedRollout, prepareShop } from '../../src/demo/scenario.ts';
import { JournalWriter } from '../../src/journal/writer.ts';
import { discover } from '../../src/kube/discovery.ts';
import type { JournalRecord } from '../../src/model/record.ts';
import { Recorder } from '../../src/record/record.ts';
import { createRedactor } from '../../src/redact/redactor.ts';
import { VERSION } from '../../src/version.ts';
import { temporaryFolder } from '../folder.ts';
import { kept } from '../logs/kept.ts';
import { WEB } from '../record/harness.ts';

/** Lets everything that can go on without time passing do so. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 12; turns += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** The journal of a whole recording: a rollout that crashes and is rolled back, on simulated time. Returns its folder. */
export async function simulatedJournal(seed = 1): Promise<string> {
  const clock = new SimulatedClock();
  const cluster = await DemoCluster.start({ clock, seed });
  const client = new DirectClient(cluster.api);
  const first = new AbortController();
  const discovering = discover(client, first.signal);
  await clock.advance(100, settle);
  const records: JournalRecord[] = [];
  const recorder = new Recorder({
    client,
    discovery: await discovering,
    sink: {
      append: (record) => void records.push(kept(record)),
      drained: async () => undefined,
      sync: async () => undefined,
    },
    redactor: createRedactor({ key: Buffer.alloc(32), enabled: true, managedFields: false }),
    clock,
    random: seededRandom(seed),
    log: { info: () => undefined, warn: () => undefined },
    start: {
      id: '01a20d89-78c0-76e0-a13b-e013a596b798',
      generator: `faro ${VERSION}`,
      cluster: { version: 'v1.37.2', uid: null, server: 'https://simulated' },
      roots: [WEB],
      options: {},
    },
    types: [cluster.type('deployments.apps')],
    logs: { maxStreams: 50 },
    streamingList: true,
    end: { until: undefined, forMs: undefined, timeoutMs: undefined, settleMs: 0 },
    drainMs: 5000,
  });
  prepareShop(cluster);
  cluster.run();
  const running = recorder.run(first.signal, new AbortController().signal);
  await clock.advance(1000, settle);
  let isPlayed = false;
  void playFailedRollout(cluster, first.signal).then(() => {
    isPlayed = true;
  });
  while (!isPlayed) await clock.advance(500, settle);
  first.abort();
  let isOver = false;
  void running.finally(() => {
    isOver = true;
  });
  while (!isOver) await clock.advance(500, settle);
  await running;
  await cluster[Symbol.asyncDispose]();
  return await journalOf(records);
}

export async function journalOf(records: readonly JournalRecord[]): Promise<string> {
  const journal = join(temporaryFolder('simulated'), 'journal');
  await using writer = await JournalWriter.create(journal, { clock: systemClock });
  for (const record of records) writer.append(record);
  return journal;
}
