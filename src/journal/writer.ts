import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { FaroError } from '../model/errors.ts';
import type { Hold } from '../model/gap.ts';
import type { JournalRecord } from '../model/record.ts';
import { type Clock, type Timestamp, timestampOf } from '../model/time.ts';
import { Waiters } from '../model/waiters.ts';
import { Backlog, JOURNAL_FULL } from './backlog.ts';
import { SegmentChain } from './chain.ts';
import { DiskTrouble } from './disk-trouble.ts';
import { cannotCreate, cannotWrite, isPassing } from './failure.ts';
import { type JournalFs, nodeFs } from './fs.ts';
import { Room } from './room.ts';
import type { SegmentEnd } from './segment.ts';

export interface JournalWriterOptions {
  readonly clock: Clock;
  /** By how many milliseconds this clock is ahead of the API server's, at least; undefined where nobody knows. */
  readonly aheadMs?: (() => number | undefined) | undefined;
  readonly fs?: JournalFs;
  /** Hears that the disk is full, and what comes of it. */
  readonly log?: { warn(fields: object, message: string): void };
  /** Everything is on the disk at most this long after it was appended, while the disk keeps up. */
  readonly syncIntervalMs?: number;
  readonly segmentBytes?: number;
  /** With more than this in memory, `drained` waits. */
  readonly highWaterBytes?: number;
  /** With more than this in memory, states give way, too: see `Backlog`. */
  readonly heldBytes?: number;
  /** Kept free on the disk for the end of a journal on a disk that is full. */
  readonly reserveBytes?: number;
  /** The whole journal's greatest size; undefined: none. What gives way first: see `Room`. */
  readonly maxBytes?: number | undefined;
  /** So much is written before anything is compressed. */
  readonly plainBytes?: number | undefined;
  /** How often a disk that takes nothing is tried again, and for how long before the recording is to end. */
  readonly retryMs?: number;
  readonly waitMs?: number;
}

const DEFAULTS = {
  fs: nodeFs,
  log: { warn: () => undefined },
  syncIntervalMs: 200,
  segmentBytes: 64 * 1024 * 1024,
  highWaterBytes: 8 * 1024 * 1024,
  heldBytes: 32 * 1024 * 1024,
  reserveBytes: 4 * 1024 * 1024,
  maxBytes: undefined,
  plainBytes: undefined,
  aheadMs: undefined,
  retryMs: 1000,
  waitMs: 10 * 60_000,
};

type Options = Required<JournalWriterOptions>;

/** A file beside the segments: room for the end of the journal. */
const RESERVE = 'reserve';

interface Begun {
  readonly chain: SegmentChain;
  /** Bytes that are in it already. */
  readonly taken?: number | undefined;
}

/**
 * Appends records to the segments of a journal. One batch is written and synced at a time; what is appended meanwhile
 * is the next batch, so that a slow disk makes batches larger and never blocks a watch.
 *
 * What survives: of a killed process all that was written, of a power cut all that was synced. In either case the end
 * of the last segment may hold a part of a batch, whole frames and torn ones; whole ones in front of the first torn one are
 * read, since they were recorded, and the rest is stated. A batch is never written twice to one place: see `SegmentChain`.
 *
 * A disk that is full, over quota, read-only or failing is tried again until it takes the batch. Meanwhile `drained`
 * holds the logs back, and what the watches bring waits in memory: see `Backlog`. After a while `ending` aborts: the
 * recording is to end, and `close` writes its end to the room that was reserved for it.
 */
export class JournalWriter implements AsyncDisposable {
  readonly #dir: string;
  readonly #options: Options;
  readonly #closed = new AbortController();
  readonly #ending = new AbortController();
  readonly #chain: SegmentChain;
  readonly #backlog: Backlog;
  readonly #written = new Waiters();
  /** Wakes who waits for something to write. */
  readonly #taken = new Waiters();
  readonly #ticker: Promise<void>;
  #writing: Promise<void> | undefined;
  #failure: FaroError | undefined;
  readonly #trouble: DiskTrouble;
  readonly #room: Room;

