/** A file of a disk in memory. */
export interface Node {
  data: Buffer;
  /** What a power cut leaves. */
  synced: Buffer;
  /** Written since the last sync, and not dropped by one that failed. */
  /** Bytes that it takes without holding any. */
  reserved?: number;
  dirty: { readonly offset: number; readonly bytes: Buffer }[];
  /** What `data` and `synced` are the beginning of, with room behind: what grows is not copied each time. */
  dataMemory?: Buffer;
  syncedMemory?: Buffer;
}

const SECTOR_BYTES = 512;
const LEAST_MEMORY = 16 * 1024;

export function emptyNode(): Node {
  return { data: Buffer.alloc(0), synced: Buffer.alloc(0), dirty: [] };
}

/** `bytes` are the node's from then on. */
export function append(node: Node, bytes: Buffer): void {
  node.dirty.push({ offset: node.data.length, bytes });
  const from = node.data.length;
  node.dataMemory = withRoom(node.data, node.dataMemory, from + bytes.length);
  bytes.copy(node.dataMemory, from);
  node.data = node.dataMemory.subarray(0, from + bytes.length);
}

/** The memory that a file begins in, or, where it does not or that is too small, another one with its bytes and zeros. */
function withRoom(bytes: Buffer, memory: Buffer | undefined, length: number): Buffer {
  if (memory !== undefined && memory.buffer === bytes.buffer && memory.length >= length) return memory;
  const larger = Buffer.alloc(Math.max(LEAST_MEMORY, 2 * length));
  bytes.copy(larger);
  return larger;
}

export function truncate(node: Node, length: number): void {
  node.data = Buffer.from(node.data.subarray(0, length));
  node.dirty = node.dirty.filter(({ offset, bytes }) => offset + bytes.length <= length);
}

/** What was dropped by a sync that failed stays away: zeros stand in its place. */
export function sync(node: Node): void {
  const { length } = node.data;
  const kept = node.synced.subarray(0, length);
  // What was cut off may be another disk's by now: it is not written over.
  const isGrowth = kept.length === node.synced.length && node.dirty.every(({ offset }) => offset >= kept.length);
  node.syncedMemory = withRoom(kept, isGrowth ? node.syncedMemory : undefined, length);
  for (const { offset, bytes } of node.dirty) bytes.copy(node.syncedMemory, offset);
  node.synced = node.syncedMemory.subarray(0, length);
  node.dirty = [];
}

/**
 * What is left of a file: what was synced; with `isWritten` what was not, too; with `random` sectors of that, in any
 * order, in a file that may be shorter than what was written.
 */
export function survivor(
  { synced, dirty, data }: Node,
  random?: () => number,
  { isWritten = false }: { readonly isWritten?: boolean } = {},
): Node {
  const node = { data, synced, dirty: [...dirty] };
  if (isWritten) sync(node);
  if (random !== undefined) {
    node.synced = Buffer.alloc(synced.length + Math.floor(random() * (data.length - synced.length + 1)));
    synced.copy(node.synced);
    for (const { offset, bytes } of dirty)
      for (let at = 0; at < bytes.length; at += SECTOR_BYTES)
        if (random() < 0.5) bytes.copy(node.synced, offset + at, at, Math.min(bytes.length, at + SECTOR_BYTES));
  }
  return { data: node.synced, synced: node.synced, dirty: [] };
}
