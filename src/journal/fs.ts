import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { promisify } from 'node:util';

/** A file that is appended to, and read at any place. */
export interface JournalFile {
  /** Where it fails, any part of the bytes may have been written. */
  append(bytes: readonly Buffer[]): Promise<void>;
  /**
   * Resolves when everything appended is on the disk. Where it fails, what was appended since the last sync may be lost
   * even if a later one succeeds: the kernel may have dropped it, and takes it for written.
   */
  sync(): Promise<void>;
  /** Gives the room of what stands behind `length` bytes back. */
  truncate(length: number): Promise<void>;
  /** At most `length` bytes from `position`; fewer at the end of the file. */
  read(position: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

/** The few calls that the journal needs; injected, so that tests can break them. */
export interface JournalFs {
  /** Fails with EEXIST where the folder is there. */
  createFolder(path: string): Promise<void>;
  /** Fails with EEXIST where the file is there. */
  createFile(path: string): Promise<JournalFile>;
  openFile(path: string): Promise<JournalFile>;
  /** Makes the names in a folder survive a power cut. */
  syncFolder(path: string): Promise<void>;
  list(path: string): Promise<readonly string[]>;
  /** With all that is in it. */
  remove(path: string): Promise<void>;
  /** Makes a file that takes up that many bytes of the disk, to be removed when they are needed. */
  reserve(path: string, bytes: number): Promise<void>;
}

/** The machine's own file system. Only the owner may read: a story holds what its namespace holds. */
export const nodeFs: JournalFs = {
  async createFolder(path) {
    await mkdir(path, { mode: 0o700 });
  },
  createFile: (path) => openNodeFile(path, 'ax+'),
  openFile: (path) => openNodeFile(path, 'r'),
  syncFolder,
  list: (path) => readdir(path),
  remove: (path) => rm(path, { recursive: true }),
  async reserve(path, bytes) {
    await using file = await open(path, 'wx', 0o600);
    // A file system that compresses, or leaves holes, keeps no room for zeros.
    await file.writeFile(await randomBytesOf(bytes));
    await file.datasync();
  },
};

/** Resolves when what a folder names is on the disk. */
export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}

const randomBytesOf = promisify<number, Buffer>(randomBytes);

async function openNodeFile(path: string, flags: string): Promise<JournalFile> {
  const file = await open(path, flags, 0o600);
  return {
    async append(bytes) {
      let written = 0;
      const total = bytes.reduce((sum, { length }) => sum + length, 0);
      // writev may write less than it was given, e.g. on a disk that is almost full.
      for (let rest = [...bytes]; written < total; rest = after(bytes, written)) {
        const { bytesWritten } = await file.writev(rest);
        written += bytesWritten;
      }
    },
    sync: () => file.datasync(),
    truncate: (length) => file.truncate(length),
    async read(position, length) {
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, position);
      return buffer.subarray(0, bytesRead);
    },
    close: () => file.close(),
  };
}

/** What is left of some buffers after their first `count` bytes. */
function after(buffers: readonly Buffer[], count: number): Buffer[] {
  let skipped = 0;
  return buffers.flatMap((buffer) => {
    const from = Math.min(buffer.length, Math.max(0, count - skipped));
    skipped += buffer.length;
    return from < buffer.length ? [buffer.subarray(from)] : [];
  });
}
