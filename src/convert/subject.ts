import { unreachable } from '../model/errors.ts';
import type { StoryContainer, StoryGap, StoryObject, TimelineEntry } from '../story/document.ts';
import type { StoryHead } from '../story/reader.ts';

/** What an entry is about. */
export interface Subject {
  readonly object: StoryObject | undefined;
  readonly container: StoryContainer | undefined;
  /** Their indexes, -1 where there is none. */
  readonly at: { readonly object: number; readonly container: number };
}

export function subjectOf(head: StoryHead, entry: TimelineEntry): Subject {
  switch (entry.type) {
    case 'log':
      return ofContainer(head, entry.container);
    case 'gap':
      return ofContainer(head, containerOfGap(head.gaps[entry.gap]) ?? -1);
    case 'lifecycle':
      return subjectAt(head, entry.object, entry.container ?? -1);
    case 'object':
    case 'event':
      return subjectAt(head, entry.object ?? -1, -1);
    case 'note':
      return subjectAt(head, -1, -1);
    default:
      return unreachable(entry);
  }
}

/** The container run in whose log a gap is. */
export function containerOfGap(gap: StoryGap | undefined): number | undefined {
  return gap !== undefined && 'container' in gap.of && typeof gap.of.container === 'number'
    ? gap.of.container
    : undefined;
}

function ofContainer(head: StoryHead, container: number): Subject {
  return subjectAt(head, head.containers[container]?.object ?? -1, container);
}

function subjectAt({ objects, containers }: StoryHead, object: number, container: number): Subject {
  return { object: objects[object], container: containers[container], at: { object, container } };
}

/** `Pod shop/web-7c9-x2x`. */
export function objectName({ kind, namespace, name }: StoryObject): string {
  return `${kind} ${namespace === null ? '' : `${namespace}/`}${name}`;
}

/** An object and all that own it, nearest first, as far as they are in the story. */
export function ownersOf({ objects }: StoryHead, object: StoryObject): StoryObject[] {
  const chain: StoryObject[] = [];
  const seen = new Set<StoryObject>([object]);
  for (
    let next = objects[object.owners[0] ?? -1];
    next !== undefined && !seen.has(next);
    next = objects[next.owners[0] ?? -1]
  ) {
    seen.add(next);
    chain.push(next);
  }
  return chain;
}
