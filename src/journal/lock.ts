import { chmodSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { codeOf, FaroError, messageOf } from '../model/errors.ts';
import { isPassing } from './failure.ts';

/** Beside the segments: what is locked, and who has it. */
const LOCK = 'lock';
const OWNER = 'lock.pid';
/** SQLite's code for a lock that somebody else has. */
const BUSY = 5;

/**
 * Keeps a second process away from a journal. Node itself cannot lock a file; SQLite can, with locks of the operating
 * system on an empty database: they go with the process that has them, so that no crash leaves one behind. The process
 * id beside it is only told to people.
 */
export class JournalLock implements Disposable {
  readonly #database: DatabaseSync;
  /** Names this process as the owner, where it is one. */
  readonly #owner: string | undefined;

  private constructor(database: DatabaseSync, owner: string | undefined) {
    this.#database = database;
    this.#owner = owner;
  }

  /** For whoever writes: alone. Throws FaroError `journal` where another process has the journal. */
  static forWriting(dir: string): JournalLock {
    const database = lock(dir, false, 'BEGIN EXCLUSIVE');
    // By its name: to close a file of one's own would end every lock that this process has on it.
    chmodSync(join(dir, LOCK), 0o600);
    const owner = join(dir, OWNER);
    writeFileSync(owner, `${process.pid}\n`, { mode: 0o600 });
    return new JournalLock(database, owner);
  }

  /** For whoever reads: beside other readers. A folder that was never locked, or cannot be, is read as it is. */
  static forReading(dir: string): JournalLock | undefined {
    try {
      return new JournalLock(lock(dir, true, 'BEGIN; SELECT name FROM sqlite_schema'), undefined);
    } catch (error) {
      if (error instanceof FaroError && isBusy(error.cause)) throw error;
      return undefined;
    }
  }

  [Symbol.dispose](): void {
    if (!this.#database.isOpen) return;
    removeOwner(this.#owner);
    this.#database.close();
  }
}

function lock(dir: string, readOnly: boolean, how: string): DatabaseSync {
  try {
    const database = new (sqlite().DatabaseSync)(join(dir, LOCK), { readOnly });
    try {
      // In memory: SQLite's own journal would be one more file in the folder.
      database.exec(`PRAGMA journal_mode = MEMORY; ${how}`);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (cause) {
    if (isBusy(cause)) throw inUse(dir, cause);
    throw new FaroError('journal', `the journal ${dir} cannot be locked: ${messageOf(cause)}`, { cause });
  }
}

function inUse(dir: string, cause: unknown): FaroError {
  const pid = ownerOf(dir);
  return new FaroError('journal', `the journal ${dir} is in use${pid === undefined ? '' : ` by process ${pid}`}`, {
    cause,
    hint: 'its capture still runs, or its story is being written: end it with Ctrl-C (SIGINT), and it writes its story; or wait for it',
  });
}

/** On a file system that has become read-only it stays; it is only told to people, and only while somebody has the lock. */
function removeOwner(owner: string | undefined): void {
  try {
    if (owner !== undefined) unlinkSync(owner);
  } catch (error) {
    if (!isPassing(error) && codeOf(error) !== 'ENOENT') throw error;
  }
}

/** Undefined where nobody said so (yet), or whoever did is gone. */
function ownerOf(dir: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(dir, OWNER), 'latin1'));
    if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
    process.kill(pid, 0); // throws where there is none: a crash leaves the file
    return pid;
  } catch {
    return undefined; // only told to people: what is not certain is not told
  }
}

export function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === BUSY;
}

/** Loaded when it is needed. Earlier versions of Node 24 warn of it on standard error, where only faro speaks. */
function sqlite(): typeof import('node:sqlite') {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    return process.getBuiltinModule('node:sqlite');
  } finally {
    process.emitWarning = emitWarning;
  }
}
