import { FaroError } from '../model/errors.ts';
import { isRawNumber } from '../model/json.ts';

/** One operation of an RFC 6902 patch; Faro writes only these three. */
export type PatchOperation =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

type Json = Readonly<Record<string, unknown>>;

/** The operations that turn `from` into `to`: fields by name, lists by what their beginnings and ends share. Linear in size. */
export function diff(from: unknown, to: unknown): PatchOperation[] {
  const operations: PatchOperation[] = [];
  diffValue(from, to, '', operations);
  return operations;
}

function diffValue(from: unknown, to: unknown, at: string, operations: PatchOperation[]): void {
  if (isEqual(from, to)) return;
  if (Array.isArray(from) && Array.isArray(to)) diffList(from, to, at, operations);
  else if (isObject(from) && isObject(to)) diffObject(from, to, at, operations);
  else operations.push({ op: 'replace', path: at, value: to });
}

function diffObject(from: Json, to: Json, at: string, operations: PatchOperation[]): void {
  for (const name of Object.keys(from))
    if (!Object.hasOwn(to, name)) operations.push({ op: 'remove', path: step(at, name) });
  for (const [name, value] of Object.entries(to)) {
    const path = step(at, name);
    if (Object.hasOwn(from, name)) diffValue(from[name], value, path, operations);
    else operations.push({ op: 'add', path, value });
  }
}

function diffList(from: readonly unknown[], to: readonly unknown[], at: string, operations: PatchOperation[]): void {
  let start = 0;
  while (start < Math.min(from.length, to.length) && isEqual(from[start], to[start])) start += 1;
  let shared = 0;
  while (shared < Math.min(from.length, to.length) - start && isEqual(from.at(-1 - shared), to.at(-1 - shared)))
    shared += 1;
  const paired = Math.min(from.length, to.length) - start - shared;
  for (let index = start; index < start + paired; index += 1)
    diffValue(from[index], to[index], step(at, String(index)), operations);
  // From the end, so that the indexes of what is still to be removed stay true.
  for (let index = from.length - shared - 1; index >= start + paired; index -= 1)
    operations.push({ op: 'remove', path: step(at, String(index)) });
  for (let index = start + paired; index < to.length - shared; index += 1)
    operations.push({ op: 'add', path: step(at, String(index)), value: to[index] });
}

function step(at: string, name: string): string {
  return `${at}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawNumber(value);
}

/** Deep equality of JSON; numbers that kept their source text are equal by it. */
export function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (isRawNumber(a) || isRawNumber(b)) return isRawNumber(a) && isRawNumber(b) && a.rawJSON === b.rawJSON;
  if (Array.isArray(a) || Array.isArray(b))
    return (
      Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, index) => isEqual(item, b[index]))
    );
  if (!isObject(a) || !isObject(b)) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && isEqual(a[name], b[name]))
  );
}

/** The document that a patch makes of another; neither is changed. Throws FaroError `story` where it does not fit. */
export function applyPatch(document: unknown, patch: readonly PatchOperation[]): unknown {
  return patch.reduce((current, operation) => applyAt(current, steps(operation.path), operation), document);
}

function steps(path: string): readonly string[] {
  return path
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function applyAt(value: unknown, names: readonly string[], operation: PatchOperation): unknown {
  const [name, ...rest] = names;
  if (name === undefined) {
    if (operation.op === 'remove') throw misfit(operation);
    return operation.value;
  }
  if (Array.isArray(value)) return applyInList(value, name, rest, operation);
  if (isObject(value)) return applyInObject(value, name, rest, operation);
  throw misfit(operation);
}

function applyInList(
  list: readonly unknown[],
  name: string,
  rest: readonly string[],
  operation: PatchOperation,
): unknown {
  const index = name === '-' ? list.length : Number(name);
  const isLast = rest.length === 0;
  const limit = isLast && operation.op === 'add' ? list.length : list.length - 1;
  if (!Number.isInteger(index) || index < 0 || index > limit) throw misfit(operation);
  if (isLast && operation.op === 'add') return list.toSpliced(index, 0, operation.value);
  if (isLast && operation.op === 'remove') return list.toSpliced(index, 1);
  return list.with(index, applyAt(list[index], rest, operation));
}

function applyInObject(object: Json, name: string, rest: readonly string[], operation: PatchOperation): unknown {
  const isLast = rest.length === 0;
  if (!Object.hasOwn(object, name) && !(isLast && operation.op === 'add')) throw misfit(operation);
  const entries = Object.entries(object);
  // fromEntries defines its properties, so that the name __proto__ is one like any other.
  if (isLast && operation.op === 'remove') return Object.fromEntries(entries.filter(([key]) => key !== name));
  const next = applyAt(object[name], rest, operation);
  if (!Object.hasOwn(object, name)) return Object.fromEntries([...entries, [name, next]]);
  return Object.fromEntries(entries.map(([key, value]) => [key, key === name ? next : value]));
}

function misfit({ op, path }: PatchOperation): FaroError {
  return new FaroError('story', `a patch does not fit: ${op} ${path}`, { hint: 'the story is damaged, or was edited' });
}
