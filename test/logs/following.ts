import { gunzipSync } from 'node:zlib';
import { SimulatedClock } from '../../src/demo/clock.ts';
import type { ByteStream, LogOptions } from '../../src/kube/client.ts';
import { ApiError } from '../../src/kube/error.ts';
import { KeptFiles } from '../../src/logs/kept-files.ts';
import { InstanceLife, type InstanceView } from '../../src/logs/life.ts';
import { NodeFollower } from '../../src/logs/node-follower.ts';
import { OpenStreams } from '../../src/logs/open-streams.ts';
import { LogPasts } from '../../src/logs/past.ts';
import type { FollowEnd, LogSink } from '../../src/logs/sink.ts';
import type { Turns } from '../../src/logs/turns.ts';
import { type ContainerInstance, instanceKey } from '../../src/model/instance.ts';
import { Slots } from '../../src/model/slots.ts';
import { type Timestamp, timestampOf } from '../../src/model/time.ts';
import { recordedLines } from '../record/harness.ts';
import { FakeNode } from './fake-node.ts';
import { kept } from './kept.ts';

const instance: ContainerInstance = { podUid: 'p', namespace: 'shop', pod: 'web', container: 'app', restart: 0 };
const FLUSH_MS = 100;

type Written = Parameters<LogSink['append']>[0];

/** A follow stream that a test feeds and ends. */
export class FakeStream {
  readonly #chunks: Buffer[] = [];
  #isOver = false;
  #wake = Promise.withResolvers<void>();

  push(text: string): void {
    this.#chunks.push(Buffer.from(text));
    this.#wake.resolve();
  }

  end(): void {
    this.#isOver = true;
    this.#wake.resolve();
  }

  bytes(signal: AbortSignal): ByteStream {
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    aborted.catch(() => undefined);
    signal.addEventListener('abort', () => reject(signal.reason));
    const next = () => Promise.race([this.#wake.promise, aborted]);
    const chunks = this.#chunks;
    const isOver = () => this.#isOver;
    const sleep = () => {
      this.#wake = Promise.withResolvers();
    };
    async function* read() {
      for (;;) {
        for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) yield chunk;
        if (isOver()) return;
        await next();
        if (!isOver()) sleep();
      }
    }
    return Object.assign(read(), { [Symbol.asyncDispose]: async () => undefined }) as ByteStream;
  }
}

export interface FollowingOptions {
  readonly proxy?: string;
  readonly refuses?: boolean;
  readonly maxBytes?: number;
  /** An earlier recorder, which was killed. */
  readonly before?: Following;
  /** What it shares with the recorder's other logs. */
  readonly clock?: SimulatedClock;
  readonly proofs?: Pick<Turns, 'next'>;
}

/** One container run, read from a fake node with fake streams beside it, on a clock that goes when the test says so. */
export class Following {
  readonly clock: SimulatedClock;
  readonly node: FakeNode;
  readonly streams: { readonly request: LogOptions; readonly stream: FakeStream }[] = [];
  readonly records: Written[] = [];
  readonly life = new InstanceLife(instance, this.view('running'));
  readonly #open = new OpenStreams();
  readonly #stop = new AbortController();
  end: FollowEnd | undefined;
  #numbers: number;

  /**
   * @param how `proxy`: the node through whose proxy streams are followed; it `refuses` that, where it says so; of `maxBytes`
   * the node rotates a file; `before`: whose log it goes on with.
   */
  constructor({
    proxy,
    refuses = false,
    maxBytes = 10 * 1024 * 1024,
    before,
    clock = before?.clock ?? new SimulatedClock(),
    proofs,
  }: FollowingOptions = {}) {
    this.clock = clock;
    this.node = before?.node ?? new FakeNode();
    const pasts = new LogPasts();
    for (const record of before?.records ?? [])
      pasts.take(record.kind === 'log' ? { ...record, read: async () => record } : record);
    this.#numbers = pasts.nextStream;
    this.records.push(...(before?.records ?? []));
    const client = {
      logs: async (request: LogOptions, signal: AbortSignal) => {
        if (refuses && request.node !== undefined) throw new ApiError(403, 'not this way', { reason: 'Forbidden' });
        const stream = new FakeStream();
        this.streams.push({ request, stream });
        return stream.bytes(signal);
      },
    };
    const follower = new NodeFollower({
      life: this.life,
      client,
      files: this.node,
      folder: '',
      sink: { append: (record) => void this.records.push(kept(record)), drained: async () => undefined },
      clock: this.clock,
      streams: new Slots(5),
      proxy,
      readings: new Slots(5),
      kept: new KeptFiles(() => 5),
      rotation: () => ({}),
      nextStream: () => this.#numbers++,
      open: this.#open,
      rotatesAt: () => maxBytes,
      timeoutMs: undefined,
      gunzip: atOnce,
      past: pasts.of(instance),
      ...(proofs === undefined ? {} : { proofs }),
    });
    const ended = follower.run(this.#stop.signal).then((end) => {
      this.end = end;
    });
    ended.catch(() => undefined); // the test is over
  }

  /** A time so many milliseconds after the beginning. */
  time(ms: number): Timestamp {
    return timestampOf(Date.UTC(2026, 10, 23, 12) + ms);
  }

  view(state: InstanceView['state'], finishedAt?: Timestamp): InstanceView {
    return { state, startedAt: this.time(0), finishedAt };
  }

  /** A line of the pod log API. */
  line(ms: number, text: string): string {
    return `${this.time(ms)} ${text}\n`;
  }

  /** Puts a line into the file. */
  writeFile(ms: number, text: string): void {
    this.node.write(`${this.time(ms)} stdout F ${text}\n`);
  }

  get hasEnded(): boolean {
    return this.end !== undefined;
  }

  /** The newest stream. */
  get stream(): FakeStream {
    const newest = this.streams.at(-1);
    if (newest === undefined) throw new Error('no stream was opened');
    return newest.stream;
  }

  async advance(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += FLUSH_MS) {
      await this.clock.advance(Math.min(FLUSH_MS, ms - passed), settle);
      await this.flush();
    }
  }

  /** Writes down what streams brought. */
  async flush(): Promise<void> {
    this.#open.flush();
    await settle();
  }

  /** The lines that were recorded, and the gaps. */
  recorded() {
    const lines = recordedLines(this.records).get(instanceKey(instance)) ?? [];
    const gaps = this.records.flatMap((record) => (record.kind === 'gap' ? [record.gap] : []));
    return { lines: lines.map((line) => line.slice(31)), gaps };
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
  }
}

/** In the caller's thread: what another one does takes no simulated time. */
export async function* atOnce(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of bytes) parts.push(part);
  yield gunzipSync(Buffer.concat(parts));
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
