import { constants, gunzipSync } from 'node:zlib';
import { SimulatedClock } from '../../src/demo/clock.ts';
import { DirectClient } from '../../src/demo/direct-client.ts';
import { SimulatedCluster, type SimulatedClusterOptions } from '../../src/demo/simulated-cluster.ts';
import { JournalReader } from '../../src/journal/reader.ts';
import { JournalWriter, type JournalWriterOptions } from '../../src/journal/writer.ts';
import { type Discovery, discover } from '../../src/kube/discovery.ts';
import type { LogRouteChoice } from '../../src/logs/route-chooser.ts';
import type { JournalRecord } from '../../src/model/record.ts';
import type { ResourceType } from '../../src/model/resource.ts';
import type { Clock } from '../../src/model/time.ts';
import type { EndConditions, RecordResult } from '../../src/record/end.ts';
import { Past } from '../../src/record/past.ts';
import { Recorder } from '../../src/record/record.ts';
import type { RecordLog } from '../../src/record/record-log.ts';
import { createRedactor } from '../../src/redact/redactor.ts';
import { FaultyDisk } from '../journal/faulty-disk.ts';
import { kept } from '../logs/kept.ts';
import { WEB } from './root.ts';
import { JOURNAL } from './simulation/story.ts';

export interface SimulatedRecordingOptions extends Omit<SimulatedClusterOptions, 'clock'> {
  /** What exists before the recording. */
  readonly prepare?: (cluster: SimulatedCluster) => void;
  /** Milliseconds that the recorder's clock is ahead. */
  readonly skewMs?: number;
  readonly random?: () => number;
  readonly streamingList?: boolean;
  readonly crossAfter?: number;
  /** As the recorder's own option. */
  readonly crowd?: number;
  readonly route?: LogRouteChoice;
  /** As the journal's own options. */
  readonly plainBytes?: number;
  readonly heldBytes?: number;
  /** Milliseconds that the cluster runs before the recording; left out: up to three seconds. */
  readonly runMs?: number;
  /** How it ends by itself. */
  readonly end?: Partial<EndConditions>;
  /** Hears what the recorder warns of. */
  readonly warn?: RecordLog['warn'];
  /** Served beside what every simulated cluster serves. */
  readonly types?: readonly ResourceType[];
}

/** A recording of a simulated cluster in this process, without a wire, on a clock that goes only when it is told to. */
export class SimulatedRecording implements AsyncDisposable {
  readonly cluster: SimulatedCluster;
  readonly records: JournalRecord[] = [];
  disk = new FaultyDisk();
  readonly clock: SimulatedClock;
  readonly #own: RecorderClock;
  readonly #how: How;
  #stop = new AbortController();
  /** Of a recorder that is killed nothing is waited for. */
  #killed = new AbortController();
  #running: Promise<RecordResult | undefined> = Promise.resolve(undefined);
  #journal: JournalWriter | undefined;
  #listedAt = Number.POSITIVE_INFINITY;

  private constructor(cluster: SimulatedCluster, clock: SimulatedClock, how: How & { readonly skewMs: number }) {
    this.cluster = cluster;
    this.clock = clock;
    this.#how = how;
    this.#own = new RecorderClock(clock, how.skewMs);
  }

  static async start(options: SimulatedRecordingOptions): Promise<SimulatedRecording> {
    const {
      prepare,
      skewMs = 0,
      random = () => 0,
      streamingList = true,
      route = 'auto',
      crossAfter,
      crowd,
      plainBytes,
      heldBytes,
      runMs,
      end = {},
      warn = () => undefined,
      types = [],
      ...world
    } = options;
    const clock = new SimulatedClock();
    const cluster = new SimulatedCluster({ ...world, clock });
    for (const type of types) cluster.serve(type);
    const how = { random, streamingList, crossAfter, route, crowd, plainBytes, heldBytes, runMs, end, warn, skewMs };
    const recording = new SimulatedRecording(cluster, clock, how);
    await recording.#begin(prepare);
    return recording;
  }

