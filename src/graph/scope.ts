import type { Root } from '../model/record.ts';
import { groupOf, groupResourceOf, type KubeObject } from '../model/resource.ts';

/** Where an object stands: in the story, outside of it, or owned by something that was not seen yet. */
export type Placement = 'member' | 'outside' | 'unplaced';

/** What the scope needs of an object: the metadata of any watch will do. */
export interface ScopedObject {
  /** Plural resource name. */
  readonly resource: string;
  readonly object: Pick<KubeObject, 'apiVersion' | 'metadata'>;
}

interface Node {
  readonly isRoot: boolean;
  owners: readonly string[];
  placement: Placement;
  readonly roots: Set<number>;
}

/**
 * Decides what belongs to a story: the roots, and everything that an object of the story owns, at any depth and by any
 * controller. Watches are not ordered against each other, so an object may come before its owner: it is `unplaced`
 * until the owner is seen. Once in the story, an object stays, whatever happens to its owners.
 */
export class Scope {
  readonly #roots: readonly Root[];
  readonly #nodes = new Map<string, Node>();
  /** Owner UID to the UIDs that name it, so that a placed owner finds its children without a search. */
  readonly #dependents = new Map<string, Set<string>>();

  constructor(roots: readonly Root[]) {
    this.#roots = roots;
  }

  /** Takes in a state of an object; returns its placement and the UIDs, itself included, that this made members. */
  observe(seen: ScopedObject): { readonly placement: Placement; readonly placed: readonly string[] } {
    const { metadata } = seen.object;
    const rootIndexes = this.#roots.flatMap((root, index) => (isRoot(root, seen) ? [index] : []));
    const known = this.#nodes.get(metadata.uid);
    const node: Node = known ?? { isRoot: rootIndexes.length > 0, owners: [], placement: 'unplaced', roots: new Set() };
    if (known === undefined) this.#nodes.set(metadata.uid, node);
    this.#link(metadata.uid, node, metadata.ownerReferences?.map((owner) => owner.uid) ?? []);
    const placed: string[] = [];
    this.#spread(metadata.uid, rootIndexes, placed);
    return { placement: node.placement, placed };
  }

  /** `unplaced` for a UID that was never seen. */
  placementOf(uid: string): Placement {
    return this.#nodes.get(uid)?.placement ?? 'unplaced';
  }

  /** Whether an object belongs to the story, as far as is known, even if it was not observed yet. */
  includes({ resource, object }: ScopedObject): boolean {
    const { uid, ownerReferences = [] } = object.metadata;
    const isMember = [uid, ...ownerReferences.map((owner) => owner.uid)].some(
      (one) => this.placementOf(one) === 'member',
    );
    return isMember || this.#roots.some((root) => isRoot(root, { resource, object }));
  }

  /** Indexes of the roots that the object belongs to, ascending. */
  rootsOf(uid: string): readonly number[] {
    return [...(this.#nodes.get(uid)?.roots ?? [])].sort((a, b) => a - b);
  }

  /** Whether the object is one that the user named. */
  isRoot(uid: string): boolean {
    return this.#nodes.get(uid)?.isRoot ?? false;
  }

  /** Names of the roots of a type, e.g. `nodes`, whether they were seen or not. */
  rootNames(type: string): readonly string[] {
    return this.#roots.filter((root) => groupResourceOf(root) === type).map(({ name }) => name);
  }

  /** Forgets an object outside of the story, so that a long capture in a busy namespace stays small. */
  forget(uid: string): void {
    const node = this.#nodes.get(uid);
    if (node === undefined || node.placement === 'member') return;
    this.#link(uid, node, []);
    this.#nodes.delete(uid);
  }

  #link(uid: string, node: Node, owners: readonly string[]): void {
    for (const owner of node.owners) {
      if (owners.includes(owner)) continue;
      const siblings = this.#dependents.get(owner);
      siblings?.delete(uid);
      if (siblings?.size === 0) this.#dependents.delete(owner);
    }
    for (const owner of owners) {
      const siblings = this.#dependents.get(owner);
      if (siblings === undefined) this.#dependents.set(owner, new Set([uid]));
      else siblings.add(uid);
    }
    node.owners = owners;
  }

  /** Recomputes an object and everything below it that changes with it; an explicit stack, for chains of any depth. */
  #spread(uid: string, ownRoots: readonly number[], placed: string[]): void {
    const pending: { uid: string; roots: readonly number[] }[] = [{ uid, roots: ownRoots }];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const node = this.#nodes.get(next.uid);
      if (node === undefined) continue;
      const before = { placement: node.placement, roots: node.roots.size };
      for (const root of next.roots) node.roots.add(root);
      this.#place(node);
      const isNew = node.placement === 'member' && before.placement !== 'member';
      if (isNew) placed.push(next.uid);
      const changed = before.placement !== node.placement || before.roots !== node.roots.size;
      if (!changed) continue;
      for (const child of this.#dependents.get(next.uid) ?? []) pending.push({ uid: child, roots: [] });
    }
  }

  #place(node: Node): void {
    let hasUnknownOwner = false;
    for (const uid of node.owners) {
      const owner = this.#nodes.get(uid);
      if (owner === undefined || owner.placement === 'unplaced') hasUnknownOwner = true;
      else if (owner.placement === 'member') for (const root of owner.roots) node.roots.add(root);
    }
    if (node.roots.size > 0) node.placement = 'member';
    else node.placement = hasUnknownOwner ? 'unplaced' : 'outside';
  }
}

function isRoot(root: Root, { resource, object }: ScopedObject): boolean {
  return (
    root.name === object.metadata.name &&
    root.resource === resource &&
    root.group === groupOf(object.apiVersion) &&
    root.namespace === (object.metadata.namespace ?? null)
  );
}
