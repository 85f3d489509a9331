import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '../../src/demo/clock.ts';
import type { JournalFile, JournalFs } from '../../src/journal/fs.ts';
import { JournalWriter } from '../../src/journal/writer.ts';
import type { FileRead, NodeFiles } from '../../src/kube/node-files.ts';
import { KeptFiles } from '../../src/logs/kept-files.ts';
import { InstanceLife } from '../../src/logs/life.ts';
import { NodeFollower } from '../../src/logs/node-follower.ts';
import { OpenStreams } from '../../src/logs/open-streams.ts';
import { Slots } from '../../src/model/slots.ts';
import { timestampOf } from '../../src/model/time.ts';

const LINES_A_SECOND = 20_000;
const SECONDS = 12;
const CHUNK_LINES = 150;

/** A log file that grows by 20,000 lines a second of a simulated clock, and takes no memory. */
class BusyFile implements NodeFiles {
  readonly through = 'the test';
  readonly #clock: SimulatedClock;
  readonly #start: number;
  readonly #lineBytes: number;

  constructor(clock: SimulatedClock) {
    this.#clock = clock;
    this.#start = clock.now();
    this.#lineBytes = this.#line(0).length;
  }

  async list(): Promise<readonly string[]> {
    return ['0.log'];
  }

  async read(_file: string, from: number): Promise<FileRead> {
    const lines = Math.floor(((this.#clock.now() - this.#start) / 1000) * LINES_A_SECOND);
    const size = Math.min(lines, SECONDS * LINES_A_SECOND) * this.#lineBytes;
    if (from >= size) return { type: 'beyond', size };
    return {
      type: 'bytes',
      from,
      body: Object.assign(this.#bytes(from, size), { [Symbol.asyncDispose]: done }),
    };
  }

  async *#bytes(from: number, size: number): AsyncGenerator<Buffer> {
    for (let at = from; at < size; ) {
      const first = Math.floor(at / this.#lineBytes);
      const lines = Array.from({ length: CHUNK_LINES }, (_, index) => this.#line(first + index));
      const skipped = at - first * this.#lineBytes;
      yield Buffer.from(lines.join('')).subarray(
        skipped,
        Math.min(skipped + size - at, lines.length * this.#lineBytes),
      );
      at = (first + CHUNK_LINES) * this.#lineBytes;
    }
  }

  #line(number: number): string {
    const time = timestampOf(this.#start + Math.floor((number / LINES_A_SECOND) * 1000));
    return `${time} stdout F ${String(number).padStart(9, '0')} GET /cart ${'x'.repeat(40)}\n`;
  }
}

/** A disk that takes a while for each write, and keeps nothing. */
function slowDisk(clock: SimulatedClock, { writeMs }: { readonly writeMs: number }): JournalFs {
  const file: JournalFile = {
    append: () => clock.sleep(writeMs),
    sync: async () => undefined,
    truncate: async () => undefined,
    read: async () => Buffer.alloc(0),
    close: async () => undefined,
  };
  const files = { createFile: async () => file, openFile: async () => file, list: async () => [] };
  return { ...files, createFolder: done, syncFolder: done, remove: done, reserve: done };
}

test('20,000 lines a second never hold more in memory than a batch that is written and one that waits, also on a disk slower than they', async () => {
  for (const { writeMs, isFast } of [
    { writeMs: 1, isFast: true },
    { writeMs: 3000, isFast: false },
  ]) {
    const clock = new SimulatedClock();
    const highWaterBytes = 32 * 1024;
    const creating = JournalWriter.create('journal', { clock, fs: slowDisk(clock, { writeMs }), highWaterBytes });
    await clock.advance(60_000, settle);
    await using writer = await creating;
    const stop = new AbortController();
    let lines = 0;
    let largest = 0;
    const instance = { podUid: 'p', namespace: 'shop', pod: 'web', container: 'app', restart: 0 };
    const startedAt = timestampOf(clock.now());
    const follower = new NodeFollower({
      life: new InstanceLife(instance, { state: 'running', startedAt, finishedAt: undefined }),
      client: { logs: () => assert.fail('a busy log is read from its files') },
      files: new BusyFile(clock),
      folder: '',
      sink: {
        append(record) {
          writer.append(record);
          if (record.kind !== 'log') return;
          lines += record.lines;
          largest = Math.max(largest, record.bytes.length);
        },
        drained: (signal) => writer.drained(signal),
      },
      clock,
      streams: undefined,
      readings: new Slots(5),
      kept: new KeptFiles(() => 5),
      rotation: () => ({}),
      nextStream: () => 0,
      open: new OpenStreams(),
      rotatesAt: () => undefined,
      timeoutMs: undefined,
    });
    const ended = follower.run(stop.signal).catch(() => undefined); // stopped
    const peaks: number[] = [];
    for (let second = 0; second < SECONDS || lines < SECONDS * LINES_A_SECOND; second += 1) {
      let peak = 0;
      const look = async () => {
        await settle();
        peak = Math.max(peak, writer.bufferedBytes);
      };
      await clock.advance(1000, look);
      peaks.push(peak);
    }
    stop.abort();
    await ended;
    assert.equal(lines, SECONDS * LINES_A_SECOND);
    assert.ok(largest <= 512 * 1024, `a block has ${largest} bytes`);
    // Two batches at most: one that is being written, one that waits; and the block that went over the mark.
    const bound = 2 * (highWaterBytes + largest);
    assert.ok(Math.max(...peaks) <= bound, `${Math.max(...peaks)} bytes waited`);
    assert.equal(isFast, peaks.length <= SECONDS + 2, `${peaks.length} s`);
    const closing = writer.close();
    await clock.advance(60_000, settle);
    await closing;
  }
});

async function done(): Promise<void> {
  // nothing to let go
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
