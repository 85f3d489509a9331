import { isRawNumber } from './json.ts';

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Deeper documents exist only to exhaust the stack: below this they are taken whole. */
export const MAX_DEPTH = 500;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawNumber(value);
}

/**
 * Deep equality of JSON; numbers that kept their source text are equal by it. What is nested too deeply to compare
 * counts as unequal.
 */
export function isEqual(a: unknown, b: unknown, depth = 0): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || depth > MAX_DEPTH) return false;
  if (isRawNumber(a) || isRawNumber(b)) return isRawNumber(a) && isRawNumber(b) && a.rawJSON === b.rawJSON;
  if (Array.isArray(a) && Array.isArray(b)) return isEqualList(a, b, depth + 1);
  return isObject(a) && isObject(b) && isEqualObject(a, b, depth + 1);
}

function isEqualList(a: readonly unknown[], b: readonly unknown[], depth: number): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) if (!isEqual(a[index], b[index], depth)) return false;
  return true;
}

function isEqualObject(a: JsonObject, b: JsonObject, depth: number): boolean {
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  for (const name of names) if (!Object.hasOwn(b, name) || !isEqual(a[name], b[name], depth)) return false;
  return true;
}
