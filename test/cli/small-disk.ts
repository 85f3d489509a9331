import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../folder.ts';

/** Real file systems take root's rights. CI has them, or its tests fail: it may skip nothing. */
export const noDisks: string | false =
  process.getuid?.() !== 0 && process.env.CI !== 'true' ? 'only root may mount' : false;

/** A disk can only be made to fail under open files where the kernel lends a block device, which a container may not have. */
export const hasLoopDevices = spawnSync('losetup', ['--find']).status === 0;

/** A small file system of its own. */
export class SmallDisk implements Disposable {
  readonly #folder = temporaryFolder('disk');
  readonly path = join(this.#folder, 'disk');

  constructor(type: 'tmpfs' | 'ext4', mebibytes: number) {
    mkdirSync(this.path);
    const image = join(this.#folder, 'image');
    if (type === 'tmpfs') execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', this.path]);
    else {
      writeFileSync(image, '');
      truncateSync(image, mebibytes * 1024 * 1024);
      execFileSync('mkfs.ext4', ['-q', image]);
      execFileSync('mount', ['-o', 'loop', image, this.path]);
    }
  }

  /** Takes all the room that is left, but for so many bytes. */
  fill(leaving = 0): void {
    const filler = join(this.path, 'filler');
    const file = openSync(filler, 'a');
    let filled = 0;
    for (let bytes = 65_536; bytes >= 1; )
      try {
        const written = writeSync(file, Buffer.alloc(bytes));
        filled += written;
        if (written < bytes) bytes = Math.floor(bytes / 2);
      } catch {
        bytes = Math.floor(bytes / 2);
      }
    closeSync(file);
    truncateSync(filler, filled - leaving);
  }

  free(): void {
    rmSync(join(this.path, 'filler'));
  }

  /** As a kernel does with a disk that fails: read-only from one moment to the next, whatever is open. */
  abort(): void {
    execFileSync('mount', ['-o', 'remount,abort', this.path]);
  }

  [Symbol.dispose](): void {
    execFileSync('umount', [this.path]);
    rmSync(this.#folder, { recursive: true });
  }
}
