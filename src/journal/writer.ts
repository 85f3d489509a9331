import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { FaroError, messageOf } from '../model/errors.ts';
import type { JournalRecord } from '../model/record.ts';
import type { Clock } from '../model/time.ts';
import { codeOf, SegmentChain } from './chain.ts';
import { encodeFrame } from './frame.ts';
import { type JournalFs, nodeFs } from './fs.ts';

export interface JournalWriterOptions {
  readonly clock: Clock;
  readonly fs?: JournalFs;
  /** Everything is on the disk at most this long after it was appended, while the disk keeps up. */
  readonly syncIntervalMs?: number;
  readonly segmentBytes?: number;
  /** With more than this in memory, `drained` waits. */
  readonly highWaterBytes?: number;
  /** After a write that failed for what may pass, the next attempt comes at once, then after as long each. */
  readonly retryMs?: number;
  /** For as long, all in all, until the journal is given up. */
  readonly waitMs?: number;
}

/**
 * Appends records to the segments of a journal. One batch is written and synced at a time; what is appended meanwhile
 * is the next batch, so that a slow disk makes batches larger and never blocks a watch.
 *
 * What survives: of a killed process all that was written, of a power cut all that was synced. In either case the end
 * of the last segment may hold a part of a batch, whole frames and a torn one; whole ones are read, since they were
 * recorded, and the torn one is stated. A batch is never written twice to one place: see `SegmentChain`.
 */
export class JournalWriter implements AsyncDisposable {
  readonly #dir: string;
  readonly #options: Required<JournalWriterOptions>;
  readonly #closed = new AbortController();
  readonly #chain: SegmentChain;
  readonly #salt: number;
  #batch: Buffer[] = [];
  #batchBytes = 0;
  #inFlightBytes = 0;
  #writing: Promise<void> = Promise.resolve();
  #failure: FaroError | undefined;
  #waiters: (() => void)[] = [];
  readonly #ticker: Promise<void>;

  private constructor(
    dir: string,
    { chain, salt }: { readonly chain: SegmentChain; readonly salt: number },
    options: Required<JournalWriterOptions>,
  ) {
    this.#dir = dir;
    this.#chain = chain;
    this.#salt = salt;
    this.#options = options;
    this.#ticker = this.#tick();
  }

  /** Creates the folder, for its owner only. One that exists is refused: it may be all that is left of a capture. */
  static async create(dir: string, options: JournalWriterOptions): Promise<JournalWriter> {
    const all = { ...DEFAULTS, ...options };
    const { fs, segmentBytes } = all;
    // It has to differ from that of any journal whose bytes may still lie on this disk.
    const salt = crc32(`${dir} ${all.clock.now()}`);
    const chain = new SegmentChain({ fs, dir, salt, segmentBytes });
    await fs.createFolder(dir).catch((cause: unknown) => {
      throw cannotCreate(dir, cause);
    });
    try {
      await fs.syncFolder(dirname(dir)); // without it a power cut may take the whole journal
      await chain.begin();
    } catch (cause) {
      await fs.remove(dir).catch(() => undefined); // nothing is in it; the error to tell is why
      throw cannotCreate(dir, cause);
    }
    return new JournalWriter(dir, { chain, salt }, all);
  }

  get bufferedBytes(): number {
    return this.#batchBytes + this.#inFlightBytes;
  }

  /** Takes the record in; it is on the disk after the next sync. Order of calls is order in the journal. */
  append(record: JournalRecord): void {
    if (this.#failure !== undefined) throw this.#failure;
    for (const part of encodeFrame(record, this.#salt)) {
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
      await this.#chain[Symbol.asyncDispose]();
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
    if (this.#failure === undefined && batch.length > 0) await this.#keep(batch);
    this.#inFlightBytes = 0;
    for (const resolve of waiters) resolve();
  }

  /** Writes a batch, again and again while what stops it may pass. */
  async #keep(batch: readonly Buffer[]): Promise<void> {
    const { clock, retryMs, waitMs } = this.#options;
    const since = clock.now();
    for (let attempts = 1; ; attempts += 1)
      try {
        await this.#chain.write(batch);
        return;
      } catch (cause) {
        const isLate = attempts > 1 && clock.now() - since >= waitMs;
        if (isLate || !PASSING.has(codeOf(cause))) {
          this.#failure = cannotWrite(this.#dir, cause);
          return;
        }
        if (attempts > 1) await clock.sleep(retryMs);
      }
  }
}

/** What may pass: a disk that is full or over quota, mounted read-only for a while, or that failed once. */
const PASSING: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO']);

const DEFAULTS = {
  fs: nodeFs,
  syncIntervalMs: 200,
  segmentBytes: 64 * 1024 * 1024,
  highWaterBytes: 8 * 1024 * 1024,
  retryMs: 1000,
  waitMs: 0,
};

function cannotWrite(dir: string, cause: unknown): FaroError {
  const hint = 'free some space, or write to another disk; what was synced before is kept';
  return new FaroError('journal', `the journal ${dir} cannot be written: ${messageOf(cause)}`, { cause, hint });
}

function cannotCreate(dir: string, cause: unknown): FaroError {
  if (codeOf(cause) === 'EEXIST')
    return new FaroError('journal', `there is a journal already: ${dir}`, {
      cause,
      hint: `it is of a capture that was killed or still runs: "faro recover ${dir} -o story.json" makes its story; remove the folder to record anew`,
    });
  return new FaroError('journal', `the journal ${dir} cannot be created: ${messageOf(cause)}`, { cause });
}
