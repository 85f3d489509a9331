/** Anything that has a place in an order. */
export interface Placed {
  readonly key: string;
  readonly order: number;
}

/** A sequence that is in order in itself, given in batches, and the key before which nothing of it comes. */
export interface Source<T extends Placed> {
  readonly from: string;
  open(): AsyncIterator<readonly T[]>;
}

interface Cursor<T extends Placed> {
  readonly batches: AsyncIterator<readonly T[]>;
  batch: readonly T[];
  at: number;
  head: T;
}

/**
 * Merges ordered sequences into one. A sequence is opened only when the merge reaches its beginning and closed at its
 * end, so that what is in memory is one batch of each that is under way at one moment.
 */
export async function* mergeSources<T extends Placed>(sources: readonly Source<T>[]): AsyncGenerator<T> {
  const waiting = sources.toSorted((a, b) => (a.from < b.from ? 1 : -1));
  const heap: Cursor<T>[] = [];
  for (;;) {
    const top = heap[0];
    const next = waiting.at(-1);
    if (next !== undefined && (top === undefined || next.from <= top.head.key)) {
      waiting.pop();
      const cursor = await opened(next);
      if (cursor !== undefined) push(heap, cursor);
      continue;
    }
    if (top === undefined) return;
    yield top.head;
    const isStillThere = advance(top) || (await refill(top));
    if (isStillThere) sink(heap);
    else pop(heap);
  }
}

async function opened<T extends Placed>(source: Source<T>): Promise<Cursor<T> | undefined> {
  const cursor: Omit<Cursor<T>, 'head'> & { head: T | undefined } = {
    batches: source.open(),
    batch: [],
    at: -1,
    head: undefined,
  };
  for (;;) {
    const { value, done } = await cursor.batches.next();
    if (done === true) return undefined;
    const [head] = value;
    if (head !== undefined) return { batches: cursor.batches, batch: value, at: 0, head };
  }
}

function advance<T extends Placed>(cursor: Cursor<T>): boolean {
  const head = cursor.batch[cursor.at + 1];
  if (head === undefined) return false;
  cursor.at += 1;
  cursor.head = head;
  return true;
}

async function refill<T extends Placed>(cursor: Cursor<T>): Promise<boolean> {
  for (;;) {
    const { value, done } = await cursor.batches.next();
    if (done === true) return false;
    cursor.batch = value;
    cursor.at = -1;
    if (advance(cursor)) return true;
  }
}

function isBefore<T extends Placed>(a: Cursor<T>, b: Cursor<T>): boolean {
  return a.head.key < b.head.key || (a.head.key === b.head.key && a.head.order < b.head.order);
}

function push<T extends Placed>(heap: Cursor<T>[], cursor: Cursor<T>): void {
  let at = heap.push(cursor) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!swapIfBefore(heap, at, parent)) return;
    at = parent;
  }
}

function pop<T extends Placed>(heap: Cursor<T>[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  heap[0] = last;
  sink(heap);
}

function sink<T extends Placed>(heap: Cursor<T>[]): void {
  for (let at = 0; ; ) {
    const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
    if (left === undefined) return;
    const child = right !== undefined && isBefore(right, left) ? 2 * at + 2 : 2 * at + 1;
    if (!swapIfBefore(heap, child, at)) return;
    at = child;
  }
}

function swapIfBefore<T extends Placed>(heap: Cursor<T>[], a: number, b: number): boolean {
  const [first, second] = [heap[a], heap[b]];
  if (first === undefined || second === undefined || !isBefore(first, second)) return false;
  heap[a] = second;
  heap[b] = first;
  return true;
}
