import { mkdtemp, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { FaroError, messageOf } from '../model/errors.ts';
import { Dealer } from './dealer.ts';
import type { Source } from './merge.ts';
import { BEHIND_ALL, comparePlaces, isBefore, NOWHERE, type Place } from './order.ts';
import { dealPart, PartCursor, PartMemory } from './part.ts';
import { PartWriter } from './part-writer.ts';
import { temporary } from './temporary.ts';

/** As many logs are merged at once as hold less than this in memory, a block each. */
const MEMORY = 24 * 1024 * 1024;

/** Where the lines of a story may be written to until it is made. */
export interface Scratch extends AsyncDisposable {
  /** Deals the lines of some logs out to sources that follow each other, each of which takes about as much memory as said. */
  spill(sources: readonly Source[], memory: number): Promise<readonly Source[]>;
  /** Throws FaroError `output` where fewer bytes are free. */
  require(bytes: number): Promise<void>;
}

/**
 * Where more logs are under way at one moment than may be open, their lines are dealt out to parts of the timeline first,
 * each of which is then put in order in memory. There must be room for them, and for the story beside them.
 */
export async function limitFanIn(
  logs: readonly Source[],
  { scratch, memory = MEMORY }: { scratch: Scratch; memory?: number },
): Promise<readonly Source[]> {
  if (logs.length < 2 || mostAtOnce(logs) <= memory) return logs;
  await scratch.require(2 * bytesOf(logs));
  return scratch.spill(logs, memory);
}

function bytesOf(sources: readonly Source[]): number {
  return sources.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** The memory that some sequences hold at one moment, at most. */
function mostAtOnce(sources: readonly Source[]): number {
  const ends = sources.toSorted((a, b) => comparePlaces(a.until, b.until));
  let ended = 0;
  let held = 0;
  let most = 0;
  for (const { from, memory } of sources.toSorted((a, b) => comparePlaces(a.from, b.from))) {
    held += memory;
    for (let end = ends[ended]; end !== undefined && isBefore(end.until, from); end = ends[ended]) {
      held -= end.memory;
      ended += 1;
    }
    most = Math.max(most, held);
  }
  return most;
}

interface Between {
  readonly from: Place;
  readonly until: Place;
}

/** Parts in a folder of its own, which goes with them; made when the first part is. */
export class ScratchFolder implements Scratch {
  readonly #parent: string;
  readonly #memory = new PartMemory();
  #folder: string | undefined;
  #removal: Disposable | undefined;
  #parts = 0;

  /** @param parent folder in which the story will stand. */
  constructor(parent: string) {
    this.#parent = parent;
  }

  async require(bytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.#parent);
    if (bavail * bsize >= bytes) return;
    const [needed, free] = [bytes, bavail * bsize].map((size) => `${Math.ceil(size / 2 ** 20)} MiB`);
    throw new FaroError('output', `${this.#parent}: the story takes ${needed} while it is made, and ${free} are free`, {
      hint: 'free some space, or write the story elsewhere',
    });
  }

  async spill(sources: readonly Source[], memory: number): Promise<readonly Source[]> {
    try {
      if (this.#folder === undefined) {
        this.#folder = await mkdtemp(join(this.#parent, '.faro-parts-'));
        this.#removal = temporary(this.#folder);
      }
      const cuts = cutsOf(sources, Math.max(memory / 2, bytesOf(sources) / MOST_PARTS));
      return await this.#deal({ cuts, from: NOWHERE, until: BEHIND_ALL }, memory, (dealer) =>
        dealLogs(sources, dealer),
      );
    } catch (cause) {
      if (cause instanceof FaroError) throw cause;
      throw new FaroError('output', `a part of the story could not be written: ${messageOf(cause)}`, { cause });
    }
  }

  async #deal(
    { cuts, from, until }: Between & { readonly cuts: readonly Place[] },
    memory: number,
    run: (dealer: Dealer) => Promise<void>,
  ): Promise<readonly Source[]> {
    const parts: PartWriter[] = [];
    {
      using writers = new DisposableStack();
      for (let part = 0; part <= cuts.length; part += 1)
        parts.push(writers.use(new PartWriter(join(this.#folder ?? '', String(this.#parts++)))));
      const dealer = new Dealer(cuts, parts);
      await run(dealer);
      dealer.end();
    }
    const sources: Source[] = [];
    for (const [index, writer] of parts.entries())
      sources.push(
        ...(await this.#sourcesOf(writer, { from: cuts[index - 1] ?? from, until: cuts[index] ?? until }, memory)),
      );
    return sources;
  }

  /** A part that came to be too large is dealt out once more, to such as its lines suggest. */
  async #sourcesOf(writer: PartWriter, { from, until }: Between, memory: number): Promise<readonly Source[]> {
    const { part } = writer;
    if (part.lines === 0) return [];
    const pieces = Math.min(MOST_PARTS, Math.ceil((2 * part.bytes) / memory));
    const cuts = part.bytes <= memory ? [] : writer.cuts(pieces);
    if (cuts.length > 0) return this.#deal({ cuts, from, until }, memory, (dealer) => dealPart(part, dealer));
    const size = { memory: part.bytes, bytes: part.bytes };
    return [{ from, until, ...size, open: () => new PartCursor(part, this.#memory) }];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#removal?.[Symbol.dispose]();
  }
}

/** Open files, each with its memory to write from. */
const MOST_PARTS = 128;

async function dealLogs(sources: readonly Source[], dealer: Dealer): Promise<void> {
  for (const source of sources) {
    const cursor = source.open();
    while (await cursor.load()) while (!cursor.drain(dealer, undefined)) await dealer.flush();
  }
}

/** Cuts the time of some logs where as much of them lies between two cuts as said, if each is spread over its time evenly. */
function cutsOf(sources: readonly Source[], bytes: number): readonly Place[] {
  const steps = sources
    .flatMap(({ from, until, bytes: size }) => {
      const [begin, end] = [timeOf(from), timeOf(until)];
      const rate = size / Math.max(end - begin, 1e-3);
      return [
        { time: begin, rate },
        { time: Math.max(end, begin + 1e-3), rate: -rate },
      ];
    })
    .sort((a, b) => a.time - b.time);
  const cuts: Place[] = [];
  let [rate, last, sum] = [0, steps[0]?.time ?? 0, 0];
  for (const step of steps) {
    for (let missing = bytes - sum; rate > 0 && missing < rate * (step.time - last); missing = bytes) {
      last += missing / rate;
      sum = 0;
      cuts.push({ ...NOWHERE, second: Math.floor(last), nanosecond: Math.floor((last % 1) * 1e9) });
    }
    sum += Math.max(0, rate) * (step.time - last);
    last = step.time;
    rate += step.rate;
  }
  return cuts;
}

function timeOf({ second, nanosecond }: Place): number {
  return second + nanosecond / 1e9;
}
