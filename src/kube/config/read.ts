import { readFile } from 'node:fs/promises';
import { type Entry, entryError } from './place.ts';

/** Why a file could not be read, as a sentence can end. */
export class UnreadableFile extends Error {
  readonly missing: boolean;

  constructor(path: string, cause: unknown) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    super(`${shown(path)} ${REASONS[code] ?? `cannot be read (${code})`}`, { cause });
    this.missing = code === 'ENOENT';
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read by this user (permission denied)',
  EPERM: 'may not be read by this user (not permitted)',
  EISDIR: 'is a folder, not a file',
  ENOTDIR: 'cannot be there: a part of its path is no folder',
  ELOOP: 'is a symbolic link that leads to itself',
};

/** A key, a certificate or a token may stand where the name of its file should: then it must not be shown. */
const LONGEST_NAME = 40;

function shown(path: string): string {
  const isLong = path.split(/[\\/]/).some((name) => name.length > LONGEST_NAME);
  return isLong ? `the file (not shown: a name of over ${LONGEST_NAME} characters may be a credential)` : path;
}

/** Reads a file whole; throws UnreadableFile. */
export async function readBytes(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new UnreadableFile(path, error);
  }
}

/** Reads a file that a field of an entry names; throws a FaroError with the field's place. */
export async function bytesFor(entry: Entry<unknown>, field: string, file: string): Promise<Buffer> {
  try {
    return await readBytes(file);
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    throw entryError(entry, [field], `${field}: ${error.message}`, 'Correct the path, or make the file readable.');
  }
}
