import type { JournalFile, JournalFs } from '../../src/journal/fs.ts';
import { append, emptyNode, type Node, survivor, sync, truncate } from './disk-node.ts';

/**
 * A disk in memory under the journal, that fails as disks do.
 *
 *     const disk = new FaultyDisk();
 *     const journal = await JournalWriter.create('/j', { clock, fs: disk });
 *     disk.capacity = disk.used + 10_000;                  // ENOSPC in the middle of a write, until it is set higher
 *     disk.isReadOnly = true;                              // EROFS for whatever changes something
 *     disk.fault = ({ call }) => call === 'sync' ? { code: 'EIO' } : undefined;
 *     const left = disk.afterPowerCut();                   // what was synced, and nothing else
 *     const left = disk.afterPowerCut(random);             // … and some of what was not, in pieces
 *     const left = disk.afterKill();                       // all that was written
 *     const left = disk.at(12);                            // the same disk after its first 12 operations
 *     const left = disk.at(12, { bytes: 100 });            // … and 100 bytes of the write after them
 *     JournalReader.open('/j', { fs: left });
 *
 * Every call resolves without a timer, so that it can serve under a simulated clock; what it does is a function of the
 * calls and of what is set on it. A sync that fails drops what was not synced, as kernels do: a later one does not save
 * it. Names are synced apart, with their folder. Descriptors stay good over a remount.
 */
export class FaultyDisk implements JournalFs {
  /** Bytes of all files together, at most. */
  capacity = Number.POSITIVE_INFINITY;
  isReadOnly = false;
  /** Asked before every operation; what it returns happens in the operation's place. */
  fault: (operation: Operation) => Fault | undefined = () => undefined;
  readonly #folders = new Map<string, Folder>([['/', { names: new Map(), synced: new Map() }]]);
  readonly #history: Step[] = [];

  /** How many operations that change something were done, failed ones included. */
  get operations(): number {
    return this.#history.length;
  }

  /** How many bytes the operation wrote, where it was a write. */
  bytesOf(operation: number): number {
    const step = this.#history[operation];
    return step?.call === 'append' ? step.bytes.length : 0;
  }

  get used(): number {
    return this.#nodes().reduce((sum, { data, reserved = 0 }) => sum + data.length + reserved, 0);
  }

  async createFolder(path: string): Promise<void> {
    this.#begin('createFolder', path);
    const parent = this.#folderOf(path);
    if (parent.names.has(nameOf(path))) throw failure('EEXIST', path);
    const folder: Folder = { names: new Map(), synced: new Map() };
    this.#folders.set(path, folder);
    parent.names.set(nameOf(path), folder);
    this.#history.push({ call: 'createFolder', path });
  }

  async createFile(path: string): Promise<JournalFile> {
    this.#begin('createFile', path);
    const { names } = this.#folderOf(path);
    if (names.has(nameOf(path))) throw failure('EEXIST', path);
    const node = emptyNode();
    names.set(nameOf(path), node);
    this.#history.push({ call: 'createFile', path });
    return this.#file(path, node);
  }

  async openFile(path: string): Promise<JournalFile> {
    this.#begin('openFile', path);
    return this.#file(path, this.#node(path));
  }

  async syncFolder(path: string): Promise<void> {
    this.#begin('syncFolder', path);
    const folder = this.#folder(path);
    folder.synced = new Map(folder.names);
    this.#history.push({ call: 'syncFolder', path });
  }

  async list(path: string): Promise<readonly string[]> {
    this.#begin('list', path);
    return [...this.#folder(path).names.keys()];
  }

  async remove(path: string): Promise<void> {
    this.#begin('remove', path);
    if (!this.#folderOf(path).names.delete(nameOf(path))) throw failure('ENOENT', path);
    this.#folders.delete(path);
    this.#history.push({ call: 'remove', path });
  }

  async reserve(path: string, bytes: number): Promise<void> {
    if (bytes > this.capacity - this.used) throw failure('ENOSPC', path);
    await this.createFile(path);
    this.#node(path).reserved = bytes;
  }

  /** The machine lost its power: only what was synced is there, and, with `random`, some of what was not. */
  afterPowerCut(random?: () => number): FaultyDisk {
    return this.#left(
      ({ synced }) => synced,
      (node) => survivor(node, random),
    );
  }

  /** The process was killed: the kernel writes whatever it was given. */
  afterKill(): FaultyDisk {
    return this.#left(
      ({ names }) => names,
      (node) => survivor(node, undefined, { isWritten: true }),
    );
  }

  /** This disk as it was after so many operations, and, with `bytes`, after so many bytes of the write that follows. */
  at(operations: number, { bytes = 0 }: { readonly bytes?: number } = {}): FaultyDisk {
    const past = new FaultyDisk();
    for (const step of this.#history.slice(0, operations)) past.#redo(step);
    const cut = this.#history[operations];
    if (cut?.call === 'append' && bytes > 0) past.#redo({ ...cut, bytes: cut.bytes.subarray(0, bytes) });
    return past;
  }

  /** What a file holds, to be looked at or damaged in place. */
  bytes(path: string): Buffer {
    return this.#node(path).data;
  }

  set(path: string, bytes: Buffer): void {
    const node = this.#node(path);
    node.data = Buffer.from(bytes);
    node.dirty = [];
    node.synced = node.data;
  }

  #file(path: string, node: Node): JournalFile {
    return {
      append: async (parts) => this.#append(path, node, Buffer.concat(parts)),
      sync: async () => {
        const fault = this.#ask({ call: 'sync', path, index: this.#history.length });
        if (fault === undefined) sync(node);
        else node.dirty = []; // dropped, and taken for written
        this.#history.push({ call: 'sync', path, hasFailed: fault !== undefined });
        if (fault !== undefined) throw failure(fault.code, path);
      },
      truncate: async (length) => {
        this.#begin('truncate', path);
        truncate(node, length);
        this.#history.push({ call: 'truncate', path, length });
      },
      read: async (position, length) => {
        this.#begin('read', path);
        return Buffer.from(node.data.subarray(position, position + length));
      },
      close: async () => void this.#begin('close', path),
    };
  }

