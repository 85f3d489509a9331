import type { NodeFiles } from '../kube/node-files.ts';
import type { FilePosition } from '../model/record.ts';
import type { Timestamp } from '../model/time.ts';
import { beginsWith, type FileBytes, firstTimeOf, type Gunzip, openFile } from './file-bytes.ts';
import type { Proof } from './proof.ts';
import { liveName, rotatedNames } from './rotation.ts';

export interface FileSuccessionOptions {
  readonly files: NodeFiles;
  /** Of the container, with its slash. */
  readonly folder: string;
  readonly restart: number;
  /** Left out: in Node's threads. */
  readonly gunzip?: Gunzip | undefined;
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
}

/** The kubelet keeps five files of a run by default, and removes the oldest at the next rotation. */
const FULL_ROTATED = 4;

/** Which of one container run's log files comes after which, as the kubelet renames, compresses and removes them. */
export class FileSuccession {
  readonly #options: FileSuccessionOptions;
  readonly #done = new Set<string>();
  /** The end of an earlier reading, until it is known which files that one had read. */
  #resumedAt: FilePosition | undefined;
  #doubt: string | undefined;

  constructor(options: FileSuccessionOptions, resumedAt: FilePosition | undefined) {
    this.#options = options;
    this.#resumedAt = resumedAt;
  }

  /** The file that the run writes to. */
  get live(): string {
    return liveName(this.#options.restart);
  }

  /** A file was read to its end, or is in none any more. */
  finish(file: string): void {
    this.#done.add(file);
  }

  /** Why older files than the one that came next may have been removed unread; told once. */
  takeDoubt(): string | undefined {
    const doubt = this.#doubt;
    this.#doubt = undefined;
    return doubt;
  }

  open(file: string, from: number, signal: AbortSignal): Promise<FileBytes | undefined> {
    const path = `${this.#options.folder}${file}`;
    return openFile(this.#options, { file: path, from, mayBeCompressed: file !== this.live }, signal);
  }

  /** The file that holds a place's last record at its offset, under whatever name; `nowhere`: no file does. */
  async find(place: Place, signal: AbortSignal): Promise<string | NoFile | 'nowhere'> {
    const names = await this.#list(signal);
    if (names === undefined) return 'gone';
    if (place.offset === 0) return 'nowhere';
    const rotated = this.#unread(names);
    const candidates = [...rotated.toReversed(), ...(place.isLive ? [] : [this.live])];
    for (const file of candidates) {
      if (file === place.file) continue;
      const opened = await this.open(file, place.offset - place.proof.length, signal);
      if (opened !== undefined && (await beginsWith(opened, place.proof))) return file;
    }
    // Between the rename and the new file there is none: nothing is lost then.
    return place.isLive && rotated.length === 0 && !names.includes(place.file) ? 'absent' : 'nowhere';
  }

  /**
   * The file that comes next: the oldest that was not read, at last `N.log`. That one is opened before the folder is
   * listed, so that a rotation in between shows in the list.
   * @param before where an earlier reading stood, if this is the first.
   */
  async next(before: Place | undefined, signal: AbortSignal): Promise<NextFile | NoFile> {
    const live = await this.open(this.live, 0, signal);
    let isKept = false;
    try {
      const names = await this.#list(signal);
      if (names === undefined) return 'gone';
      const isResumed = this.#resumedAt !== undefined;
      if (isResumed) await this.#skipRead(names, before, signal);
      const rotated = this.#unread(names);
      if (!isResumed) this.#judgeBeginning(rotated, names);
      const next = await this.#oldest(rotated, signal);
      if (next !== undefined) return { file: next, isLive: false, opened: undefined };
      if (live === undefined) return 'absent';
      isKept = true;
      return { file: this.live, isLive: true, opened: live };
    } finally {
      if (!isKept) await live?.[Symbol.asyncDispose]();
    }
  }

  #unread(names: readonly string[]): readonly string[] {
    return rotatedNames(names, this.#options.restart).filter((name) => !this.#done.has(name));
  }

  /** The oldest go first: while one that was read is there, none of those that came after it is gone. */
  #judgeBeginning(unread: readonly string[], names: readonly string[]): void {
    const all = rotatedNames(names, this.#options.restart);
    if (unread.length < all.length || unread.length < FULL_ROTATED) return;
    const since = this.#done.size === 0 ? 'when its files were first read' : 'since its files were last read';
    this.#doubt = `${since}, ${FULL_ROTATED} or more had been rotated: older ones may have been removed`;
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
    const opened = await this.open(file, 0, signal);
    return opened === undefined ? undefined : await firstTimeOf(opened);
  }

  /** Names tell the node's local time, which may step back: where there are several, their first records decide. */
  async #oldest(rotated: readonly string[], signal: AbortSignal): Promise<string | undefined> {
    if (rotated.length < 2) return rotated[0];
    const begun: { readonly file: string; readonly first: Timestamp | undefined }[] = [];
    for (const file of rotated) begun.push({ file, first: await this.#firstTime(file, signal) });
    return begun.reduce((a, b) => (b.first !== undefined && (a.first === undefined || b.first < a.first) ? b : a)).file;
  }

  #list(signal: AbortSignal): Promise<readonly string[] | undefined> {
    return this.#options.files.list(this.#options.folder, signal);
  }
}
