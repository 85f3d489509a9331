import type { NodeFiles } from '../kube/node-files.ts';
import type { FilePosition } from '../model/record.ts';
import type { Timestamp } from '../model/time.ts';
import {
  beginsWith,
  DamagedFile,
  type FileBytes,
  type FileRange,
  firstTimeOf,
  type Gunzip,
  MOST_TIME_BYTES,
  openFile,
  unpackedSize,
} from './file-bytes.ts';
import type { KeptFiles } from './kept-files.ts';
import type { Proof } from './proof.ts';
import { COMPRESSED, liveName, rotatedNames } from './rotation.ts';

export interface FileSuccessionOptions {
  readonly files: NodeFiles;
  /** Of the container, with its slash. */
  readonly folder: string;
  readonly restart: number;
  /** How many files of a run the node keeps. */
  readonly kept: KeptFiles;
  /** Left out: in Node's threads. */
  readonly gunzip?: Gunzip | undefined;
  /** Whether others wait for their turn at the node; left out: they always may. */
  readonly mustShare?: (() => boolean) | undefined;
}

/** Where a reading stands: behind `proof`, the last record that was taken, which ends at `offset` of `file`. */
export interface Place {
  readonly file: string;
  readonly isLive: boolean;
  readonly offset: number;
  readonly proof: Proof;
}

/** Why there is no file: it is not there (`absent`), nor is the folder (`gone`). */
export type NoFile = 'absent' | 'gone';

/** What comes next: a file, already open where it is the one that is written to. */
export interface NextFile {
  readonly file: string;
  readonly isLive: boolean;
  readonly opened: FileBytes | undefined;
  /** Another one was renamed since: nothing is written to it any more. */
  readonly isSettled: boolean;
}

/** What the files do not hold any more, or may not. */
export interface FileLoss {
  readonly certainty: 'known' | 'suspected';
  readonly evidence: string;
  /** Lost are lines behind this time; left out: behind the last one that was read. */
  readonly after?: Timestamp | undefined;
}

/** How far a file was read that was renamed. */
interface ReadFile {
  readonly bytes: number;
  readonly last: Timestamp | undefined;
}

/** A compressed file that is damaged is read as often: what came of it may have been cut short on its way. */
const READINGS_OF_DAMAGED = 3;
const TWO_32 = 2 ** 32;
/**
 * Of a file, so many bytes are asked for at once where others wait, who have their turn then: an answer that is read to its
 * end leaves its connection to the next one.
 */
const SHARED_BYTES = 7 * 1024 * 1024;
/** Where nobody waits, so many: until a request is answered neither side has anything to do. */
const ALONE_BYTES = 256 * 1024 * 1024;

/** Which of one container run's log files comes after which, as the kubelet renames, compresses and removes them. */
export class FileSuccession {
  readonly #options: FileSuccessionOptions;
  readonly #done = new Set<string>();
  /** Files that were read before they were compressed: their trailers tell whether they have grown since. */
  readonly #toCheck = new Map<string, ReadFile>();
  readonly #damages = new Map<string, number>();
  #losses: FileLoss[] = [];
  /** The end of an earlier reading, until it is known which files that one had read. */
  #resumedAt: FilePosition | undefined;

  constructor(options: FileSuccessionOptions, resumedAt: FilePosition | undefined) {
    this.#options = options;
    this.#resumedAt = resumedAt;
  }

