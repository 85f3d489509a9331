/** Where something stands in plain data. */
export type Path = readonly (string | number)[];

/** Of what type something in plain data must be. */
export type Expected = 'text' | 'true or false' | 'a list' | 'a map of fields';

/** Something in plain data is of another type; never holds the value, which may be a secret. */
export class WrongType extends Error {
  readonly path: Path;
  readonly expected: Expected;

  constructor(path: Path, expected: Expected) {
    super(`${path.join('.')} must be ${expected}`);
    this.path = path;
    this.expected = expected;
  }
}

/** Makes what is meant of plain data (JSON, YAML) that stands at `path`. Throws WrongType for the first that is not as it must be. */
export type Decode<T> = (value: unknown, path?: Path) => T;
export type Decoded<D> = D extends Decode<infer T> ? T : never;

/** Null and the empty string are the same as nothing. */
export const text: Decode<string | undefined> = (value, path = []) => {
  if (typeof value === 'string') return value || undefined;
  if (value === null || value === undefined) return undefined;
  throw new WrongType(path, 'text');
};

/** A text that is there. */
export const string: Decode<string> = (value, path = []) => {
  if (typeof value === 'string') return value;
  throw new WrongType(path, 'text');
};

export const flag: Decode<boolean> = (value, path = []) => {
  if (typeof value === 'boolean') return value;
  if (value === null || value === undefined) return false;
  throw new WrongType(path, 'true or false');
};

export const anything: Decode<unknown> = (value) => value;

export function orNull<T>(decode: Decode<T>): Decode<T | null> {
  return (value, path) => (value === null ? null : decode(value, path));
}

/** Null and undefined stay as they are. */
export function orNothing<T>(decode: Decode<T>): Decode<T | null | undefined> {
  return (value, path) => (value === null || value === undefined ? value : decode(value, path));
}

/** No list is an empty one. */
export function listOf<T>(item: Decode<T>): Decode<T[]> {
  return (value, path = []) => {
    if (value === null || value === undefined) return [];
    if (!Array.isArray(value)) throw new WrongType(path, 'a list');
    return value.map((each, index) => item(each, [...path, index]));
  };
}

/** By any name. No map is an empty one. */
export function mapOf<T>(item: Decode<T>): Decode<Record<string, T>> {
  return (value, path = []) => {
    if (value === null || value === undefined) return {};
    const entries = Object.entries(mapAt(value, path));
    return Object.fromEntries(entries.map(([name, each]) => [name, item(each, [...path, name])]));
  };
}

/** These fields; others are ignored. */
export function fields<S extends Readonly<Record<string, Decode<unknown>>>>(
  shape: S,
): Decode<{ [Name in keyof S]: Decoded<S[Name]> }> {
  const decoders = Object.entries(shape);
  return (value, path = []) => {
    const map = mapAt(value, path);
    const own = (name: string) => (Object.hasOwn(map, name) ? map[name] : undefined);
    const decoded = decoders.map(([name, decode]) => [name, decode(own(name), [...path, name])]);
    return Object.fromEntries(decoded) as { [Name in keyof S]: Decoded<S[Name]> };
  };
}

function mapAt(value: unknown, path: Path): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new WrongType(path, 'a map of fields');
}
