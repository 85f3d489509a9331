import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '../../src/demo/clock.ts';
import { measure } from '../../src/logs/blocks.ts';
import { FileWatch } from '../../src/logs/file-watch.ts';
import { InstanceLife } from '../../src/logs/life.ts';
import { StreamProof } from '../../src/logs/stream-proof.ts';
import { LogWitness } from '../../src/logs/witness.ts';
import { timestampOf } from '../../src/model/time.ts';
import { FakeStream } from './following.ts';

const instance = { podUid: 'p', namespace: 'shop', pod: 'web', container: 'app', restart: 0 };
const LIMIT = 200;
const NEVER = new AbortController().signal;

/** A log whose file may have been rotated, and when its beginning was looked at: in seconds. */
class Watched {
  readonly clock = new SimulatedClock();
  readonly looks: number[] = [];
  /** What happens while the file is looked at. */
  whileLooking: () => void = () => undefined;
  readonly #start = this.clock.now();
  readonly #proof: StreamProof;
  readonly #life: InstanceLife;
  readonly #first = timestampOf(this.clock.now());

  constructor() {
    const startedAt = this.#first;
    this.#life = new InstanceLife(instance, { state: 'running', startedAt, finishedAt: undefined });
    const sink = { append: () => undefined, drained: async () => undefined };
    const witness = new LogWitness({ life: this.#life, sink, clock: this.clock });
    this.#proof = new StreamProof({ life: this.#life, witness, clock: this.clock, limits: {}, rotatesAt: () => LIMIT });
    this.#take(LIMIT);
  }

  /** A stream is opened. */
  open(): FileWatch {
    const logs = async (_: unknown, signal: AbortSignal) => {
      this.looks.push(this.#seconds());
      this.whileLooking();
      const stream = new FakeStream();
      stream.push(`${this.#first} one\n`);
      stream.end();
      return stream.bytes(signal);
    };
    const common = { client: { logs }, life: this.#life, clock: this.clock, proof: this.#proof };
    return new FileWatch({ ...common, reach: 'current', isStuck: () => undefined }, NEVER);
  }

  /** A line comes. */
  line(watch: FileWatch): void {
    watch.heard();
    this.#take(1);
  }

  async advance(seconds: number): Promise<void> {
    for (let passed = 0; passed < seconds; passed += 1)
      await this.clock.advance(1000, () => new Promise<void>((resolve) => void setImmediate(resolve)));
  }

  #seconds(): number {
    return Math.round((this.clock.now() - this.#start) / 1000);
  }

  #take(bytes: number): void {
    const { block } = measure(Buffer.from(`${timestampOf(this.clock.now())} ${'x'.repeat(bytes)}\n`));
    assert.ok(block !== undefined);
    this.#proof.take(block);
  }
}

test('the file of a log that is idle is looked at less and less, and at once when a line comes', async () => {
  const watched = new Watched();
  using watch = watched.open();
  await watched.advance(60);
  assert.deepEqual(watched.looks, [4, 12, 28, 60]);
  await watched.advance(30);
  assert.equal(watched.looks.length, 4);
  watched.line(watch);
  await watched.advance(1);
  assert.equal(watched.looks.at(-1), 90);
  await watched.advance(4);
  assert.deepEqual(watched.looks.slice(4), [90, 94]);
});

test('a file that was not looked at for a while is looked at as soon as its log is opened again', async () => {
  const watched = new Watched();
  {
    using _first = watched.open();
    await watched.advance(5);
  }
  assert.deepEqual(watched.looks, [4]);
  await watched.advance(1);
  {
    using _soon = watched.open();
    await watched.advance(1);
  }
  assert.deepEqual(watched.looks, [4], 'it was looked at three seconds ago');
  await watched.advance(13);
  using _late = watched.open();
  await watched.advance(1);
  assert.deepEqual(watched.looks, [4, 20]);
});

test('a line that comes while the file is looked at is none of before', async () => {
  const watched = new Watched();
  using watch = watched.open();
  await watched.advance(27);
  watched.whileLooking = () => {
    if (watched.looks.length === 3) watched.line(watch);
  };
  await watched.advance(13);
  assert.deepEqual(watched.looks.slice(0, 4), [4, 12, 28, 32]);
});
