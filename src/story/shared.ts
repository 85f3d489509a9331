import { isRawNumber } from '../model/json.ts';
import { MAX_DEPTH } from '../model/json-equal.ts';

/**
 * A value of JSON that was just parsed, with all that it has in common with the one before it shared: `before` itself where
 * they are equal, fields in the same order; else `after`, in which the equal parts are those of `before`.
 */
export function shared(before: unknown, after: unknown, depth = 0): unknown {
  if (!isContainer(before) || !isContainer(after) || depth > MAX_DEPTH) return after;
  if (Array.isArray(before) !== Array.isArray(after)) return after;
  const [names, own] = [Object.keys(before), Object.keys(after)];
  let isEqual = names.length === own.length;
  for (let index = 0; index < own.length; index += 1) {
    const name = own[index] ?? '';
    // Not to be read or written as a field by its name.
    if (name === '__proto__') return after;
    if (names[index] !== name) isEqual = false;
    const [old, value] = [before[name], after[name]];
    if (old === value) continue;
    const common = shared(old, value, depth + 1);
    if (common !== value) after[name] = common;
    if (common !== old) isEqual = false;
  }
  return isEqual ? before : after;
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !isRawNumber(value);
}
