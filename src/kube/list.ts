import { FaroError } from '../model/errors.ts';
import { field, numberOf, path, textOf } from '../model/fields.ts';
import { misfitOf } from '../model/object-shape.ts';
import { apiVersionOf, groupResourceOf, type KubeObject, type ResourceType } from '../model/resource.ts';
import type { ListPage } from './client.ts';
import { FOREIGN_HINT } from './error.ts';

/** Reads a list's answer; items of a list carry no apiVersion and kind of their own, so they get their type's. */
export function readList(answer: unknown, type: ResourceType): ListPage {
  const items = field(answer, 'items') ?? []; // Go writes an empty list as null
  const resourceVersion = path(answer, 'metadata', 'resourceVersion');
  if (!Array.isArray(items) || typeof resourceVersion !== 'string')
    throw new FaroError('protocol', `the answer to a list of ${groupResourceOf(type)} is no list`, {
      hint: FOREIGN_HINT,
    });
  const readItem = objectReader(type);
  const remaining = numberOf(path(answer, 'metadata', 'remainingItemCount'));
  return {
    items: items.map(readItem),
    resourceVersion,
    continue: textOf(path(answer, 'metadata', 'continue')),
    ...(remaining === undefined ? {} : { remaining }),
  };
}

/**
 * Reads objects as they came, with their type's apiVersion and kind: metadata-only answers carry
 * `PartialObjectMetadata`. Throws FaroError `protocol` for what has no name, uid or resourceVersion, or whose metadata is
 * no object's.
 */
export function objectReader(type: ResourceType): (value: unknown) => KubeObject {
  const named = { apiVersion: apiVersionOf(type), kind: type.kind };
  return (value) => {
    const misfit = misfitOf(value);
    if (misfit !== undefined) throw notRecordable(field(value, 'metadata'), misfit, type);
    return { ...(value as KubeObject), ...named };
  };
}

/** Some types are computed, not stored (e.g. of metrics.k8s.io), and some answers are no objects at all. */
function notRecordable(metadata: unknown, misfit: string, type: ResourceType): FaroError {
  const name = textOf(field(metadata, 'name'));
  const what = name === undefined ? 'an object' : `"${name}"`;
  const fault = isMissing(field(metadata, misfit)) ? 'without' : 'with an unreadable';
  return new FaroError('protocol', `${what} of ${groupResourceOf(type)} came ${fault} metadata.${misfit}`, {
    hint: 'types that the server computes instead of storing cannot be recorded',
  });
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}
