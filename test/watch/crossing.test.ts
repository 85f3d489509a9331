import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../src/demo/random.ts';
import type { WatchFrame } from '../../src/kube/client.ts';
import { crossOver, pastInitial, type Streamed } from '../../src/watch/crossing.ts';
import { SEED, TIMES } from '../property.ts';

const SEEDS = 500 * TIMES;
/** resourceVersions get a digit more on the way. */
const START = 93;
const CHANGES = 15;

function change(resourceVersion: number): WatchFrame {
  const metadata = { name: 'a', namespace: 'shop', uid: 'a', resourceVersion: String(resourceVersion) };
  return { type: 'MODIFIED', object: { apiVersion: 'v1', kind: 'Pod', metadata } };
}

function bookmark(resourceVersion: number | string, initialEventsEnd = false): WatchFrame {
  return { type: 'BOOKMARK', resourceVersion: String(resourceVersion), initialEventsEnd };
}

async function* framesOf(frames: readonly WatchFrame[]): AsyncGenerator<WatchFrame> {
  yield* frames;
}

/** A server whose objects change while it is watched: each stream lags behind by as much as it likes, and may break. */
class Server {
  readonly #random: () => number;
  #newest = START;
  crossings = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Every change after a position, with bookmarks in between, until all is told or it breaks. */
  async *plain(from: number): AsyncGenerator<WatchFrame> {
    for (let at = from; at < START + CHANGES; ) {
      await this.#passes();
      if (this.#random() < 0.05) throw new Error('broken');
      if (at < this.#newest) {
        at += 1;
        yield change(at);
      } else if (this.#random() < 0.3) yield bookmark(at);
    }
  }

  async *streamed(): AsyncGenerator<WatchFrame> {
    await this.#passes();
    const position = this.#newest;
    yield change(position);
    await this.#passes();
    yield bookmark(position, true);
    yield* this.plain(position);
  }

  async #passes(): Promise<void> {
    for (let turns = Math.floor(this.#random() * 8); turns > 0; turns -= 1) {
      await undefined;
      if (this.#random() < 0.2) this.#newest = Math.min(this.#newest + 1, START + CHANGES);
    }
  }
}

/** Follows a server as a reflector does, from where it was after every break; returns what it was told. */
async function follow(server: Server, crossAfter: number): Promise<readonly number[]> {
  const told: number[] = [];
  const { signal } = new AbortController();
  let at = START;
  const open = async (): Promise<Streamed | undefined> => {
    const streamed = await pastInitial(server.streamed(), () => undefined).catch(() => undefined);
    if (streamed !== undefined) server.crossings += 1;
    return streamed;
  };
  while (at < START + CHANGES) {
    const options = { resourceVersion: String(at), isDue: (changes: number) => changes >= crossAfter, open, signal };
    try {
      for await (const frame of crossOver(server.plain(at), options)) {
        if (frame.type === 'ERROR') throw frame.error;
        const position = frame.type === 'BOOKMARK' ? frame.resourceVersion : frame.object.metadata.resourceVersion;
        assert.ok(Number(position) >= at, 'a position never goes back');
        at = Number(position);
        if (frame.type !== 'BOOKMARK') told.push(at);
      }
    } catch (error) {
      if (!(error instanceof Error && error.message === 'broken')) throw error;
    }
  }
  return told;
}

test('a watch that goes over to a streaming list tells every change once and in order, wherever the two stand and break', async () => {
  const every = Array.from({ length: CHANGES }, (_, index) => START + 1 + index);
  let crossings = 0;
  for (let seed = SEED; seed < SEED + SEEDS; seed += 1) {
    const server = new Server(seededRandom(seed));
    assert.deepEqual(await follow(server, seed % 4), every, `seed ${seed}`);
    crossings += server.crossings;
  }
  assert.ok(crossings > SEEDS / 2, `${crossings} streaming lists were gone over to`);
});

test('positions that cannot be put in order are no place to go over', async () => {
  const objects: WatchFrame[] = [];
  const take = (frame: WatchFrame) => void objects.push(frame);
  assert.equal(await pastInitial(framesOf([bookmark('etag-7', true)]), take), undefined);
  const streamed = await pastInitial(framesOf([change(6), bookmark(5), change(6), bookmark(7, true)]), take);
  assert.equal(streamed?.resourceVersion, '7');
  assert.equal(objects.length, 5);
  await streamed?.frames.return(undefined);
});

test('a streaming list that is given up is closed', async () => {
  let isClosed = false;
  async function* endless(): AsyncGenerator<WatchFrame> {
    try {
      for (;;) yield change(6);
    } finally {
      isClosed = true;
    }
  }
  const take = () => {
    throw new Error('endless');
  };
  await assert.rejects(pastInitial(endless(), take), /endless/);
  assert.ok(isClosed);
});
