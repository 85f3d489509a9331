import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { FaroError, messageOf } from '../model/errors.ts';
import type { Source } from './merge.ts';
import { comparePlaces, isBefore } from './order.ts';
import { PART_MEMORY, PartCursor, writePart } from './part.ts';

/** As many logs are merged at once as hold less than this in memory, a block each. */
const MEMORY = 24 * 1024 * 1024;

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
  { scratch, bytes, memory = MEMORY }: { scratch: Scratch; bytes: number; memory?: number },
): Promise<readonly Source[]> {
  if (logs.length < 2 || mostAtOnce(logs) <= memory) return logs;
  await scratch.require(2 * bytes);
  const ordered = logs.toSorted((a, b) => comparePlaces(a.from, b.from));
  const merged: Source[] = [];
  for (let first = 0; first < ordered.length; ) {
    const count = fitting(ordered, first, memory);
    merged.push(await scratch.spill(ordered.slice(first, first + count)));
    first += count;
  }
  return limitFanIn(merged, { scratch, bytes, memory });
}

/** How many of some sequences, from one on, may be open at once; never fewer than two, or there would be no end. */
function fitting(sources: readonly Source[], first: number, memory: number): number {
  let count = 0;
  for (let held = 0; first + count < sources.length; count += 1) {
    held += sources[first + count]?.memory ?? 0;
    if (held > memory && count >= 2) break;
  }
  return count;
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
      return { ...part, memory: PART_MEMORY, open: () => this.#open(path) };
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
