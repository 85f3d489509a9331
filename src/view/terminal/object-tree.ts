import { Scope } from '../../graph/scope.ts';
import { groupKindOf } from '../../graph/transition.ts';
import type { RelationHow, Root } from '../../model/record.ts';
import type { KubeObject } from '../../model/resource.ts';
import { millisecondsOf, parseTimestamp, type Timestamp } from '../../model/time.ts';
import { type ContainerView, containersOf, type State, stateOf } from './state.ts';

/** An object of the story as the tree shows it. */
export interface TreeNode {
  readonly uid: string;
  readonly label: string;
  readonly kind: string;
  readonly name: string;
  readonly state: State;
  readonly isDeleted: boolean;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** When it was deleted; its age stands still then. */
  readonly deletedAt: number | undefined;
  readonly containers: readonly ContainerView[];
  readonly owners: readonly string[];
}

/** A row of the tree: an object or a container, and how deep it stands. `how`: it explains the story, which does not own it. */
export type TreeRow = { readonly depth: number } & (
  | { readonly type: 'object'; readonly node: TreeNode; readonly how?: RelationHow }
  | { readonly type: 'container'; readonly node: TreeNode; readonly container: ContainerView }
);

/** A state of an object, from a recording or from a story. */
export interface SeenState {
  readonly resource: string;
  readonly object: KubeObject;
  readonly isDeleted: boolean;
  readonly time: Timestamp;
}

/** The objects of a story under the ones that own them, each in its newest state. */
export class ObjectTree {
  readonly #scope: Scope;
  readonly #nodes = new Map<string, TreeNode>();
  readonly #related = new Map<string, RelationHow>();
  /** Made again only after a change: a frame of a thousand pods costs little while only lines come. */
  #rows: readonly TreeRow[] | undefined;

  constructor(roots: readonly Root[]) {
    this.#scope = new Scope(roots);
  }

  take({ resource, object, isDeleted, time }: SeenState): void {
    const { uid, name, creationTimestamp, ownerReferences = [] } = object.metadata;
    this.#rows = undefined;
    this.#scope.observe({ resource, object });
    const created = creationTimestamp === undefined ? undefined : parseTimestamp(creationTimestamp);
    this.#nodes.set(uid, {
      uid,
      name,
      kind: object.kind,
      label: `${object.kind}/${name}`,
      state: stateOf(object, isDeleted),
      isDeleted,
      createdAt: millisecondsOf(created ?? time),
      deletedAt: isDeleted ? millisecondsOf(time) : undefined,
      containers: groupKindOf(object) === 'Pod' ? containersOf(object) : [],
      owners: ownerReferences.map((owner) => owner.uid),
    });
  }

  /** An object explains one of the story, though that does not own it. */
  relate(uid: string, how: RelationHow): void {
    this.#rows = undefined;
    if (!this.#related.has(uid)) this.#related.set(uid, how);
  }

  get(uid: string): TreeNode | undefined {
    return this.#nodes.get(uid);
  }

  isMember(uid: string): boolean {
    return this.#scope.placementOf(uid) === 'member';
  }

  /** Roots first, each with what it owns below it, in the order of their creation, then what explains them; nothing stands twice. */
  rows(): readonly TreeRow[] {
    this.#rows ??= this.#makeRows();
    return this.#rows;
  }

  #makeRows(): readonly TreeRow[] {
    const members = [...this.#nodes.values()].filter(({ uid }) => this.isMember(uid));
    const known = new Set(members.map(({ uid }) => uid));
    const byOwner = Map.groupBy(members, ({ uid, owners }) =>
      this.#scope.isRoot(uid) ? '' : (owners.find((owner) => known.has(owner)) ?? ''),
    );
    const rows: TreeRow[] = [];
    const pending = oldestLast(byOwner.get('')).map((node) => ({ node, depth: 0 }));
    const shown = new Set<string>();
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const { node, depth } = next;
      if (shown.has(node.uid)) continue;
      shown.add(node.uid);
      rows.push({ type: 'object', node, depth });
      if (!node.isDeleted)
        for (const container of node.containers) rows.push({ type: 'container', node, container, depth: depth + 1 });
      for (const child of oldestLast(byOwner.get(node.uid))) pending.push({ node: child, depth: depth + 1 });
    }
    const related = [...this.#nodes.values()].filter(({ uid }) => this.#related.has(uid) && !this.isMember(uid));
    for (const node of oldestLast(related).reverse()) {
      const how = this.#related.get(node.uid);
      rows.push({ type: 'object', node, depth: 0, ...(how === undefined ? {} : { how }) });
    }
    return rows;
  }
}

function oldestLast(nodes: readonly TreeNode[] = []): TreeNode[] {
  return nodes.toSorted((a, b) => b.createdAt - a.createdAt || (a.name < b.name ? 1 : -1));
}

/**
 * So many rows at most: what only explains and is well goes first, then what is gone, then the containers of pods that are
 * well, then pods that are well, then the end. The count tells how many are not shown.
 */
export function fitRows(
  rows: readonly TreeRow[],
  limit: number,
): { readonly rows: readonly TreeRow[]; readonly hidden: number } {
  const sheds: ((row: TreeRow) => boolean)[] = [
    (row) => row.type === 'object' && row.how !== undefined && row.node.state.tone === 'good',
    ({ node }) => node.isDeleted,
    ({ type, node }) => type === 'container' && node.state.tone === 'good',
    ({ node }) => node.kind === 'Pod' && node.state.tone === 'good',
  ];
  let kept = rows;
  for (const shed of sheds) if (kept.length > limit) kept = kept.filter((row) => !shed(row));
  if (kept.length <= limit && kept.length === rows.length) return { rows, hidden: 0 };
  kept = kept.slice(0, Math.max(0, limit - 1)); // a line is for the count
  return { rows: kept, hidden: rows.length - kept.length };
}
