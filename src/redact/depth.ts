import { isRawNumber } from '../model/json.ts';
import { mapFields } from './map-fields.ts';

/** What is nested deeper exists only to exhaust the stack of whoever reads it. */
export const MAX_DEPTH = 500;

/** What stands there instead. */
const TOO_DEEP = 'nested too deeply to be kept';

/** A copy in which nothing is nested too deeply, or the value itself where nothing was. */
export function withoutDepths<T extends object>(value: T): T {
  return bounded(value, 0) as T;
}

function bounded(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || isRawNumber(value)) return value;
  if (depth > MAX_DEPTH) return TOO_DEEP;
  if (!Array.isArray(value)) return mapFields(value as Record<string, unknown>, (child) => bounded(child, depth + 1));
  const copy = value.map((child) => bounded(child, depth + 1));
  return copy.every((child, index) => child === value[index]) ? value : copy;
}
