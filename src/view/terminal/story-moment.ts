import { isDeletion } from '../../model/action.ts';
import type { Root } from '../../model/record.ts';
import { groupOf, type KubeObject } from '../../model/resource.ts';
import type { Timestamp } from '../../model/time.ts';
import type { StoryHead } from '../../story/head.ts';
import { ObjectStates } from '../../story/object-states.ts';
import type { StoryReader } from '../../story/reader.ts';
import { ObjectTree } from './object-tree.ts';

/** The objects of a story as they were at a moment. */
export interface Moment {
  readonly tree: ObjectTree;
  /** The state of each object that had been seen by then, by its index; deleted ones in their last. */
  readonly states: ReadonlyMap<number, KubeObject>;
}

/** Rebuilds every object from its first state and the patches up to a moment; undefined: to the end. */
export async function momentOf(story: StoryReader, until: Timestamp | undefined): Promise<Moment> {
  const { head } = story;
  const states = new ObjectStates();
  const tree = new ObjectTree(rootsOf(head));
  for (const { uid, related = [] } of head.objects) for (const { how } of related) tree.relate(uid, how);
  for await (const entry of story.entries({ types: ['object'], ...(until === undefined ? {} : { until }) })) {
    if (entry.type !== 'object') continue;
    if (entry.state === undefined && !states.last.has(entry.object)) continue; // its first lies later, by another clock
    const { current: object } = states.take(entry);
    const isDeleted = isDeletion(entry.action);
    const resource = head.objects[entry.object]?.resource ?? '';
    tree.take({ resource, object, isDeleted, time: entry.time as Timestamp }); // the schema's time is one
  }
  return { tree, states: states.last };
}

/** Roots that never had an object have nothing to show. */
function rootsOf({ metadata, objects }: StoryHead): Root[] {
  return metadata.roots.flatMap(({ apiVersion, kind, namespace, name, objects: [first] }) => {
    const resource = first === undefined ? undefined : objects[first]?.resource;
    if (resource === undefined) return [];
    const version = apiVersion.slice(apiVersion.indexOf('/') + 1);
    return [{ group: groupOf(apiVersion), version, resource, kind, namespace, name }];
  });
}