  private constructor(dir: string, { chain, taken = 0 }: Begun, options: Options) {
    this.#dir = dir;
    this.#chain = chain;
    this.#options = options;
    this.#trouble = new DiskTrouble({ ...options, ending: this.#ending });
    const { heldBytes, maxBytes, reserveBytes, plainBytes, aheadMs } = options;
    const limit = maxBytes === undefined ? undefined : maxBytes - reserveBytes;
    this.#room = new Room({ maxBytes: limit, taken, plainBytes });
    this.#backlog = new Backlog({ heldBytes, room: this.#room, aheadMs });
    this.#ticker = this.#tick();
  }

  /** Creates the folder, for its owner only. One that exists is refused: it may be all that is left of a capture. */
  static async create(dir: string, options: JournalWriterOptions): Promise<JournalWriter> {
    const all = { ...DEFAULTS, ...options };
    const { fs, segmentBytes, reserveBytes } = all;
    // It has to differ from that of any journal whose bytes may still lie on this disk.
    const salt = crc32(`${dir} ${all.clock.now()}`);
    const chain = new SegmentChain({ fs, dir, salt, segmentBytes });
    await fs.createFolder(dir).catch((cause: unknown) => {
      throw cannotCreate(dir, cause);
    });
    try {
      // Without the first, a power cut may take the whole journal.
      const made = [fs.syncFolder(dirname(dir)), chain.begin(), fs.reserve(join(dir, RESERVE), reserveBytes)];
      await Promise.allSettled(made); // nothing is under way any more where one of them fails
      await Promise.all(made);
    } catch (cause) {
      await chain[Symbol.asyncDispose]();
      await fs.remove(dir).catch(() => undefined); // nothing is in it; the error to tell is why
      throw cannotCreate(dir, cause);
    }
    return new JournalWriter(dir, { chain }, all);
  }

  /** Goes on with a journal of which a reader told where it ends; `taken` is its size in bytes. Throws FaroError `journal` where it cannot be written. */
  static async goOn(
    dir: string,
    end: SegmentEnd & { readonly salt: number; readonly taken?: number },
    options: JournalWriterOptions,
  ): Promise<JournalWriter> {
    const all = { ...DEFAULTS, ...options };
    const { fs, segmentBytes, reserveBytes } = all;
    const { salt, taken, ...after } = end;
    const chain = new SegmentChain({ fs, dir, salt, segmentBytes, after });
    try {
      await chain.beginAfter(after);
      // That of the recorder that was killed is there, unless it was needed.
      if (!(await fs.list(dir)).includes(RESERVE)) await fs.reserve(join(dir, RESERVE), reserveBytes);
    } catch (cause) {
      await chain[Symbol.asyncDispose]();
      throw cannotWrite(dir, cause);
    }
    return new JournalWriter(dir, { chain, taken }, all);
  }

  get bufferedBytes(): number {
    return this.#backlog.bytes;
  }

  /** Set while log lines are to be left where they are. */
  get hold(): Hold | undefined {
    return this.#room.isFull ? JOURNAL_FULL : this.#trouble.hold;
  }

