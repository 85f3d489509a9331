import { FaroError } from '../model/errors.ts';
import { apiVersionOf, type KubeObject, type ResourceType } from '../model/resource.ts';
import type { ListPage } from './client.ts';

/** Reads a list's answer; items of a list carry no apiVersion and kind of their own, so they get their type's. */
export function readList(answer: unknown, type: ResourceType): ListPage {
  if (typeof answer !== 'object' || answer === null || !('items' in answer)) throw notAList(type);
  const items = answer.items ?? [];
  if (!Array.isArray(items)) throw notAList(type);
  const { resourceVersion, continue: rest } =
    'metadata' in answer ? (answer.metadata as { resourceVersion?: unknown; continue?: unknown }) : {};
  return {
    items: items.map((item) => readObject(item, type)),
    resourceVersion: typeof resourceVersion === 'string' ? resourceVersion : '',
    continue: typeof rest === 'string' && rest !== '' ? rest : undefined,
  };
}

/** An object as it came, with its type's apiVersion and kind: metadata-only answers carry `PartialObjectMetadata`. */
export function readObject(value: unknown, type: ResourceType): KubeObject {
  if (typeof value !== 'object' || value === null || !('metadata' in value)) throw notAList(type);
  const { metadata } = value;
  const isObject = typeof metadata === 'object' && metadata !== null && 'uid' in metadata && 'name' in metadata;
  if (!isObject) throw notAList(type);
  return { ...(value as KubeObject), apiVersion: apiVersionOf(type), kind: type.kind };
}

function notAList(type: ResourceType): FaroError {
  return new FaroError('protocol', `the server's answer about ${type.resource} holds no Kubernetes objects`);
}
