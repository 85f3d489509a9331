import { field, textOf } from './fields.ts';
import { isObject } from './json-equal.ts';

/** What every object of the API has. */
const REQUIRED = ['name', 'uid', 'resourceVersion'] as const;

/** What Faro reads by name where it is there; all else of an object is asked for its shape where it is read. */
const OPTIONAL: readonly (readonly [name: string, fits: (value: unknown) => boolean])[] = [
  ['namespace', isText],
  ['creationTimestamp', isText],
  ['deletionTimestamp', isText],
  ['ownerReferences', (value) => isListOf(value, isOwner)],
  ['managedFields', (value) => isListOf(value, isWriter)],
  ['labels', isTexts],
  ['annotations', isTexts],
];

/** The field of an object's metadata that is not as every object of the API has it, e.g. `uid`; undefined: none. */
export function misfitOf(object: unknown): string | undefined {
  const metadata = field(object, 'metadata');
  for (const name of REQUIRED) if (textOf(field(metadata, name)) === undefined) return name;
  for (const [name, fits] of OPTIONAL) {
    const value = field(metadata, name);
    if (value !== undefined && !fits(value)) return name;
  }
  return undefined;
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isTexts(value: unknown): boolean {
  if (!isObject(value)) return false;
  for (const name in value) if (!isText(value[name])) return false;
  return true;
}

function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isItem);
}

function isOwner(value: unknown): boolean {
  return ['apiVersion', 'kind', 'name', 'uid'].every((name) => isText(field(value, name)));
}

function isWriter(value: unknown): boolean {
  return isObject(value) && ['manager', 'operation', 'subresource', 'time'].every((name) => isText(value[name] ?? ''));
}
