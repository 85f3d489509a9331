import { gzipSync } from 'node:zlib';
import type { Timestamp } from '../model/time.ts';
import { LogFile } from './log-file.ts';

/** The folder of one container on its node's disk: `N.log` of each run, and what rotation made of earlier files. */
export class LogFolder {
  readonly #files = new Map<string, LogFile | CompressedFile>();

  /** Names as a listing shows them, sorted by their bytes. */
  names(): readonly string[] {
    return [...this.#files.keys()].sort();
  }

  /** The bytes of a file; undefined where there is none of that name. */
  bytes(name: string): Buffer | undefined {
    return this.#files.get(name)?.bytes();
  }

  /** When a log file was last written to; undefined where it is empty, compressed or not there. */
  modified(name: string): Timestamp | undefined {
    const file = this.#files.get(name);
    return file instanceof LogFile ? file.modified : undefined;
  }

  /** Creates an empty `N.log`, over whatever bore the name. */
  create(restart: number): LogFile {
    const file = new LogFile();
    this.#files.set(`${restart}.log`, file);
    return file;
  }

  /**
   * Moves `N.log` aside, as the kubelet does: first the oldest files beyond the bound go, those that were moved aside
   * before are compressed, and then the file gets the time as its new name.
   * @param stamp `YYYYMMDD-HHMMSS`
   * @param maxFiles of one run, the current one included
   * @returns whether no file had to go for it
   */
  rotate(restart: number, stamp: string, maxFiles: number): boolean {
    const rotated = this.names().filter((name) => name.startsWith(`${restart}.log.`));
    const kept = rotated.slice(Math.max(0, rotated.length - Math.max(0, maxFiles - 2)));
    for (const name of rotated) if (!kept.includes(name)) this.#files.delete(name);
    for (const name of kept) this.#compress(name);
    this.#rename(`${restart}.log`, `${restart}.log.${stamp}`);
    return kept.length === rotated.length;
  }

  /** Gives the newest file that was moved aside its old name again: the runtime could not open a new one. */
  undoRotation(restart: number, stamp: string): void {
    this.#rename(`${restart}.log.${stamp}`, `${restart}.log`);
  }

  /** Removes every file of a run. */
  remove(restart: number): void {
    for (const name of this.names()) if (name.startsWith(`${restart}.log`)) this.#files.delete(name);
  }

  #rename(from: string, to: string): void {
    const file = this.#files.get(from);
    if (file === undefined) return;
    this.#files.delete(from);
    this.#files.set(to, file);
  }

  #compress(name: string): void {
    const file = this.#files.get(name);
    if (!(file instanceof LogFile)) return;
    this.#files.delete(name);
    this.#files.set(`${name}.gz`, new CompressedFile(file.bytes()));
  }
}

/** Compressed when somebody first reads it. */
class CompressedFile {
  readonly #content: Buffer;
  #bytes: Buffer | undefined;

  constructor(content: Buffer) {
    this.#content = content;
  }

  bytes(): Buffer {
    this.#bytes ??= gzipSync(this.#content);
    return this.#bytes;
  }
}
