import type { Written } from '../simd/line-window.ts';
import type { DocumentText } from './document-text.ts';
import { comparePlaces, isBefore, type Place } from './order.ts';
import type { MadeEntry } from './prepared.ts';

/** Where a merge writes the entries to, in their order. */
export interface EntrySink {
  /** It must be flushed before it takes more; that may be within a log line, too. */
  readonly isFull: boolean;
  /** An entry that is no log line: its JSON without the brace and `seq` at its beginning, and, where it is at hand, itself. */
  entry(json: string, made: MadeEntry | undefined): void;
  /** Between the beginning and the end of a log line its content is written here, escaped. */
  readonly text: DocumentText;
  beginLine(head: LineHead): void;
  endLine(): void;
  /** What `write` writes at once, lines of a log, each whole; undefined where that is none, or each is to be begun by itself. */
  takeLines(container: number, write: LineBatch): Written | undefined;
  flush(): Promise<void>;
}

/**
 * Writes usual lines of one log as entries, at most so many.
 * @param beginning of the first entry, e.g. `,\n{"seq":12,`; moved on to that of the next one behind them
 */
export type LineBatch = (beginning: Buffer, most: number) => Written | undefined;

/** All of a log line's JSON but its `seq` before it, its content, and what closes both; by where it stands in some bytes. */
export interface LineHead extends Place {
  /** Index of the container instance in the story. */
  readonly container: number;
  /** `"time":"2026-11-23T16:07:00.120000000Z`, TIME_BYTES long. */
  readonly time: Buffer;
  readonly timeAt: number;
  /** What stands between time and content. The same bytes, which do not change, for many lines. */
  readonly about: Buffer;
  readonly aboutAt: number;
  readonly aboutEnd: number;
}

/** A sequence of entries that is in order in itself; its own place is that of its next entry. */
export interface Cursor extends Place {
  /** Makes entries available where none is; false at the end. */
  load(): Promise<boolean>;
  /**
   * Hands on the next entry, and those behind it that stand before `limit`, while the sink takes them. True where no
   * more is available without `load`.
   */
  drain(sink: EntrySink, limit: Place | undefined): boolean;
}

/** A sequence that is not opened yet. */
export interface Source {
  /** Nothing of it stands before or behind these. */
  readonly from: Place;
  readonly until: Place;
  /** Bytes that it holds in memory while it is open, about. */
  readonly memory: number;
  /** Bytes of its entries, about. */
  readonly bytes: number;
  open(): Cursor;
}

/**
 * Merges ordered sequences into one. A sequence is opened only when the merge reaches its beginning, so that what is in
 * memory is one batch of each that is under way at one moment.
 */
export async function merge(sources: readonly Source[], out: EntrySink): Promise<void> {
  const waiting = sources.toSorted((a, b) => comparePlaces(b.from, a.from));
  const heap: Cursor[] = [];
  for (;;) {
    const [top] = heap;
    const next = waiting.at(-1);
    if (next !== undefined && (top === undefined || !isBefore(top, next.from))) {
      waiting.pop();
      const cursor = next.open();
      if (await cursor.load()) push(heap, cursor);
      continue;
    }
    if (top === undefined) return;
    const isUsedUp = top.drain(out, limitOf(heap, next));
    if (out.isFull) await out.flush();
    if (isUsedUp && !(await top.load())) pop(heap);
    else sink(heap);
  }
}

/** The top of the heap may be drained up to here. */
function limitOf(heap: readonly Cursor[], next: Source | undefined): Place | undefined {
  const [, left, right] = heap;
  const second = left !== undefined && right !== undefined && isBefore(right, left) ? right : left;
  if (next === undefined || (second !== undefined && isBefore(second, next.from))) return second;
  return next.from;
}

function push(heap: Cursor[], cursor: Cursor): void {
  let at = heap.push(cursor) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!swapIfBefore(heap, at, parent)) return;
    at = parent;
  }
}

function pop(heap: Cursor[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  heap[0] = last;
  sink(heap);
}

function sink(heap: Cursor[]): void {
  for (let at = 0; ; ) {
    const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
    if (left === undefined) return;
    const child = right !== undefined && isBefore(right, left) ? 2 * at + 2 : 2 * at + 1;
    if (!swapIfBefore(heap, child, at)) return;
    at = child;
  }
}

function swapIfBefore(heap: Cursor[], a: number, b: number): boolean {
  const [first, second] = [heap[a], heap[b]];
  if (first === undefined || second === undefined || !isBefore(first, second)) return false;
  heap[a] = second;
  heap[b] = first;
  return true;
}
