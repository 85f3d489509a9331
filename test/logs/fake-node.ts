import { gzipSync } from 'node:zlib';
import type { FileRead, FileTimes, NodeFiles } from '../../src/kube/node-files.ts';

/** A node's folder of one container run's log files, as the kubelet and the runtime keep it; the test moves it on. */
export class FakeNode implements NodeFiles {
  readonly through = 'a fake';
  /** Names to bytes; `0.log` is the one that is written to. */
  readonly names = new Map<string, Buffer>([['0.log', Buffer.alloc(0)]]);
  readonly maxFiles: number;
  /** What it says of every file; undefined: nothing. */
  times: FileTimes | undefined;
  #rotations = 0;
  /** Called before each answer: what happens between two requests. */
  between: () => void = () => undefined;

  constructor(maxFiles = 5) {
    this.maxFiles = maxFiles;
  }

  write(text: string, name = '0.log'): void {
    this.names.set(name, Buffer.concat([this.names.get(name) ?? Buffer.alloc(0), Buffer.from(text, 'latin1')]));
  }

  /** Deletes the oldest, compresses the plain ones, renames. Returns the renamed file's name. */
  rotate(): string {
    const rotated = [...this.names.keys()].filter((name) => name !== '0.log').sort();
    for (const name of rotated.slice(0, Math.max(0, rotated.length - (this.maxFiles - 2)))) this.names.delete(name);
    for (const name of rotated) {
      const bytes = this.names.get(name);
      if (bytes === undefined || name.endsWith('.gz')) continue;
      this.names.set(`${name}.gz`, gzipSync(bytes));
      this.names.delete(name);
    }
    this.#rotations += 1;
    const renamed = `0.log.20261125-${String(100_000 + this.#rotations)}`;
    this.names.set(renamed, this.names.get('0.log') ?? Buffer.alloc(0));
    this.names.set('0.log', Buffer.alloc(0));
    return renamed;
  }

  async list(): Promise<readonly string[] | undefined> {
    this.between();
    return this.names.size === 0 ? undefined : [...this.names.keys()].sort();
  }

  async read(file: string, from: number): Promise<FileRead> {
    this.between();
    const bytes = this.names.get(file.split('/').at(-1) ?? '');
    if (bytes === undefined) return { type: 'missing' };
    if (bytes.length === 0 || from >= bytes.length) return { type: 'beyond', size: bytes.length };
    return { type: 'bytes', from, body: body(bytes.subarray(from)), times: this.times };
  }
}

/** Comes in uneven pieces, as a network gives them. */
function body(bytes: Buffer) {
  return {
    async *[Symbol.asyncIterator]() {
      for (let at = 0, size = 1; at < bytes.length; at += size, size = (size * 7) % 1013) {
        yield bytes.subarray(at, at + size);
      }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