  /** When every first list was answered, in milliseconds of the API server's clock: what was past by then is before the story. */
  get listedAt(): number {
    return this.#listedAt;
  }

  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms, settle);
  }

  through<T>(work: Promise<T>): Promise<T> {
    return through(this.clock, work);
  }

  /** The recorder's machine sleeps: its clock jumps, none of its timers runs, its connections are dead. */
  async sleepThrough(ms: number): Promise<void> {
    this.#own.fallAsleep();
    this.cluster.api.server.goDown();
    await this.advance(ms);
    this.cluster.api.server.comeBack();
    this.#own.wakeUp();
  }

  /** The recorder is killed; `left` is what is there of its disk. */
  async kill(left: FaultyDisk): Promise<void> {
    this.disk = left;
    this.#stop.abort(KILLED);
    this.#killed.abort();
    await this.through(this.#running.catch(() => undefined));
    await this.#journal?.close().catch(() => undefined); // on the disk as it was
  }

  /** Another recorder goes on with the journal. */
  async resume(): Promise<void> {
    this.#stop = new AbortController();
    this.#killed = new AbortController();
    const client = new DirectClient(this.cluster.api, this.#own);
    let discovery: Discovery | undefined;
    while (discovery === undefined) discovery = await this.#discovered(client);
    const reader = await JournalReader.open(JOURNAL, { fs: this.disk });
    const past = await Past.read(reader);
    if (reader.end === undefined) throw new Error('a journal that nobody can go on with');
    const journal = await JournalWriter.goOn(JOURNAL, reader.end, this.#journalOptions(client));
    await this.#record({ client, discovery, journal, past });
  }

  /** Ends the recording well. */
  end(): Promise<RecordResult | undefined> {
    this.#stop.abort();
    return this.ended();
  }

  /** Lets time pass until it has ended by itself. */
  async ended(): Promise<RecordResult | undefined> {
    const result = await this.through(this.#running);
    await this.#journal?.close();
    return result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
    await this.cluster[Symbol.asyncDispose]();
  }

  async #begin(prepare: SimulatedRecordingOptions['prepare']): Promise<void> {
    const { cluster, disk } = this;
    const client = new DirectClient(cluster.api, this.#own);
    const discovery = await this.through(discover(client, this.#stop.signal));
    prepare?.(cluster);
    cluster.run();
    await this.advance(this.#how.runMs ?? Math.floor(this.#how.random() * 3000));
    const journal = await JournalWriter.create(JOURNAL, this.#journalOptions(client));
    await disk.syncFolder('/');
    await this.#record({ client, discovery, journal });
  }

  /** undefined where the server cannot be asked now. */
  async #discovered(client: DirectClient): Promise<Discovery | undefined> {
    try {
      return await this.through(discover(client, this.#stop.signal));
    } catch {
      await this.advance(1000);
      return undefined;
    }
  }

  #journalOptions(client: DirectClient): JournalWriterOptions {
    const { plainBytes, heldBytes } = this.#how;
    const aheadMs = () => client.clockSkew?.least;
    const how = { clock: this.#own, aheadMs, fs: this.disk, syncIntervalMs: SYNC_MS, plainBytes };
    return heldBytes === undefined ? how : { ...how, heldBytes };
  }

  async #record(to: {
    readonly client: DirectClient;
    readonly discovery: Discovery;
    readonly journal: JournalWriter;
    readonly past?: Past;
  }): Promise<void> {
    const { cluster, records } = this;
    const { client, discovery, journal, past } = to;
    const how = this.#how;
    this.#journal = journal;
    const { signal } = this.#stop;
    const append = (record: JournalRecord) => {
      if (signal.reason === KILLED) return; // what a dying recorder still says goes nowhere
      records.push(kept(record));
      journal.append(record);
    };
    const recorder = new Recorder({
      client,
      discovery,
      sink: {
        append,
        drained: (until) => journal.drained(until),
        sync: (until) => journal.sync(until),
        get hold() {
          return journal.hold;
        },
      },
      redactor: createRedactor({ key: Buffer.alloc(32), enabled: false, managedFields: true }),
      clock: this.#own,
      random: how.random,
      log: { info: () => undefined, warn: how.warn },
      start: { id: ID, generator: 'faro test', cluster: CLUSTER, roots: [WEB], options: {} },
      types: [cluster.type('deployments.apps')],
      logs: { maxStreams: 50, route: how.route, leastRotationBytes: LEAST_ROTATION_BYTES },
      gunzip,
      streamingList: how.streamingList,
      ...(how.crossAfter === undefined ? {} : { crossAfter: how.crossAfter }),
      ...(how.crowd === undefined ? {} : { crowd: how.crowd }),
      end: { until: undefined, forMs: undefined, timeoutMs: undefined, settleMs: 0, ...how.end },
      drainMs: 5000,
      past,
    });
    void recorder.synced.then(() => {
      if (!signal.aborted) this.#listedAt = Math.min(this.#listedAt, this.clock.now());
    });
    this.#running = recorder.run(signal, signal.aborted ? signal : this.#killed.signal);
    this.#running.catch(() => undefined); // told to whoever ends it
    await this.advance(0);
  }
}

/** How a recording is made. */
interface How {
  readonly random: () => number;
  readonly streamingList: boolean;
  readonly crossAfter: number | undefined;
  readonly crowd: number | undefined;
  readonly plainBytes: number | undefined;
  readonly heldBytes: number | undefined;
  readonly runMs: number | undefined;
  readonly end: Partial<EndConditions>;
  readonly warn: RecordLog['warn'];
  readonly route: LogRouteChoice;
}

const KILLED = 'killed';
export const ID = '01a20d89-78c0-76e0-a13b-e013a596b798';
/** Files here are of a few kilobytes. */
export const LEAST_ROTATION_BYTES = 500;
/** More than a journal takes by itself, so that a cut strikes in between more often. */
const SYNC_MS = 1000;
export const CLUSTER = { version: '', uid: null, server: '' };

/** In this thread: what other threads do takes as long as it likes, and no seed would repeat. */
export async function* gunzip(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of body) parts.push(part);
  const bytes = Buffer.concat(parts);
  let whole: Buffer;
  try {
    whole = gunzipSync(bytes);
  } catch (error) {
    yield gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }); // where it was cut short, what came of it
    throw error;
  }
  yield whole;
}

/** Lets time pass until something is over. */
export async function through<T>(clock: SimulatedClock, work: Promise<T>): Promise<T> {
  let isOver = false;
  const end = () => {
    isOver = true;
  };
  work.then(end, end);
  await clock.advance(0, settle);
  while (!isOver) await clock.advance(1000, settle);
  return work;
}

/** Everything in the process lives on promises: Node comes to the next tick when all of them have come to rest. */
export function settle(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

/** The recorder's own clock: wrong by some time, and without timers while its machine sleeps. */
class RecorderClock implements Clock {
  readonly #clock: Clock;
  readonly #skewMs: number;
  #sleep: PromiseWithResolvers<void> | undefined;

  constructor(clock: Clock, skewMs: number) {
    this.#clock = clock;
    this.#skewMs = skewMs;
  }

  now(): number {
    return this.#clock.now() + this.#skewMs;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await this.#clock.sleep(ms, signal);
    if (this.#sleep !== undefined) await this.#sleep.promise;
  }

  fallAsleep(): void {
    this.#sleep = Promise.withResolvers();
  }

  wakeUp(): void {
    this.#sleep?.resolve();
    this.#sleep = undefined;
  }
}
