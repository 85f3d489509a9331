import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { FaroError, messageOf } from '../model/errors.ts';
import { DocumentText } from './document-text.ts';
import { type Cursor, type EntrySink, merge, type Source } from './merge.ts';
import { comparePlaces, isBefore, NOWHERE, type Place } from './order.ts';

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
      return { ...part, open: () => new PartCursor(path) };
    } catch (cause) {
      if (cause instanceof FaroError) throw cause;
      throw new FaroError('output', `a part of the story could not be written: ${messageOf(cause)}`, { cause });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
  }
}

async function writePart(path: string, sources: readonly Source[]): Promise<{ from: Place; until: Place }> {
  await using file = await open(path, 'wx', 0o600);
  const sink = new PartSink(new DocumentText((chunk) => file.appendFile(chunk)));
  await merge(sources, sink);
  await sink.flush();
  const [froms, untils] = [sources.map(({ from }) => from), sources.map(({ until }) => until)];
  return { from: froms.sort(comparePlaces)[0] ?? NOWHERE, until: untils.sort(comparePlaces).at(-1) ?? NOWHERE };
}

/** Writes `SECOND NANOSECOND STEPS ORDER CONTAINER JSON` a line: what is needed to merge it again. */
class PartSink implements EntrySink {
  readonly #text: DocumentText;

  constructor(text: DocumentText) {
    this.#text = text;
  }

  get isFull(): boolean {
    return this.#text.isFull;
  }

  entry(): never {
    throw new Error('only logs are merged in parts');
  }

  line(container: number, json: string, { second, nanosecond, steps, order }: Place): void {
    this.#text.addBytes(`${second} ${nanosecond} ${steps} ${order} ${container} ${json}\n`);
  }

  flush(): Promise<void> {
    return this.#text.flush();
  }
}

const SPACE = 32;

/** Reads a part in pieces. */
class PartCursor implements Cursor {
  second = 0;
  nanosecond = 0;
  steps = 0;
  order = 0;
  #container = 0;
  #json = '';
  readonly #pieces: AsyncIterator<Buffer>;
  #piece: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(path: string) {
    this.#pieces = createReadStream(path, { highWaterMark: 256 * 1024 })[Symbol.asyncIterator]();
  }

  async load(): Promise<boolean> {
    while (!this.#advance()) {
      const { value, done } = await this.#pieces.next();
      if (done === true) return false;
      const rest = this.#piece.subarray(this.#at);
      this.#piece = rest.length === 0 ? value : Buffer.concat([rest, value]);
      this.#at = 0;
    }
    return true;
  }

  drain(sink: EntrySink, limit: Place | undefined): boolean {
    do {
      sink.line(this.#container, this.#json, this);
      if (!this.#advance()) return true;
    } while (!sink.isFull && (limit === undefined || isBefore(this, limit)));
    return false;
  }

  #advance(): boolean {
    const end = this.#piece.indexOf(10, this.#at);
    if (end === -1) return false;
    this.second = this.#number();
    this.nanosecond = this.#number();
    this.steps = this.#number();
    this.order = this.#number();
    this.#container = this.#number();
    // Not a part of a greater string, which it would keep in memory where a verdict keeps the last lines.
    this.#json = this.#piece.toString('latin1', this.#at, end);
    this.#at = end + 1;
    return true;
  }

  /** The digits up to the next space. */
  #number(): number {
    let value = 0;
    for (;;) {
      const code = this.#piece[this.#at++] ?? SPACE;
      if (code === SPACE) return value;
      value = value * 10 + code - 48;
    }
  }
}
