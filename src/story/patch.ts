import { FaroError } from '../model/errors.ts';
import { isEqual, isObject, type JsonObject, MAX_DEPTH } from '../model/json-equal.ts';
import { sizeOf } from './json-value.ts';
import { align, isSameItem } from './list-alignment.ts';

export { isEqual } from '../model/json-equal.ts';

/** One operation of an RFC 6902 patch; Faro writes only these three. */
export type PatchOperation =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/**
 * The operations that turn `from` into `to`: objects field by field, lists by what their beginnings and ends share and
 * by the identity of the items between, anything whole where that is shorter. Time grows with the size of both, times
 * the depth to which lists are nested.
 */
export function diff(from: unknown, to: unknown): PatchOperation[] {
  const patch = new PatchWriter();
  patch.compare(from, to, '', 0);
  return patch.operations;
}

/** About what an operation takes in JSON beside its path and value. */
const OPERATION_SIZE = 30;
/** Items are compared once for each list around them, so lists within lists use up the depth faster. */
const LIST_DEPTH = MAX_DEPTH / 16;

/** A patch while it is written. */
class PatchWriter {
  readonly operations: PatchOperation[] = [];
  readonly #sizes: number[] = [];

  compare(from: unknown, to: unknown, at: string, depth: number): void {
    if (from === to) return;
    const isNested = depth < MAX_DEPTH;
    const begin = this.operations.length;
    if (isNested && Array.isArray(from) && Array.isArray(to)) this.#lists(from, to, at, depth + LIST_DEPTH);
    else if (isNested && isObject(from) && isObject(to)) this.#objects(from, to, at, depth + 1);
    else if (!isEqual(from, to)) this.#push({ op: 'replace', path: at, value: to });
    if (at !== '') this.#shorten(begin, at, to);
  }

  #objects(from: JsonObject, to: JsonObject, at: string, depth: number): void {
    for (const name of Object.keys(from))
      if (!Object.hasOwn(to, name)) this.#push({ op: 'remove', path: step(at, name) });
    for (const name of Object.keys(to)) {
      const value = to[name];
      if (!Object.hasOwn(from, name)) this.#push({ op: 'add', path: step(at, name), value });
      else if (from[name] !== value) this.compare(from[name], value, step(at, name), depth);
    }
  }

  #lists(from: readonly unknown[], to: readonly unknown[], at: string, depth: number): void {
    const shorter = Math.min(from.length, to.length);
    let start = 0;
    while (start < shorter && isEqual(from[start], to[start])) start += 1;
    let end = 0;
    while (end < shorter - start && isEqual(from.at(-1 - end), to.at(-1 - end))) end += 1;
    const [older, newer] = [from.slice(start, from.length - end), to.slice(start, to.length - end)];
    const alignment = align(older, newer);
    const kept = new Set(alignment);
    // From the end, so that the indexes of what is still to be removed stay true.
    for (let index = older.length - 1; index >= 0; index -= 1)
      if (!kept.has(index)) this.#push({ op: 'remove', path: step(at, start + index) });
    for (const [index, value] of newer.entries()) {
      const continued = alignment[index] ?? -1;
      const path = step(at, start + index);
      if (continued === -1) this.#push({ op: 'add', path, value });
      else if (isSameItem(older[continued], value)) this.compare(older[continued], value, path, depth);
      else this.#push({ op: 'replace', path, value });
    }
  }

  /** Replaces the operations below a place by one for the place itself, where that is shorter. */
  #shorten(begin: number, path: string, value: unknown): void {
    if (this.operations.length - begin < 2) return;
    const size = this.#sizes.slice(begin).reduce((sum, one) => sum + one, 0);
    const whole = path.length + OPERATION_SIZE;
    if (whole + sizeOf(value, size - whole) >= size) return;
    this.operations.length = begin;
    this.#sizes.length = begin;
    this.#push({ op: 'replace', path, value });
  }

  #push(operation: PatchOperation): void {
    this.operations.push(operation);
    const value = operation.op === 'remove' ? 0 : sizeOf(operation.value);
    this.#sizes.push(operation.path.length + OPERATION_SIZE + value);
  }
}

