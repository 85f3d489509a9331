import { field, listOf, textOf } from './fields.ts';

const LISTS = ['initContainers', 'containers', 'ephemeralContainers'];

/** The containers in the spec of a Pod or of a template: init containers and sidecars first, ephemeral ones last. */
export function containersOf(spec: unknown): readonly unknown[] {
  return LISTS.flatMap((list) => listOf(field(spec, list)));
}

/** Their names. */
export function containerNamesOf(spec: unknown): readonly string[] {
  return containersOf(spec).flatMap((container) => textOf(field(container, 'name')) ?? []);
}
