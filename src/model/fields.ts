/** Reading JSON of unknown shape, at the edge: what is not of the wanted kind is undefined, and never throws. */

/** A field of an object. */
export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** A field of a field …, e.g. `path(pod, 'spec', 'nodeName')`. */
export function path(value: unknown, ...names: readonly string[]): unknown {
  let found = value;
  for (const name of names) found = field(found, name);
  return found;
}

/** A list; anything else is an empty one. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A text that is not empty. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
