import { join } from 'node:path';
import { FaroError, messageOf } from '../model/errors.ts';
import type { JournalRecord } from '../model/record.ts';
import type { Clock } from '../model/time.ts';
import { encodeFrame } from './frame.ts';
import { type JournalFile, type JournalFs, nodeFs } from './fs.ts';
import { SEGMENT_MAGIC, segmentName } from './segment.ts';

export interface JournalWriterOptions {
  readonly clock: Clock;
  readonly fs?: JournalFs;
  /** Everything is on the disk at most this long after it was appended, while the disk keeps up. */
  readonly syncIntervalMs?: number;
  readonly segmentBytes?: number;
  /** With more than this in memory, `drained` waits. */
  readonly highWaterBytes?: number;
}

/**
 * Appends records to the segments of a journal. One batch is written and synced at a time; what is appended meanwhile
 * is the next batch, so that a slow disk makes batches larger and never blocks a watch.
 */
export class JournalWriter implements AsyncDisposable {
  readonly #dir: string;
  readonly #options: Required<JournalWriterOptions>;
  readonly #closed = new AbortController();
  #file: JournalFile;
  #segment = 1;
  #segmentBytes = SEGMENT_MAGIC.length;
  #batch: Buffer[] = [];
  #batchBytes = 0;
  #inFlightBytes = 0;
  #writing: Promise<void> = Promise.resolve();
  #failure: FaroError | undefined;
  #waiters: (() => void)[] = [];
  readonly #ticker: Promise<void>;

  private constructor(dir: string, file: JournalFile, options: Required<JournalWriterOptions>) {
    this.#dir = dir;
    this.#file = file;
    this.#options = options;
    this.#ticker = this.#tick();
  }

  /** Creates the folder, for its owner only. One that exists is refused: it may be all that is left of a capture. */
  static async create(dir: string, options: JournalWriterOptions): Promise<JournalWriter> {
    const defaults = {
      fs: nodeFs,
      syncIntervalMs: 200,
      segmentBytes: 64 * 1024 * 1024,
      highWaterBytes: 8 * 1024 * 1024,
    };
    const all = { ...defaults, ...options };
    try {
      await all.fs.createFolder(dir);
    } catch (cause) {
      throw cannotCreate(dir, cause);
    }
    const file = await openSegment(all.fs, dir, 1);
    return new JournalWriter(dir, file, all);
  }

  get bufferedBytes(): number {
    return this.#batchBytes + this.#inFlightBytes;
  }

  /** Takes the record in; it is on the disk after the next sync. Order of calls is order in the journal. */
  append(record: JournalRecord): void {
    if (this.#failure !== undefined) throw this.#failure;
    for (const part of encodeFrame(record)) {
      this.#batch.push(part);
      this.#batchBytes += part.length;
    }
  }

  /** Resolves at once while little is buffered, otherwise when the disk has caught up. */
  async drained(signal: AbortSignal): Promise<void> {
    while (this.bufferedBytes > this.#options.highWaterBytes) {
      signal.throwIfAborted();
      if (this.#failure !== undefined) throw this.#failure;
      await this.sync();
    }
  }

  /** Everything appended so far is on the disk. */
  async sync(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.push(resolve);
    this.#write();
    await promise;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async close(): Promise<void> {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort();
    await this.#ticker;
    try {
      await this.sync();
    } finally {
      await this.#file.close();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #tick(): Promise<void> {
    const { clock, syncIntervalMs } = this.#options;
    while (!this.#closed.signal.aborted) {
      await clock.sleep(syncIntervalMs, this.#closed.signal).catch(() => undefined); // rejected only by close
      if (this.#batchBytes > 0 && this.#inFlightBytes === 0) this.#write();
    }
  }

  #write(): void {
    this.#writing = this.#writing.then(() => this.#writeBatch());
  }

  async #writeBatch(): Promise<void> {
    const batch = this.#batch;
    const waiters = this.#waiters;
    this.#inFlightBytes = this.#batchBytes;
    this.#batch = [];
    this.#batchBytes = 0;
    this.#waiters = [];
    try {
      if (this.#failure === undefined && batch.length > 0) await this.#append(batch);
    } catch (cause) {
      const hint = 'free some space, or write to another disk; what was synced before is kept';
      this.#failure = new FaroError('journal', `the journal ${this.#dir} cannot be written: ${messageOf(cause)}`, {
        cause,
        hint,
      });
    }
    this.#inFlightBytes = 0;
    for (const resolve of waiters) resolve();
  }

  async #append(batch: readonly Buffer[]): Promise<void> {
    if (this.#segmentBytes >= this.#options.segmentBytes) await this.#roll();
    // One writev takes at most 1024 buffers on Linux; the rest of a batch follows.
    for (let at = 0; at < batch.length; at += MAX_BUFFERS) await this.#file.append(batch.slice(at, at + MAX_BUFFERS));
    this.#segmentBytes += this.#inFlightBytes;
    await this.#file.sync();
  }

  /** The old segment is whole on the disk before a new one can hold anything. */
  async #roll(): Promise<void> {
    await this.#file.close();
    this.#segment += 1;
    this.#file = await openSegment(this.#options.fs, this.#dir, this.#segment);
    this.#segmentBytes = SEGMENT_MAGIC.length;
  }
}

const MAX_BUFFERS = 1000;

async function openSegment(fs: JournalFs, dir: string, number: number): Promise<JournalFile> {
  const file = await fs.createFile(join(dir, segmentName(number)));
  await file.append([SEGMENT_MAGIC]);
  await file.sync();
  await fs.syncFolder(dir); // without it a power cut may take the new segment's name
  return file;
}

function cannotCreate(dir: string, cause: unknown): FaroError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : '';
  if (code === 'EEXIST')
    return new FaroError('journal', `there is a journal already: ${dir}`, {
      cause,
      hint: `it is of a capture that was killed or still runs: "faro recover ${dir} -o story.json" makes its story; remove the folder to record anew`,
    });
  return new FaroError('journal', `the journal ${dir} cannot be created: ${messageOf(cause)}`, { cause });
}