  /** Aborts when the recording is to end, for want of room; its reason is the gaps' cause in a word. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  /** Takes the record in; it is on the disk after the next sync. Order of calls is order in the journal. */
  append(record: JournalRecord): void {
    if (this.#failure !== undefined) throw this.#failure;
    const { log } = this.#options;
    const { stopped } = this.#room;
    this.#backlog.take(record);
    this.#taken.wake();
    if (stopped === 0 && this.#room.stopped > 0)
      log.warn(
        {},
        'the journal comes to its greatest size: the busiest logs are not kept any further; all else goes on',
      );
    if (!this.#room.isFull || this.#ending.signal.aborted) return;
    log.warn({}, 'the journal has its greatest size: the recording ends');
    this.#ending.abort('journal-full');
  }

  /** Resolves at once while little is buffered, otherwise when the disk has caught up; rejects when the signal aborts. */
  async drained(signal: AbortSignal): Promise<void> {
    while (this.hold !== undefined || this.bufferedBytes > this.#options.highWaterBytes) {
      if (this.#failure !== undefined) throw this.#failure;
      const written = this.#written.wait(signal);
      if (!this.#backlog.isEmpty) this.#write();
      await written;
      signal.throwIfAborted();
    }
  }

  /** Resolves when everything appended so far is on the disk, or when the signal aborts. Throws FaroError `journal` where it cannot be. */
  async sync(signal: AbortSignal = new AbortController().signal): Promise<void> {
    // What is under way may have begun before.
    while (this.#writing !== undefined && !signal.aborted) await this.#written.wait(signal);
    const written = this.#written.wait(signal);
    this.#write();
    await written;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Whatever the disk is like, this does not wait for it to get better. Throws FaroError `journal` where the end is not in the journal. */
  async close(): Promise<void> {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort();
    await this.#ticker;
    await this.#writing;
    try {
      if (this.#failure === undefined) await this.#finish();
    } finally {
      await this.#release();
      await this.#chain[Symbol.asyncDispose]();
      this.#written.wake();
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #tick(): Promise<void> {
    const { clock, syncIntervalMs } = this.#options;
    while (!this.#closed.signal.aborted) {
      // A capture of what is still costs no timer.
      if (this.#backlog.isEmpty) await this.#taken.wait(this.#closed.signal);
      await clock.sleep(syncIntervalMs, this.#closed.signal).catch(() => undefined); // rejected only by close
      if (!this.#backlog.isEmpty) this.#write();
    }
  }

  /** Resolves when what waits now is on the disk, or was given up; one batch is under way at a time. */
  #write(): Promise<void> {
    this.#writing ??= this.#writeBatch().finally(() => {
      this.#writing = undefined;
      this.#written.wake();
      if (!this.#backlog.isEmpty) this.#taken.wake(); // what was left out of the order is back in it
    });
    return this.#writing;
  }

  async #writeBatch(): Promise<void> {
    if (this.#failure !== undefined || this.#closed.signal.aborted) return;
    const { clock, retryMs } = this.#options;
    const batch = this.#backlog.next();
    if (batch.length === 0) return;
    for (let attempts = 1; ; attempts += 1)
      try {
        await this.#chain.write(batch);
        this.#backlog.done();
        this.#recovered();
        this.#backlog.settle(this.#now());
        return;
      } catch (cause) {
        if (!isPassing(cause)) {
          this.#failure = cannotWrite(this.#dir, cause);
          return;
        }
        if (this.#closed.signal.aborted) return; // `close` has other ways
        if (attempts === 1) continue; // what failed once, may be the disk's only bad place
        this.#trouble.goesOn(cause);
        await clock.sleep(retryMs, this.#closed.signal).catch(() => undefined); // rejected only by close
      }
  }

  #recovered(): void {
    const text = this.#trouble.overcome();
    if (text !== undefined) this.#backlog.take({ kind: 'note', observed: this.#now(), text });
  }

  /** On a disk that is full, what was reserved makes room; then log lines give way, then states and Events. */
  async #finish(): Promise<void> {
    const hold = this.hold ?? { cause: 'disk-full', evidence: 'there was no room for them at the end' };
    const shed = (bulk: 'log' | 'state') => this.#backlog.shed(bulk, hold, this.#now());
    let last: unknown;
    for (const makeRoom of [() => undefined, () => this.#release(), () => shed('log'), () => shed('state')]) {
      await makeRoom();
      this.#backlog.settle(this.#now(), { isEnd: true });
      const batch = this.#backlog.next();
      try {
        if (batch.length > 0) await this.#chain.write(batch);
        this.#backlog.done();
        return;
      } catch (cause) {
        last = cause;
        if (!isPassing(cause)) break;
      }
    }
    this.#failure = cannotWrite(this.#dir, last);
  }

  /** It is gone after the first time, or never was, or the whole file system is; what was written does not need it. */
  async #release(): Promise<void> {
    await this.#options.fs.remove(join(this.#dir, RESERVE)).catch(() => undefined);
  }

  #now(): Timestamp {
    return timestampOf(this.#options.clock.now());
  }
}
