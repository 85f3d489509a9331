import type { KubeObject } from '../model/resource.ts';

/** What an object of a story needs for its lineage. */
export interface LineageInput {
  readonly uid: string;
  readonly kind: string;
  readonly name: string;
  readonly isRoot: boolean;
  /** UID of the controlling owner, if that is in the story. */
  readonly controller: string | undefined;
  readonly controllerKind: string | undefined;
  /** Order of first appearance. */
  readonly order: number;
  /** Order of the deletion, or of the request for it, whichever came first. */
  readonly deletedOrder: number | undefined;
}

export interface Lineage {
  /** UID of the object that this one replaces. */
  readonly replaces: string | undefined;
  /** The role that it shares with those it replaces, e.g. `web/2`. */
  readonly lineage: string;
}

/**
 * Finds which object took whose place: the same name under the same owner (StatefulSet pods, a root created again), else
 * under the same owner the next creation after a deletion that nobody replaced yet.
 */
export function lineagesOf(objects: readonly LineageInput[]): ReadonlyMap<string, Lineage> {
  const result = new Map<string, Lineage>();
  const unreplaced = new Map<string, LineageInput[]>();
  const roles = new Map<string, number>();
  const byUid = new Map(objects.map((object) => [object.uid, object]));
  for (const object of objects.toSorted((a, b) => a.order - b.order)) {
    const group = object.controller ?? (object.isRoot ? `root ${object.kind}/${object.name}` : object.uid);
    const siblings = unreplaced.get(group) ?? [];
    unreplaced.set(group, siblings);
    const predecessor = predecessorOf(object, siblings);
    if (predecessor !== undefined) siblings.splice(siblings.indexOf(predecessor), 1);
    siblings.push(object);
    const inherited = predecessor === undefined ? undefined : result.get(predecessor.uid)?.lineage;
    result.set(object.uid, { replaces: predecessor?.uid, lineage: inherited ?? newRole(object, byUid, roles) });
  }
  return result;
}

function predecessorOf(object: LineageInput, siblings: readonly LineageInput[]): LineageInput | undefined {
  const gone = siblings.filter(
    ({ kind, deletedOrder }) => kind === object.kind && deletedOrder !== undefined && deletedOrder < object.order,
  );
  const sameName = gone.find(({ name }) => name === object.name);
  if (sameName !== undefined) return sameName;
  // Only a ReplicaSet's pods stand for each other whatever they are called; a Job's retry is a pod of its own.
  if (object.kind !== 'Pod' || object.controllerKind !== 'ReplicaSet') return undefined;
  return gone.toSorted((a, b) => (a.deletedOrder ?? 0) - (b.deletedOrder ?? 0))[0];
}

function newRole(object: LineageInput, byUid: ReadonlyMap<string, LineageInput>, roles: Map<string, number>): string {
  if (object.kind !== 'Pod' || object.controllerKind !== 'ReplicaSet' || object.controller === undefined)
    return object.name;
  const owner = byUid.get(object.controller)?.name ?? object.controller;
  const number = (roles.get(owner) ?? 0) + 1;
  roles.set(owner, number);
  return `${owner}/${number}`;
}

/** UID and kind of the owner that controls an object. */
export function controllerOf(object: KubeObject): { readonly uid: string; readonly kind: string } | undefined {
  const owners = object.metadata.ownerReferences ?? [];
  return owners.find((owner) => owner.controller === true) ?? owners[0];
}