const ESCAPED = /[~/]/;

function step(at: string, name: string | number): string {
  const isPlain = typeof name === 'number' || !ESCAPED.test(name);
  return `${at}/${isPlain ? name : name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** The document that a patch makes of another; neither is changed. Throws FaroError `story` where it does not fit. */
export function applyPatch(document: unknown, patch: readonly PatchOperation[]): unknown {
  const copy = new PatchedCopy(document);
  for (const operation of patch) copy.apply(operation);
  return copy.root;
}

/** A document in which what a patch touches, and only that, is copied; once. */
class PatchedCopy {
  root: unknown;
  readonly #own = new Set<unknown>();

  constructor(document: unknown) {
    this.root = document;
  }

  apply(operation: PatchOperation): void {
    const names = stepsOf(operation);
    const last = names.pop();
    if (last === undefined) {
      if (operation.op === 'remove') throw misfit(operation);
      this.root = operation.value;
      return;
    }
    this.root = this.#owned(this.root);
    let parent = this.root;
    for (const name of names) {
      const child = this.#owned(childOf(parent, name, operation));
      setChild(parent, name, child);
      parent = child;
    }
    if (Array.isArray(parent)) applyInList(parent, last, operation);
    else applyInObject(parent, last, operation);
  }

  #owned(value: unknown): unknown {
    if (this.#own.has(value) || typeof value !== 'object' || value === null) return value;
    const copy = Array.isArray(value) ? [...value] : isObject(value) ? { ...value } : value;
    this.#own.add(copy);
    return copy;
  }
}

const OPERATIONS: ReadonlySet<string> = new Set(['add', 'replace', 'remove']);

function stepsOf(operation: PatchOperation): string[] {
  const [first, ...steps] = operation.path.split('/');
  if (first !== '' || !OPERATIONS.has(operation.op)) throw misfit(operation);
  if (!operation.path.includes('~')) return steps;
  return steps.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function childOf(parent: unknown, name: string, operation: PatchOperation): unknown {
  if (Array.isArray(parent)) return parent[indexIn(parent, name, operation)];
  if (isObject(parent) && Object.hasOwn(parent, name)) return parent[name];
  throw misfit(operation);
}

/** Not by assignment where the name is __proto__, which would set the prototype. */
function setChild(parent: unknown, name: string, value: unknown): void {
  if (typeof parent !== 'object' || parent === null) return;
  if (name !== '__proto__') (parent as Record<string, unknown>)[name] = value;
  else Object.defineProperty(parent, name, { value, enumerable: true, writable: true, configurable: true });
}

function applyInList(list: unknown[], name: string, operation: PatchOperation): void {
  if (operation.op === 'add') {
    const index = name === '-' || name === String(list.length) ? list.length : indexIn(list, name, operation);
    list.splice(index, 0, operation.value);
    return;
  }
  const index = indexIn(list, name, operation);
  if (operation.op === 'remove') list.splice(index, 1);
  else list[index] = operation.value;
}

function applyInObject(object: unknown, name: string, operation: PatchOperation): void {
  if (!isObject(object) || (operation.op !== 'add' && !Object.hasOwn(object, name))) throw misfit(operation);
  if (operation.op === 'remove') Reflect.deleteProperty(object, name);
  else setChild(object, name, operation.value);
}

/** RFC 6901: digits without a leading zero. */
function indexIn(list: readonly unknown[], name: string, operation: PatchOperation): number {
  const index = /^(?:0|[1-9]\d{0,9})$/.test(name) ? Number(name) : Number.NaN;
  if (!(index < list.length)) throw misfit(operation);
  return index;
}

function misfit({ op, path }: PatchOperation): FaroError {
  return new FaroError('story', `a patch does not fit: ${op} ${path}`, { hint: 'the story is damaged, or was edited' });
}
