import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { FaroError, messageOf } from '../model/errors.ts';
import type { Source } from './merge.ts';
import { comparePlaces, isBefore } from './order.ts';
import { PartCursor, writePart } from './part.ts';

/** As many logs are merged at once as keep a block each in memory without harm (64 KiB a block). */
const FAN_IN = 400;

/** Where merged parts of a story may be written to until it is made. */
export interface Scratch extends AsyncDisposable {
  /** Merges some sources into one that is read from the disk. */
  spill(sources: readonly Source[]): Promise<Source>;
  /** Throws FaroError `output` where fewer bytes are free. */
  require(bytes: number): Promise<void>;
}

/**
 * Where more logs are under way at one moment than may be open, they are merged in parts first. `bytes` is what all of
 * them take as entries; there must be room for it, and for the story beside it.
 */
export async function limitFanIn(
  logs: readonly Source[],
  { scratch, bytes, fanIn = FAN_IN }: { scratch: Scratch; bytes: number; fanIn?: number },
): Promise<readonly Source[]> {
  if (mostAtOnce(logs) <= fanIn) return logs;
  await scratch.require(2 * bytes);
  const ordered = logs.toSorted((a, b) => comparePlaces(a.from, b.from));
  const merged: Source[] = [];
  for (let first = 0; first < ordered.length; first += fanIn)
    merged.push(await scratch.spill(ordered.slice(first, first + fanIn)));
  return limitFanIn(merged, { scratch, bytes, fanIn });
}

/** How many of some sequences are under way at one moment, at most. */
function mostAtOnce(sources: readonly Source[]): number {
  const ends = sources.map(({ until }) => until).sort(comparePlaces);
  let ended = 0;
  let most = 0;
  for (const [begun, { from }] of sources.toSorted((a, b) => comparePlaces(a.from, b.from)).entries()) {
    for (let end = ends[ended]; end !== undefined && isBefore(end, from); end = ends[ended]) ended += 1;
    most = Math.max(most, begun + 1 - ended);
  }
  return most;
}

/** Parts in a folder of its own, which goes with them; made when the first part is. */
export class ScratchFolder implements Scratch {
  readonly #parent: string;
  #folder: string | undefined;
  readonly #cursors: PartCursor[] = [];
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

  async spill(sources: readonly Source[]): Promise<Source> {
    try {
      this.#folder ??= await mkdtemp(join(this.#parent, '.faro-parts-'));
      const path = join(this.#folder, String(this.#parts++));
      const part = await writePart(path, sources);
      return { ...part, open: () => this.#open(path) };
    } catch (cause) {
      if (cause instanceof FaroError) throw cause;
      throw new FaroError('output', `a part of the story could not be written: ${messageOf(cause)}`, { cause });
    }
  }

  #open(path: string): PartCursor {
    const cursor = new PartCursor(path);
    this.#cursors.push(cursor);
    return cursor;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const cursor of this.#cursors) await cursor.close();
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
  }
}