  /** The file that the run writes to. */
  get live(): string {
    return liveName(this.#options.restart);
  }

  /** Whether others wait for their turn. */
  get mustShare(): boolean {
    return this.#options.mustShare?.() ?? true;
  }

  /** How many bytes are asked for at once. */
  get readBytes(): number {
    return this.mustShare ? SHARED_BYTES : ALONE_BYTES;
  }

  /** A file is done: it was read to its end (`as` far, where it was not compressed yet), or what it held is lost. */
  finish(file: string, as?: ReadFile): void {
    this.#done.add(file);
    if (as !== undefined) this.#toCheck.set(file, as);
  }

  /** What was found to be lost, or in doubt; told once. */
  takeLosses(): readonly FileLoss[] {
    const losses = this.#losses;
    this.#losses = [];
    return losses;
  }

  /** Whether a file that was damaged again is damaged for good. */
  givesUp(file: string): boolean {
    const damages = (this.#damages.get(file) ?? 0) + 1;
    this.#damages.set(file, damages);
    return damages >= READINGS_OF_DAMAGED;
  }

  open({ file, ...at }: FileRange, signal: AbortSignal): Promise<FileBytes | undefined> {
    const path = `${this.#options.folder}${file}`;
    return openFile(this.#options, { file: path, ...at, mayBeCompressed: file !== this.live }, signal);
  }

  /** The file that holds a place's last record at its offset, under whatever name; `nowhere`: no file does. */
  async find(place: Place, signal: AbortSignal): Promise<string | NoFile | 'nowhere'> {
    const names = await this.#list(signal);
    if (names === undefined) return 'gone';
    if (place.offset === 0) return 'nowhere';
    const rotated = this.#unread(names);
    // The live one again at last, too: where the runtime does not make a new file, the kubelet renames the old one back.
    for (const file of [...rotated.toReversed(), this.live]) {
      if (file === place.file && !place.isLive) continue;
      if (await this.#holds(file, place, signal)) return file;
    }
    // Between the rename and the new file there is none: nothing is lost then.
    return place.isLive && rotated.length === 0 && !names.includes(place.file) ? 'absent' : 'nowhere';
  }

  /**
   * The file that comes next: the oldest that was not read, at last `N.log`. That one is opened before the folder is
   * listed, so that a rotation in between shows in the list.
   * @param before where the reading stands, or that of an earlier recorder.
   */
  async next(before: Place | undefined, signal: AbortSignal): Promise<NextFile | NoFile> {
    const live = await this.open({ file: this.live, from: 0, most: this.readBytes }, signal);
    let isKept = false;
    try {
      const names = await this.#list(signal);
      if (names === undefined) return 'gone';
      const isResumed = this.#resumedAt !== undefined;
      if (isResumed) await this.#skipRead(names, before, signal);
      const rotated = this.#unread(names).filter((name) => name !== before?.file);
      if (!isResumed) this.#judgeBeginning(rotated, names);
      const next = await this.#oldest(rotated, signal);
      if (next !== undefined) return { file: next, isLive: false, opened: undefined, isSettled: rotated.length > 1 };
      if (live === undefined) return 'absent';
      isKept = true;
      return { file: this.live, isLive: true, opened: live, isSettled: false };
    } finally {
      if (!isKept) await live?.[Symbol.asyncDispose]();
    }
  }

  #unread(names: readonly string[]): readonly string[] {
    return rotatedNames(names, this.#options.restart).filter((name) => !this.#done.has(name));
  }

  /** Whether a file holds a place's last record at its offset; one that is damaged before it is given up in the end. */
  async #holds(file: string, { offset, proof }: Place, signal: AbortSignal): Promise<boolean> {
    const opened = await this.open({ file, from: offset - proof.length, most: proof.length }, signal);
    if (opened === undefined) return false;
    try {
      return await beginsWith(opened, proof);
    } catch (error) {
      if (!(error instanceof DamagedFile) || !this.givesUp(file)) throw error;
      this.finish(file);
      this.#losses.push({ certainty: 'known', evidence: damageOf(file, error) });
      return false;
    }
  }

  /** The oldest go first: while one that was read is there, none of those that came after it is gone. */
  #judgeBeginning(unread: readonly string[], names: readonly string[]): void {
    if (unread.length < rotatedNames(names, this.#options.restart).length) return;
    const doubt = this.#options.kept.doubt(unread.length);
    if (doubt === undefined) return;
    const since = this.#done.size === 0 ? 'when its files were first read' : 'since its files were last read';
    const evidence = `${since}, ${doubt}: older ones may have been removed`;
    this.#losses.push({ certainty: 'suspected', evidence });
  }

  /**
   * What the earlier reading had read is done: the files that do not begin behind the one in which it ended; or, if that
   * is gone, behind its last record.
   */
  async #skipRead(names: readonly string[], before: Place | undefined, signal: AbortSignal): Promise<void> {
    const last = before === undefined || before.isLive ? undefined : await this.#firstTime(before.file, signal);
    const bound = last ?? this.#resumedAt?.last ?? '';
    for (const file of rotatedNames(names, this.#options.restart)) {
      const first = await this.#firstTime(file, signal);
      if (first !== undefined && first <= bound) this.#done.add(file);
    }
    this.#resumedAt = undefined;
  }

  async #firstTime(file: string, signal: AbortSignal): Promise<Timestamp | undefined> {
    const opened = await this.open({ file, from: 0, most: MOST_TIME_BYTES }, signal);
    if (opened === undefined) return undefined;
    try {
      return await firstTimeOf(opened);
    } catch (error) {
      if (!(error instanceof DamagedFile) || !this.givesUp(file)) throw error;
      return undefined; // told when it is read
    }
  }

  /** Names tell the node's local time, which may step back: where there are several, their first records decide. */
  async #oldest(rotated: readonly string[], signal: AbortSignal): Promise<string | undefined> {
    if (rotated.length < 2) return rotated[0];
    const begun: { readonly file: string; readonly first: Timestamp }[] = [];
    for (const file of rotated) {
      const first = await this.#firstTime(file, signal);
      if (first === undefined) return rotated[0];
      begun.push({ file, first });
    }
    return begun.reduce((a, b) => (b.first < a.first ? b : a)).file;
  }

  async #list(signal: AbortSignal): Promise<readonly string[] | undefined> {
    const { files, folder, restart, kept } = this.#options;
    const names = await files.list(folder, signal);
    if (names === undefined) return undefined;
    kept.saw(rotatedNames(names, restart).length);
    for (const [file, as] of this.#toCheck)
      if (names.includes(`${file}${COMPRESSED}`)) await this.#check(file, as, signal);
    return names;
  }

  /** The last word on a file that was read before it was compressed: that it had not grown since. */
  async #check(file: string, { bytes, last }: ReadFile, signal: AbortSignal): Promise<void> {
    const size = await unpackedSize(this.#options.files, `${this.#options.folder}${file}`, signal);
    if (size !== undefined && size !== bytes % TWO_32) {
      const more = await this.#behind(file, bytes, signal);
      const grown = `${file} was read to its end at ${bytes} bytes and compressed later`;
      if (more instanceof DamagedFile) {
        const evidence = `${grown}; whether it had grown meanwhile cannot be known: ${damageOf(file, more)}`;
        this.#losses.push({ certainty: 'suspected', evidence, after: last });
      } else if (more > 0)
        this.#losses.push({ certainty: 'known', evidence: `${grown}, with ${more} more`, after: last });
    }
    this.#toCheck.delete(file);
  }

  /** How many bytes of a file there are behind some. */
  async #behind(file: string, from: number, signal: AbortSignal): Promise<number | DamagedFile> {
    await using bytes = await this.open({ file, from }, signal);
    let size = 0;
    try {
      for await (const chunk of bytes?.chunks ?? []) size += chunk.length;
      return size;
    } catch (error) {
      if (error instanceof DamagedFile) return error;
      throw error;
    }
  }
}

/** What is wrong with a file. */
export function damageOf(file: string, { message }: DamagedFile): string {
  return `${file}${COMPRESSED} is damaged (${message})`;
}