  #append(path: string, node: Node, bytes: Buffer): void {
    const fault = this.#ask({ call: 'append', path, index: this.#history.length });
    const room = this.capacity === Number.POSITIVE_INFINITY ? this.capacity : this.capacity - this.used;
    const isFull = fault === undefined && bytes.length > room;
    const written = bytes.subarray(0, fault === undefined ? Math.max(0, room) : (fault.bytes ?? 0));
    if (written.length > 0) {
      append(node, written);
      this.#history.push({ call: 'append', path, bytes: written });
    }
    if (fault !== undefined || isFull) throw failure(fault?.code ?? 'ENOSPC', path);
  }

  #begin(call: Call, path: string): void {
    const fault = this.#ask({ call, path, index: this.#history.length });
    if (fault !== undefined) throw failure(fault.code, path);
  }

  #ask(operation: Operation): Fault | undefined {
    const isChange = !READING.has(operation.call);
    return this.isReadOnly && isChange ? { code: 'EROFS' } : this.fault(operation);
  }

  #folder(path: string): Folder {
    const folder = this.#folders.get(path);
    if (folder === undefined) throw failure('ENOENT', path);
    return folder;
  }

  #folderOf(path: string): Folder {
    return this.#folder(path.slice(0, path.lastIndexOf('/')) || '/');
  }

  #node(path: string): Node {
    const node = this.#folderOf(path).names.get(nameOf(path));
    if (node === undefined || !('data' in node)) throw failure('ENOENT', path);
    return node;
  }

  #nodes(): readonly Node[] {
    return [...this.#folders.values()].flatMap(({ names }) =>
      [...names.values()].flatMap((node) => ('data' in node ? [node] : [])),
    );
  }

  #left(namesOf: (folder: Folder) => Folder['names'], keep: (node: Node) => Node): FaultyDisk {
    const left = new FaultyDisk();
    const copy = (path: string): Folder => {
      const names = new Map<string, Node | Folder>();
      for (const [name, node] of namesOf(this.#folder(path)))
        names.set(name, 'data' in node ? keep(node) : copy(`${path === '/' ? '' : path}/${name}`));
      const folder = { names, synced: new Map(names) };
      left.#folders.set(path, folder);
      return folder;
    };
    copy('/');
    return left;
  }

  #redo(step: Step): void {
    this.#history.push(step);
    const { call, path } = step;
    if (call === 'createFolder') {
      const folder: Folder = { names: new Map(), synced: new Map() };
      this.#folders.set(path, folder);
      this.#folderOf(path).names.set(nameOf(path), folder);
    } else if (call === 'createFile') this.#folderOf(path).names.set(nameOf(path), emptyNode());
    else if (call === 'remove') {
      this.#folderOf(path).names.delete(nameOf(path));
      this.#folders.delete(path);
    } else if (call === 'syncFolder') this.#folder(path).synced = new Map(this.#folder(path).names);
    else if (call === 'append') append(this.#node(path), step.bytes);
    else if (call === 'truncate') truncate(this.#node(path), step.length);
    else if (step.call === 'sync' && step.hasFailed) this.#node(path).dirty = [];
    else sync(this.#node(path));
  }
}

type Call =
  | 'createFolder'
  | 'createFile'
  | 'openFile'
  | 'syncFolder'
  | 'list'
  | 'remove'
  | 'append'
  | 'sync'
  | 'truncate'
  | 'read'
  | 'close';

export interface Operation {
  readonly call: Call;
  readonly path: string;
  /** How many operations that change something were done before. */
  readonly index: number;
}

export interface Fault {
  /** `EIO`, `ENOSPC`, `EDQUOT`, … */
  readonly code: string;
  /** So many bytes of a write are written before it fails. */
  readonly bytes?: number;
}

type Step =
  | { readonly call: 'createFolder' | 'createFile' | 'remove' | 'syncFolder'; readonly path: string }
  | { readonly call: 'append'; readonly path: string; readonly bytes: Buffer }
  | { readonly call: 'truncate'; readonly path: string; readonly length: number }
  | { readonly call: 'sync'; readonly path: string; readonly hasFailed: boolean };

interface Folder {
  readonly names: Map<string, Node | Folder>;
  synced: Map<string, Node | Folder>;
}

const READING: ReadonlySet<Call> = new Set(['openFile', 'list', 'read', 'close']);
function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${REASONS[code] ?? 'failed'}, '${path}'`), { code });
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on device',
  EDQUOT: 'disk quota exceeded',
  EROFS: 'read-only file system',
  EIO: 'i/o error',
};
