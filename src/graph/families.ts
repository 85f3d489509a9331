import type { Root } from '../model/record.ts';
import { groupResourceOf, type ResourceType } from '../model/resource.ts';

/** What well-known kinds come to own, also where they own nothing yet. Of other kinds nothing is known beforehand. */
const FAMILIES: Readonly<Record<string, readonly string[]>> = {
  'deployments.apps': ['replicasets.apps', 'pods'],
  'replicasets.apps': ['pods'],
  'statefulsets.apps': ['controllerrevisions.apps', 'pods', 'persistentvolumeclaims'],
  'daemonsets.apps': ['controllerrevisions.apps', 'pods'],
  'jobs.batch': ['pods'],
  'cronjobs.batch': ['jobs.batch', 'pods'],
  pods: [],
};

/** The types that the roots come to own; `pods` for every kind that is not known. */
export function familyOf(roots: readonly Root[]): readonly string[] {
  return [...new Set(roots.flatMap((root) => FAMILIES[groupResourceOf(root)] ?? ['pods']))];
}

/** The types that the roots come to own before all others, so that these are not waited for. */
export function familyFirst(types: readonly ResourceType[], roots: readonly Root[]): readonly ResourceType[] {
  const family = familyOf(roots);
  const isFamily = (type: ResourceType) => family.includes(groupResourceOf(type));
  return [...types.filter(isFamily), ...types.filter((type) => !isFamily(type))];
}

/** Whether objects of a type, the roots aside, may belong to the story. */
export function mayBelong(storage: string, roots: readonly Root[]): boolean {
  return roots.some((root) => FAMILIES[groupResourceOf(root)]?.includes(storage) ?? true);
}
