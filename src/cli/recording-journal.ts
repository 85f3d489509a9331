import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { checkFolder } from '../journal/folder.ts';
import { JournalLock } from '../journal/lock.ts';
import { JournalReader } from '../journal/reader.ts';
import { segmentName, segmentNumbers } from '../journal/segment.ts';
import { JournalWriter, type JournalWriterOptions } from '../journal/writer.ts';
import type { StartRecord } from '../model/record.ts';
import { millisecondsOf } from '../model/time.ts';
import type { EndConditions } from '../record/end.ts';
import { Past } from '../record/past.ts';
import { type CaptureState, notResumable, readState, writeState } from './capture-state.ts';
import type { CaptureOptions } from './options.ts';

/** The journal that a recording writes to; nobody else does until it is released. */
export interface RecordingJournal {
  readonly dir: string;
  readonly writer: JournalWriter;
  readonly state: CaptureState;
  /** What it holds already of a recorder that was killed. */
  readonly past: Past | undefined;
  release(): Promise<void>;
}

/** Creates a journal. Throws FaroError `journal` where there is one already. */
export async function newJournal(
  dir: string,
  options: Partial<CaptureOptions>,
  { cwd, ...how }: JournalWriterOptions & { readonly cwd: string },
): Promise<RecordingJournal> {
  const writer = await JournalWriter.create(dir, how);
  let lock: JournalLock;
  let state: CaptureState;
  try {
    lock = JournalLock.forWriting(dir);
    state = await writeState(dir, options, cwd);
  } catch (error) {
    await writer.close();
    await rm(dir, { recursive: true }); // nothing is in it
    throw error;
  }
  return { dir, writer, state, past: undefined, release: async () => lock[Symbol.dispose]() };
}

/** A journal whose capture was killed, locked and read through: another recorder may go on with it. */
export class KilledJournal implements AsyncDisposable {
  readonly dir: string;
  readonly state: CaptureState;
  readonly past: Past;
  readonly #end: NonNullable<JournalReader['end']>;
  readonly #holes: JournalReader['holes'];
  /** The lock and the open segments. */
  readonly #held: AsyncDisposableStack;

  private constructor(dir: string, found: Found, held: AsyncDisposableStack) {
    this.dir = dir;
    this.state = found.state;
    this.past = found.past;
    this.#end = found.end;
    this.#holes = found.holes;
    this.#held = held;
  }

  /**
   * Damage in its middle is a gap of the story, behind which all watches list what there is: see `Past`. Throws FaroError
   * `journal` where it is in use, ended by itself, of another version, or does not tell what was recorded.
   */
  static async open(dir: string): Promise<KilledJournal> {
    await checkFolder(dir);
    await using stack = new AsyncDisposableStack();
    const reader = stack.use(await JournalReader.open(dir));
    stack.use(JournalLock.forWriting(dir));
    const past = await Past.read(reader);
    if (past.end !== undefined) throw notResumable(dir, `its capture ended by itself (${past.end.ended})`);
    const { end } = reader;
    if (end === undefined) throw notResumable(dir, 'none of its segments can be read');
    const state = await readState(dir);
    return new KilledJournal(dir, { state, past, end, holes: reader.holes }, stack.move());
  }

  /** Goes on behind its last whole record. The lines that are in it already are read as they are needed. */
  async goOn(how: JournalWriterOptions): Promise<RecordingJournal> {
    const { dir, state, past } = this;
    for (const { segment, offset, bytes, meaning } of this.#holes)
      how.log?.warn({ segment, offset, bytes, meaning }, 'the journal is damaged: the capture goes on, with a gap');
    const writer = await JournalWriter.goOn(dir, { ...this.#end, taken: await segmentBytesIn(dir) }, how);
    return { dir, writer, state, past, release: () => this[Symbol.asyncDispose]() };
  }

  /** Throws FaroError `journal` where this is another cluster than the one that it was begun on. */
  checkCluster(now: StartRecord['cluster']): void {
    const { cluster: before } = this.past.start;
    // A kube-system Namespace is never made anew: its UID is the cluster's.
    if (before.uid !== null && now.uid !== null) {
      if (before.uid === now.uid) return;
      const servers = `it was begun on ${before.server} (${before.uid}), and ${now.server} is another one (${now.uid})`;
      throw notResumable(this.dir, `this is not its cluster: ${servers}`);
    }
    // Whoever may not read that Namespace is known by the address alone.
    if (before.server !== now.server)
      throw notResumable(
        this.dir,
        `whether this is its cluster cannot be known: it was begun on ${before.server}, this is ${now.server}`,
      );
  }

  /** The same end, with what is left of times that count from the beginning of the recording. */
  leftOf<E extends Pick<EndConditions, 'forMs' | 'timeoutMs'>>(end: E): E {
    const spentMs = millisecondsOf(this.past.lastObserved) - millisecondsOf(this.past.start.time);
    const left = (ms: number | undefined) => (ms === undefined ? undefined : Math.max(0, ms - spentMs));
    const { forMs, timeoutMs } = end;
    return { ...end, forMs: left(forMs), timeoutMs: left(timeoutMs), given: { forMs, timeoutMs } };
  }

  /** Once is enough: it may be released before whoever opened it disposes it. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#held.disposeAsync();
  }
}

/** What a journal was found to hold, and where it ends. */
interface Found {
  readonly state: CaptureState;
  readonly past: Past;
  readonly end: NonNullable<JournalReader['end']>;
  readonly holes: JournalReader['holes'];
}

async function segmentBytesIn(dir: string): Promise<number> {
  const names = segmentNumbers(await readdir(dir)).map(segmentName);
  const sizes = await Promise.all(names.map((name) => stat(join(dir, name))));
  return sizes.reduce((sum, { size }) => sum + size, 0);
}
