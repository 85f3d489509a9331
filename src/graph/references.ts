import { path, textOf } from '../model/fields.ts';
import type { RelationHow } from '../model/record.ts';
import { groupOf, type KubeObject } from '../model/resource.ts';
import { podReferencesOf } from './pod-references.ts';

/** Objects that explain another one, as that one names them. */
export interface Reference {
  readonly group: string;
  readonly resource: string;
  /** null: cluster-scoped. */
  readonly namespace: string | null;
  readonly by: { readonly name: string } | { readonly labelSelector: string };
  /** What the object that is named does to the one that names it. */
  readonly how: RelationHow;
}

/** An object as its watch told it. */
export interface SeenObject {
  /** Plural resource name. */
  readonly resource: string;
  readonly object: KubeObject;
}

/** What an object names. `isRoot`: only a root's template counts, for old ReplicaSets name what nothing uses any more. */
export function referencesOf(seen: SeenObject, isRoot: boolean): readonly Reference[] {
  const { resource, object } = seen;
  const { namespace = null } = object.metadata;
  const all: Reference[] = isRoot ? rootReferences(object, namespace) : [];
  if (namespace === null || groupOf(object.apiVersion) !== '') return all;
  if (resource === 'pods') all.push(...podReferences(object, namespace));
  if (resource === 'persistentvolumeclaims')
    all.push(...named('persistentvolumes', null, [textOf(path(object, 'spec', 'volumeName'))], 'boundTo'));
  if (resource === 'services') all.push(endpointSlices(object.metadata.name, namespace));
  return all;
}

/** Identifies what a reference leads to, whoever makes it. */
export function referenceKey({ group, resource, namespace, by }: Reference): string {
  return [resource, group, namespace ?? '', 'name' in by ? by.name : by.labelSelector].join('/');
}

function podReferences(pod: KubeObject, namespace: string): Reference[] {
  return [
    ...named('nodes', null, [textOf(path(pod, 'spec', 'nodeName'))], 'runs'),
    ...specReferences(pod.spec, namespace),
  ];
}

function rootReferences(root: KubeObject, namespace: string | null): Reference[] {
  if (namespace === null) return [];
  const templates = [
    path(root, 'spec', 'template', 'spec'),
    path(root, 'spec', 'jobTemplate', 'spec', 'template', 'spec'),
  ];
  return [
    ...named('namespaces', null, [namespace], 'contains'),
    ...templates.flatMap((spec) => specReferences(spec, namespace)),
  ];
}

function specReferences(spec: unknown, namespace: string): Reference[] {
  return Object.entries(podReferencesOf(spec)).flatMap(([resource, names]) =>
    named(resource, namespace, [...names], 'usedBy'),
  );
}

function named(
  resource: string,
  namespace: string | null,
  names: readonly (string | undefined)[],
  how: RelationHow,
): Reference[] {
  return names.flatMap((name) => (name === undefined ? [] : { group: '', resource, namespace, by: { name }, how }));
}

function endpointSlices(service: string, namespace: string): Reference {
  const labelSelector = `kubernetes.io/service-name=${service}`;
  return {
    group: 'discovery.k8s.io',
    resource: 'endpointslices',
    namespace,
    by: { labelSelector },
    how: 'endpointsOf',
  };
}
