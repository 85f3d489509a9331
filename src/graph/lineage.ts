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
  /** The role that it shares with those it replaces, e.g. `web-7c9/2`. */
  readonly lineage: string;
}

/**
 * Finds which object took whose place: the one before of the same name under the same owner (a StatefulSet's pods, a
 * root created again), else, among a ReplicaSet's pods, the one that went first of those that nobody replaced yet.
 * Linear but for the sort.
 */
export function lineagesOf(objects: readonly LineageInput[]): ReadonlyMap<string, Lineage> {
  const lines = new Lines(objects);
  for (const { object, isDeletion } of momentsOf(objects)) {
    if (isDeletion) lines.gone(object);
    else lines.appeared(object);
  }
  return lines.result;
}

interface Moment {
  readonly object: LineageInput;
  readonly order: number;
  readonly isDeletion: boolean;
}

/** Appearances and deletions as they followed each other; an object appears before it goes. */
function momentsOf(objects: readonly LineageInput[]): readonly Moment[] {
  return objects
    .flatMap((object): Moment[] => {
      const { order, deletedOrder } = object;
      const appearance = { object, order, isDeletion: false };
      return deletedOrder === undefined
        ? [appearance]
        : [appearance, { object, order: Math.max(order, deletedOrder), isDeletion: true }];
    })
    .sort((a, b) => a.order - b.order);
}

/** The lines of descent while the story goes on. */
class Lines {
  readonly result = new Map<string, Lineage>();
  readonly #byUid: ReadonlyMap<string, LineageInput>;
  /** The newest object of each name under each owner. */
  readonly #newest = new Map<string, LineageInput>();
  /** Under each ReplicaSet, the pods that went, the first first; a Set, so that one can be taken from its middle. */
  readonly #vacant = new Map<string, Set<LineageInput>>();
  readonly #replaced = new Set<string>();
  readonly #roles = new Map<string, number>();

  constructor(objects: readonly LineageInput[]) {
    this.#byUid = new Map(objects.map((object) => [object.uid, object]));
  }

  gone(object: LineageInput): void {
    if (!isInterchangeable(object) || this.#replaced.has(object.uid)) return;
    const vacant = this.#vacant.get(groupOf(object)) ?? new Set();
    this.#vacant.set(groupOf(object), vacant.add(object));
  }

  appeared(object: LineageInput): void {
    const name = `${groupOf(object)}/${object.kind}/${object.name}`;
    // Two objects never bear one name at once: whether or not its deletion was seen, the one before is gone.
    const namesake = this.#newest.get(name);
    this.#newest.set(name, object);
    const isFree = namesake !== undefined && !this.#replaced.has(namesake.uid);
    const before = isFree ? namesake : this.#firstVacant(object);
    if (before !== undefined) this.#replace(before);
    const inherited = before === undefined ? undefined : this.result.get(before.uid)?.lineage;
    this.result.set(object.uid, { replaces: before?.uid, lineage: inherited ?? this.#newRole(object) });
  }

  #firstVacant(object: LineageInput): LineageInput | undefined {
    if (!isInterchangeable(object)) return undefined;
    return this.#vacant.get(groupOf(object))?.values().next().value;
  }

  #replace(object: LineageInput): void {
    this.#replaced.add(object.uid);
    this.#vacant.get(groupOf(object))?.delete(object);
  }

  #newRole(object: LineageInput): string {
    if (!isInterchangeable(object) || object.controller === undefined) return object.name;
    const owner = this.#byUid.get(object.controller)?.name ?? object.controller;
    // By name: a ReplicaSet that was created again counts on, so that no two roles share a name.
    const number = (this.#roles.get(owner) ?? 0) + 1;
    this.#roles.set(owner, number);
    return `${owner}/${number}`;
  }
}

/** Only a ReplicaSet's pods stand for each other whatever they are called; a Job's retry is a pod of its own. */
function isInterchangeable({ kind, controllerKind }: LineageInput): boolean {
  return kind === 'Pod' && controllerKind === 'ReplicaSet';
}

/** Objects of different groups never replace each other. */
function groupOf({ uid, controller, isRoot }: LineageInput): string {
  return controller ?? (isRoot ? 'root' : uid);
}

/** UID and kind of the owner that controls an object. */
export function controllerOf(object: KubeObject): { readonly uid: string; readonly kind: string } | undefined {
  const owners = object.metadata.ownerReferences ?? [];
  return owners.find((owner) => owner.controller === true) ?? owners[0];
}
