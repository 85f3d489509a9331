import { randomUUID } from 'node:crypto';
import { existsSync, write } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolder } from '../journal/fs.ts';
import { codeOf, FaroError, messageOf } from '../model/errors.ts';
import type { FileSink } from './member-writer.ts';
import { temporary } from './temporary.ts';

/** Finds out before any work that a file could not be written. Throws FaroError `output`. */
export async function checkPlace(output: string, options: { readonly force: boolean }): Promise<void> {
  await checkFolder(output, { what: 'file' });
  const existing = await stat(output).catch(() => undefined); // whatever it is, the rename will tell
  if (existing === undefined) return;
  if (existing.isDirectory())
    throw new FaroError('output', `${output} is a folder`, {
      hint: `name a file in it, e.g. ${join(output, 'story.json')}`,
    });
  // A file that is renamed there would take the place of /dev/null, for everyone.
  if (!existing.isFile())
    throw new FaroError('output', `${output} is no regular file`, { hint: 'name a file with -o' });
  if (!options.force)
    throw new FaroError('output', `${output} exists already`, {
      hint: 'name another file with -o, or overwrite it with --force',
    });
}

/**
 * Finds out before any work that a new folder could not be placed: only an empty one may stand there. Throws FaroError
 * `output`.
 */
export async function checkNewFolder(output: string): Promise<void> {
  await checkFolder(output, { what: 'folder' });
  const hint = 'name a folder that does not exist yet with -o';
  const contents = await readdir(output).catch((cause: unknown) => {
    if (codeOf(cause) === 'ENOENT') return [];
    const message = codeOf(cause) === 'ENOTDIR' ? 'is a file' : `cannot be looked into: ${messageOf(cause)}`;
    throw new FaroError('output', `${output} ${message}`, { cause, hint });
  });
  if (contents.length > 0)
    throw new FaroError('output', `the folder ${output} exists already, and is not empty`, { hint });
}

/** Whether something can be made where the output of this option is to stand. Throws FaroError `output`. */
export async function checkFolder(
  output: string,
  { what, option = '-o' }: { readonly what: 'file' | 'folder'; readonly option?: string },
): Promise<void> {
  const folder = dirname(output);
  await tryFolder(folder).catch((cause: unknown) => {
    const isMissing = codeOf(cause) === 'ENOENT' && !existsSync(folder);
    const message = isMissing
      ? `there is no folder ${folder}`
      : codeOf(cause) === 'ENOTDIR'
        ? `${folder} is no folder`
        : `the folder ${folder} is not writable`;
    const hint = `${isMissing ? 'create it, or ' : ''}name another ${what} with ${option}`;
    throw new FaroError('output', `${output}: ${message}`, { cause, hint });
  });
}

/** Permissions tell little (to root, of a read-only or special file system): a file is made, and removed again. */
async function tryFolder(folder: string): Promise<void> {
  const file = join(folder, `.${randomUUID()}.faro.tmp`);
  await (await open(file, 'wx', 0o600)).close();
  await rm(file);
}

/**
 * Writes a file beside its place, syncs it and renames it: a crash leaves the old file or the new one. Throws FaroError
 * `output` with this hint where it cannot be written.
 */
export async function placeFile<T>(output: string, hint: string, write: (sink: FileSink) => Promise<T>): Promise<T> {
  const path = join(dirname(output), `.${randomUUID()}.faro.tmp`);
  using _temporary = temporary(path);
  try {
    await using file = await open(path, 'wx', 0o600);
    await using growing = new GrowingFile(file);
    const result = await write((chunk) => growing.write(chunk));
    await growing.sync();
    await rename(path, output);
    await syncFolder(dirname(output));
    return result;
  } catch (cause) {
    if (cause instanceof FaroError) throw cause;
    throw new FaroError('output', `${output} could not be written: ${messageOf(cause)}`, { cause, hint });
  }
}

/** Gives how many bytes were written, maybe not all. A FileHandle's own way takes 15 µs more for each piece of a story. */
function writeSome(fd: number, chunk: Buffer, at: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, chunk, at, chunk.length - at, null, (error, written) => (error ? reject(error) : resolve(written)));
  });
}

/** From so many bytes on the disk begins to take them. */
const SYNC_BYTES = 64 * 1024 * 1024;

/** The disk takes what is written while the rest is made: of a large file it would otherwise have all to do at its end. */
class GrowingFile implements AsyncDisposable {
  readonly #file: FileHandle;
  #waiting = 0;
  #syncing: Promise<void> = Promise.resolve();

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async write(chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length; ) at += await writeSome(this.#file.fd, chunk, at);
    this.#waiting += chunk.length;
    if (this.#waiting < SYNC_BYTES) return;
    this.#waiting = 0;
    await this.#syncing;
    this.#syncing = this.#file.datasync();
    this.#syncing.catch(() => undefined); // told by the next one, or at the end
  }

  async sync(): Promise<void> {
    await this.#syncing; // what failed once, the system may not tell again
    await this.#file.sync();
  }

  /** The file may be closed then. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#syncing.catch(() => undefined); // whoever writes was told, or has failed before
  }
}
