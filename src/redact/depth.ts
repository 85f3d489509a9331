import { isRawNumber } from '../model/json.ts';
import { mapFields } from './map-fields.ts';

/** What is nested deeper exists only to exhaust the stack of whoever reads it. */
export const MAX_DEPTH = 500;

/** What stands there instead. */
const TOO_DEEP = 'nested too deeply to be kept';

/** A copy in which nothing is nested too deeply, or the value itself where nothing was. */
export function withoutDepths<T extends object>(value: T): T {
  return isBounded(value, 0) ? value : (bounded(value, 0) as T);
}

/** Nearly always it is: to look takes nothing of memory. */
function isBounded(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth > MAX_DEPTH) return isRawNumber(value);
  if (Array.isArray(value)) {
    // By their names, as those of an object, its items would be found in four times the time.
    for (let index = 0; index < value.length; index += 1) if (!isBounded(value[index], depth + 1)) return false;
    return true;
  }
  const fields = value as Readonly<Record<string, unknown>>;
  for (const name in fields) if (!isBounded(fields[name], depth + 1)) return false;
  return true;
}

function bounded(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || isRawNumber(value)) return value;
  if (depth > MAX_DEPTH) return TOO_DEEP;
  if (Array.isArray(value)) return value.map((child) => bounded(child, depth + 1));
  return mapFields(value as Record<string, unknown>, (child) => bounded(child, depth + 1));
}
