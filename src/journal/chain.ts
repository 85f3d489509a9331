import { join } from 'node:path';
import { codeOf } from '../model/errors.ts';
import { type Frame, placeFrame, sizeOf } from './frame.ts';
import type { JournalFile, JournalFs } from './fs.ts';
import { encodeSegmentHeader, SEGMENT_HEADER_BYTES, type SegmentEnd, segmentName } from './segment.ts';

export interface SegmentChainOptions {
  readonly fs: JournalFs;
  readonly dir: string;
  readonly salt: number;
  /** A segment with as many bytes is followed by another one. */
  readonly segmentBytes: number;
  /** Where the journal goes on: its last segment and what of it counts; undefined: it begins. */
  readonly after?: SegmentEnd | undefined;
}

/**
 * The segments of a journal, of which the last one grows. What a write has resolved for survives a power cut; after one
 * that failed, the same may be written again, and is read once.
 */
export class SegmentChain implements AsyncDisposable {
  readonly #options: SegmentChainOptions;
  #file: JournalFile | undefined;
  /** The last segment, and its bytes that are known to be on the disk. */
  #end: SegmentEnd | undefined;
  /** What the last segment's header says is in front of it. */
  #previous: SegmentEnd | undefined;
  /** The last number that was used, even in vain. */
  #number: number;

  constructor(options: SegmentChainOptions) {
    this.#options = options;
    this.#end = options.after;
    this.#number = options.after?.segment ?? 0;
  }

  /**
   * Begins the segment behind those of a recorder that was killed. What that one wrote and did not sync was read and is gone on
   * from: were it not on the disk, a power cut could take it from in front of what is. Throws what the file system does.
   */
  async beginAfter({ segment }: SegmentEnd): Promise<void> {
    const { fs, dir } = this.#options;
    const file = await fs.openFile(join(dir, segmentName(segment)));
    try {
      await file.sync();
    } finally {
      await closeQuietly(file);
    }
    await this.begin();
  }

  /** Begins a segment where none is open; throws what the file system does. */
  async begin(): Promise<void> {
    if (this.#file !== undefined && (this.#end?.bytes ?? 0) < this.#options.segmentBytes) return;
    const { fs, dir, salt } = this.#options;
    const { file, path, number } = await this.#create();
    try {
      await file.append([encodeSegmentHeader({ salt, previous: this.#end })]);
      await file.sync();
      await fs.syncFolder(dir); // without it a power cut may take the new segment's name
    } catch (error) {
      await giveBack(file, () => fs.remove(path));
      throw error;
    }
    await closeQuietly(this.#file);
    this.#file = file;
    this.#previous = this.#end;
    this.#end = { segment: number, bytes: SEGMENT_HEADER_BYTES };
  }

  /** A number that is taken was used in vain, by a call that failed or by a writer that was killed. */
  async #create(): Promise<{ readonly file: JournalFile; readonly path: string; readonly number: number }> {
    const { fs, dir } = this.#options;
    for (;;) {
      const path = join(dir, segmentName(this.#number + 1));
      try {
        const file = await fs.createFile(path);
        this.#number += 1;
        return { file, path, number: this.#number };
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
        this.#number += 1;
      }
    }
  }

  /** Resolves when the frames are on the disk. */
  async write(frames: readonly Frame[]): Promise<void> {
    await this.begin();
    const { fs, dir, salt } = this.#options;
    const [file, end, previous] = [this.#file, this.#end, this.#previous];
    if (file === undefined || end === undefined) throw new Error('a segment has begun');
    let { bytes: offset } = end;
    for (const frame of frames) {
      placeFrame(frame, { salt, segment: end.segment, offset });
      offset += sizeOf(frame);
    }
    const parts = frames.flat();
    try {
      // One writev takes at most 1024 buffers on Linux; the rest follows.
      for (let at = 0; at < parts.length; at += MAX_BUFFERS) await file.append(parts.slice(at, at + MAX_BUFFERS));
      await file.sync();
    } catch (error) {
      // Neither a second sync nor another write at the same place could be trusted: a new segment takes it all.
      this.#file = undefined;
      // One that holds nothing goes: on a disk that is full for long there would be one for each attempt.
      const isEmpty = previous !== undefined && end.bytes === SEGMENT_HEADER_BYTES;
      if (isEmpty) this.#end = previous;
      await giveBack(file, () => (isEmpty ? fs.remove(join(dir, segmentName(end.segment))) : file.truncate(end.bytes)));
      throw error;
    }
    this.#end = { ...end, bytes: offset };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await closeQuietly(this.#file);
    this.#file = undefined;
  }
}

const MAX_BUFFERS = 1000;

/** Frees what a failed attempt took of a disk that may be full. Where that fails, too, the next segment disowns it. */
async function giveBack(file: JournalFile, free: () => Promise<void>): Promise<void> {
  await free().catch(() => undefined);
  await closeQuietly(file);
}

/** What counts of it was synced, or is written elsewhere: its end can take nothing away. */
async function closeQuietly(file: JournalFile | undefined): Promise<void> {
  await file?.close().catch(() => undefined);
}
