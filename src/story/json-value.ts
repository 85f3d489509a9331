import { isRawNumber } from '../model/json.ts';
import { MAX_DEPTH } from '../model/json-equal.ts';

/** About how long a value is as JSON text; no longer counted once it is over the limit. */
export function sizeOf(value: unknown, limit = Number.POSITIVE_INFINITY, depth = 0): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return String(value).length;
  if (isRawNumber(value)) return value.rawJSON.length;
  if (depth > MAX_DEPTH) return limit;
  let size = 2;
  for (const [name, child] of Object.entries(value)) {
    if (size > limit) return size;
    size += sizeOf(child, limit - size, depth + 1) + (Array.isArray(value) ? 1 : name.length + 4);
  }
  return size;
}
