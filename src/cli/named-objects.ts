import { FaroError } from '../model/errors.ts';
import { groupOf } from '../model/resource.ts';
import { shortNamesOf } from '../model/short-names.ts';
import type { StoryObject } from '../story/document.ts';
import type { StoryHead } from '../story/reader.ts';
import { labelOf } from '../view/terminal/story-entry.ts';

/**
 * Indexes of the objects that a user names as for kubectl: `web-7c9`, `pod/web-7c9`, `deploy/web`, `deployments.apps/web`;
 * `*` stands for anything. Throws FaroError `usage` for a name that fits none.
 */
export function objectsNamed(names: readonly string[], { objects }: StoryHead): ReadonlySet<number> {
  const found = new Set<number>();
  for (const wanted of names) {
    const slash = wanted.indexOf('/');
    const type = wanted.slice(0, Math.max(0, slash)).toLowerCase();
    const pattern = globOf(wanted.slice(slash + 1));
    const before = found.size;
    for (const [index, object] of objects.entries())
      if (isOfType(object, type) && pattern.test(object.name)) found.add(index);
    if (found.size === before) throw unknownObject(wanted, objects);
  }
  return found;
}

function isOfType({ apiVersion, kind, resource }: StoryObject, type: string): boolean {
  if (type === '') return true;
  const group = groupOf(apiVersion);
  return [kind.toLowerCase(), resource, ...shortNamesOf(resource)].some(
    (name) => type === name || (group !== '' && type === `${name}.${group}`),
  );
}

function globOf(text: string): RegExp {
  const parts = text.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^]*')}$`);
}

const SHOWN = 10;

function unknownObject(wanted: string, objects: StoryHead['objects']): FaroError {
  const names = objects.slice(0, SHOWN).map(labelOf).join(', ');
  return new FaroError('usage', `--object: there is no "${wanted}" in this story`, {
    hint: `it holds ${names}${objects.length > SHOWN ? `, and ${objects.length - SHOWN} more` : ''}`,
  });
}
