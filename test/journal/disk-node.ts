/** A file of a disk in memory. */
export interface Node {
  data: Buffer;
  /** What a power cut leaves. */
  synced: Buffer;
  /** Written since the last sync, and not dropped by one that failed. */
  /** Bytes that it takes without holding any. */
  reserved?: number;
  dirty: { readonly offset: number; readonly bytes: Buffer }[];
}

const SECTOR_BYTES = 512;

export function emptyNode(): Node {
  return { data: Buffer.alloc(0), synced: Buffer.alloc(0), dirty: [] };
}

export function append(node: Node, bytes: Buffer): void {
  node.dirty.push({ offset: node.data.length, bytes: Buffer.from(bytes) });
  node.data = Buffer.concat([node.data, bytes]);
}

export function truncate(node: Node, length: number): void {
  node.data = Buffer.from(node.data.subarray(0, length));
  node.dirty = node.dirty.filter(({ offset, bytes }) => offset + bytes.length <= length);
}

/** What was dropped by a sync that failed stays away: zeros stand in its place. */
export function sync(node: Node): void {
  const bytes = Buffer.alloc(node.data.length);
  node.synced.copy(bytes, 0, 0, node.data.length);
  for (const { offset, bytes: written } of node.dirty) written.copy(bytes, offset);
  node.synced = bytes;
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
