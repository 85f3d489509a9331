import { FaroError } from '../model/errors.ts';
import { field, path, textOf } from '../model/fields.ts';
import { apiVersionOf, type KubeObject, type ResourceType } from '../model/resource.ts';
import type { ListPage } from './client.ts';

/** Reads a list's answer; items of a list carry no apiVersion and kind of their own, so they get their type's. */
export function readList(answer: unknown, type: ResourceType): ListPage {
  const items = field(answer, 'items') ?? [];
  if (!Array.isArray(items) || field(answer, 'metadata') === undefined) throw notAList(type);
  return {
    items: items.map((item) => readObject(item, type)),
    resourceVersion: textOf(path(answer, 'metadata', 'resourceVersion')) ?? '',
    continue: textOf(path(answer, 'metadata', 'continue')),
  };
}

/** An object as it came, with its type's apiVersion and kind: metadata-only answers carry `PartialObjectMetadata`. */
export function readObject(value: unknown, type: ResourceType): KubeObject {
  const { uid, name } = { uid: path(value, 'metadata', 'uid'), name: path(value, 'metadata', 'name') };
  if (typeof uid !== 'string' || typeof name !== 'string') throw notAList(type);
  return { ...(value as KubeObject), apiVersion: apiVersionOf(type), kind: type.kind };
}

function notAList(type: ResourceType): FaroError {
  return new FaroError('protocol', `the server's answer about ${type.resource} holds no Kubernetes objects`);
}
