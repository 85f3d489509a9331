import { POINTING_TYPES } from '../graph/pointer.ts';
import type { Discovery } from '../kube/discovery.ts';
import type { Root } from '../model/record.ts';
import { groupResourceOf, type ResourceType } from '../model/resource.ts';

/** Events have a watch of their own, with either name; Leases change every few seconds and explain nothing. */
const NOT_WATCHED = new Set(['events', 'events.events.k8s.io', 'leases.coordination.k8s.io']);

export function isWatchable(storage: string): boolean {
  return !NOT_WATCHED.has(storage);
}

/** Where a story takes place: the namespaces of its roots, or null for the whole cluster where a root has none. */
export function namespacesOf(roots: readonly Root[]): readonly (string | null)[] {
  const namespaces = new Set(roots.map((root) => root.namespace));
  return namespaces.has(null) ? [null] : [...namespaces];
}

/** One type for each storage that can be listed and watched there, in its preferred version, or the version of a root. */
export function watchableTypes(discovery: Discovery, roots: readonly Root[], namespace: string | null): ResourceType[] {
  const named = new Map(roots.map((root) => [groupResourceOf(root), root.version]));
  const byStorage = new Map<string, ResourceType>();
  for (const type of discovery.types) {
    const storage = groupResourceOf(type);
    if (!isWatchable(storage) || !(type.verbs.includes('list') && type.verbs.includes('watch'))) continue;
    if (!type.namespaced && namespace !== null) continue;
    if (!byStorage.has(storage) || named.get(storage) === type.version) byStorage.set(storage, type);
  }
  return [...byStorage.values()];
}

/** The Events storage under the name that this server has for it; undefined where it has neither. */
export function eventsType(discovery: Discovery): ResourceType | undefined {
  const isEvents = (type: ResourceType) => type.resource === 'events' && type.verbs.includes('watch');
  return discovery.types.find((type) => isEvents(type) && type.group === '') ?? discovery.types.find(isEvents);
}

/** CustomResourceDefinitions, whose changes tell that types come and go. */
export function crdType(discovery: Discovery): ResourceType | undefined {
  return discovery.types.find((type) => groupResourceOf(type) === 'customresourcedefinitions.apiextensions.k8s.io');
}

/** Whether a type is watched whole because its objects may point at those of the story. */
export function isPointing(type: ResourceType): boolean {
  return POINTING_TYPES.has(groupResourceOf(type));
}
