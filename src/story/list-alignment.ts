import { isRawNumber } from '../model/json.ts';
import { isObject } from '../model/json-equal.ts';

/** For each item of a list the index of the item of the older list that it continues; -1 for a new one. Ascending. */
export type Alignment = readonly number[];

/**
 * Finds which items of a list continue which of the older one: those of the same identity (`uid`, `name`, `type` …, or
 * the text itself) as far as they keep their order, and in the gaps between those one after another. Takes n log n.
 */
export function align(from: readonly unknown[], to: readonly unknown[]): Alignment {
  const alignment = keptInOrder(sameIdentity(from, to));
  fillGaps(alignment, from.length);
  return alignment;
}

/** Whether two items bear the same identity; items without one are taken for the same. */
export function isSameItem(from: unknown, to: unknown): boolean {
  return identityOf(from) === identityOf(to);
}

function sameIdentity(from: readonly unknown[], to: readonly unknown[]): number[] {
  const [older, newer] = [indexesOf(from), indexesOf(to)];
  return to.map((item, index) => {
    const identity = identityOf(item);
    // An identity that stands twice tells nothing.
    return identity === undefined || newer.get(identity) !== index ? -1 : (older.get(identity) ?? -1);
  });
}

function indexesOf(list: readonly unknown[]): ReadonlyMap<string, number> {
  const indexes = new Map<string, number>();
  for (const [index, item] of list.entries()) {
    const identity = identityOf(item);
    if (identity !== undefined) indexes.set(identity, indexes.has(identity) ? -1 : index);
  }
  return indexes;
}

const IDENTITIES = ['uid', 'name', 'type', 'containerID', 'ip', 'key'];

function identityOf(item: unknown): string | undefined {
  if (typeof item === 'string') return item;
  if (!isObject(item) || isRawNumber(item)) return undefined;
  // managedFields, which the server sorts anew by time.
  if (typeof item.manager === 'string')
    return JSON.stringify(['manager', item.manager, item.operation, item.subresource]);
  const field = IDENTITIES.find((name) => typeof item[name] === 'string');
  return field === undefined ? undefined : JSON.stringify([field, item[field]]);
}

/** Keeps a longest ascending subsequence of the indexes (patience sorting); what is out of order counts as new. */
function keptInOrder(indexes: readonly number[]): number[] {
  const tops: number[] = [];
  const before: number[] = [];
  for (const [position, index] of indexes.entries()) {
    if (index === -1) continue;
    const pile = firstAtLeast(tops, (top) => (indexes[top] ?? 0) >= index);
    before[position] = tops[pile - 1] ?? -1;
    tops[pile] = position;
  }
  const kept = indexes.map(() => -1);
  for (let position = tops.at(-1) ?? -1; position !== -1; position = before[position] ?? -1)
    kept[position] = indexes[position] ?? -1;
  return kept;
}

function firstAtLeast(sorted: readonly number[], isAtLeast: (item: number) => boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isAtLeast(sorted[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Between two items that continue older ones, the rest is paired in order: a replacement is shorter than two steps. */
function fillGaps(alignment: number[], length: number): void {
  let limit = length;
  const limits = alignment.map(() => length);
  for (let index = alignment.length - 1; index >= 0; index -= 1) {
    limits[index] = limit;
    const own = alignment[index] ?? -1;
    if (own !== -1) limit = own;
  }
  let next = 0;
  for (let index = 0; index < alignment.length; index += 1) {
    const own = alignment[index] ?? -1;
    if (own !== -1) next = own + 1;
    else if (next < (limits[index] ?? 0)) {
      alignment[index] = next;
      next += 1;
    }
  }
}
