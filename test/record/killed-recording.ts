import { SimulatedClock } from '../../src/demo/clock.ts';
import { DirectClient } from '../../src/demo/direct-client.ts';
import { SimulatedCluster, type SimulatedClusterOptions } from '../../src/demo/simulated-cluster.ts';
import type { JournalEntry } from '../../src/journal/reader.ts';
import { discover } from '../../src/kube/discovery.ts';
import type { LogRouteChoice } from '../../src/logs/route-chooser.ts';
import type { JournalRecord, LogRecord } from '../../src/model/record.ts';
import { Past, type PastSource } from '../../src/record/past.ts';
import { Recorder } from '../../src/record/record.ts';
import { createRedactor } from '../../src/redact/redactor.ts';
import type { JournalSource } from '../../src/story/survey.ts';
import { kept } from '../logs/kept.ts';
import { WEB } from './root.ts';
import { CLUSTER, gunzip, ID, LEAST_ROTATION_BYTES, settle, through } from './simulated-recording.ts';
import { type ReadStory, readAssembled } from './simulation/story.ts';

export interface KilledRecordingOptions extends Omit<SimulatedClusterOptions, 'clock'> {
  readonly prepare: (cluster: SimulatedCluster) => void;
  readonly route?: LogRouteChoice;
  readonly crowd?: number;
  readonly related?: boolean;
}

/** Recordings of one simulated cluster that are killed and resumed, on one journal in memory. */
export class KilledRecording implements AsyncDisposable {
  readonly cluster: SimulatedCluster;
  readonly clock = new SimulatedClock();
  records: JournalRecord[] = [];
  readonly #options: KilledRecordingOptions;
  #stop = new AbortController();
  #listed = 1;
  #running: Promise<unknown> = Promise.resolve();
  /** When every first list of the first recorder was answered. */
  listedAt = Number.POSITIVE_INFINITY;
  /** Of the recorder's machine, in milliseconds. */
  skewMs = 0;

  private constructor(options: KilledRecordingOptions) {
    this.#options = options;
    this.cluster = new SimulatedCluster({ ...options, clock: this.clock });
  }

  static async start(options: KilledRecordingOptions): Promise<KilledRecording> {
    const recording = new KilledRecording(options);
    options.prepare(recording.cluster);
    recording.cluster.run();
    await recording.advance(5000);
    await recording.#record(undefined);
    return recording;
  }

  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms, settle);
  }

  through<T>(work: Promise<T>): Promise<T> {
    return through(this.clock, work);
  }

  /** Nothing more reaches the journal, which loses its last records too, but for the first lists: they were not synced. */
  async kill(unsynced = 0): Promise<void> {
    const synced = this.records.slice(0, Math.max(this.#listed, this.records.length - unsynced));
    this.records = []; // what the dying recorder still says goes nowhere
    this.#stop.abort();
    await this.through(this.#running.catch(() => undefined));
    this.records = synced;
  }

  /** Another recorder goes on with the journal. */
  async resume(): Promise<Past> {
    const past = await this.through(Past.read(sourceOf(this.records)));
    await this.#record(past);
    return past;
  }

  async end(): Promise<void> {
    this.#stop.abort();
    await this.through(this.#running);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.through(this.#running.catch(() => undefined));
    await this.cluster[Symbol.asyncDispose]();
  }

  async #record(past: Past | undefined): Promise<void> {
    const { cluster, records } = this;
    const { route = 'auto', crowd, related } = this.#options;
    this.#stop = new AbortController();
    const client = new DirectClient(cluster.api);
    const discovery = await this.through(discover(client, this.#stop.signal));
    const recorder = new Recorder({
      client,
      discovery,
      sink: {
        append: (record) => void records.push(kept(record)),
        drained: async () => undefined,
        sync: async () => undefined,
      },
      redactor: createRedactor({ key: Buffer.alloc(32), enabled: false, managedFields: true }),
      clock: { now: () => this.clock.now() + this.skewMs, sleep: (ms, signal) => this.clock.sleep(ms, signal) },
      random: () => 0,
      log: { info: () => undefined, warn: () => undefined },
      start: { id: ID, generator: 'faro test', cluster: CLUSTER, roots: [WEB], options: {} },
      types: [cluster.type('deployments.apps')],
      gunzip,
      logs: { maxStreams: 50, route, leastRotationBytes: LEAST_ROTATION_BYTES },
      streamingList: true,
      ...(crowd === undefined ? {} : { crowd }),
      ...(related === undefined ? {} : { related }),
      end: { until: undefined, forMs: undefined, timeoutMs: undefined, settleMs: 0 },
      drainMs: 5000,
      past,
    });
    const { signal } = this.#stop;
    this.#running = recorder.run(signal, signal.aborted ? signal : new AbortController().signal);
    this.#running.catch(() => undefined); // told to whoever ends it
    await this.through(recorder.synced);
    if (past !== undefined) return;
    this.listedAt = this.clock.now();
    this.#listed = records.length;
  }
}

/** The story of a journal in memory. */
export async function storyOf(records: readonly JournalRecord[]): Promise<ReadStory> {
  const source = sourceOf(records);
  const journal: JournalSource = {
    async *records() {
      for await (const { position: seq, record } of source.records())
        yield {
          seq,
          position: { segment: 1, offset: seq, length: 1 },
          record: { ...record, byteLength: 0 } as JournalEntry['record'],
        };
    },
    readLog: ({ offset }) => source.readLog(offset),
    damage: [],
  };
  return readAssembled(journal);
}

/** The journal as its reader gives it. */
export function sourceOf(records: readonly JournalRecord[]): PastSource<number> {
  return {
    async *records() {
      for (const [position, record] of records.entries()) yield { position, record };
    },
    async readLog(position) {
      return records[position] as LogRecord;
    },
  };
}
