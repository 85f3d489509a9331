import { isHeartbeat } from '../graph/node-heartbeat.ts';
import { POINTING_TYPES } from '../graph/pointer.ts';
import type { Reference, SeenObject } from '../graph/references.ts';
import { type Relation, Relations } from '../graph/relations.ts';
import type { ObjectAction } from '../model/action.ts';
import { type KubeObject, storageOf } from '../model/resource.ts';

/** A state, and what it means. */
export interface SeenState extends SeenObject {
  readonly action: ObjectAction;
}

export interface RelatedOptions {
  /** Writes a state down, and explains it in turn. */
  readonly write: (state: SeenState) => void;
  readonly relate: (relation: Relation) => void;
  /** An object of the story names others, which are to be watched from now on. */
  readonly want: (reference: Reference) => void;
}

/** Kinds whose Events may explain a story before it is known that their object does. */
const EXPLAINING_KINDS = new Set([
  'Service',
  'PersistentVolumeClaim',
  'PodDisruptionBudget',
  'HorizontalPodAutoscaler',
  'ResourceQuota',
]);

/** Decides which objects outside of the story explain it, and has their states written down from then on. */
export class RelatedObjects {
  readonly #options: RelatedOptions;
  readonly #relations = new Relations();
  readonly #related = new Set<string>();
  /** Relations that a recorder had told which was killed. */
  readonly #told = new Set<string>();
  /** The newest states of objects that may come to point at one of the story: Services, autoscalers, quotas. */
  readonly #held = new Map<string, SeenState>();

  constructor(options: RelatedOptions) {
    this.#options = options;
  }

  /** Goes on with what a recorder had told that was killed. */
  restore(relations: readonly Relation[]): void {
    for (const relation of relations) {
      this.#related.add(relation.of);
      this.#told.add(keyOf(relation));
    }
  }

  has(uid: string): boolean {
    return this.#related.has(uid);
  }

  /** Whether an Event about an object outside of the story is kept all the same. */
  mayExplain(kind: unknown, uid: unknown): boolean {
    return typeof uid === 'string' && (this.#related.has(uid) || EXPLAINING_KINDS.has(String(kind)));
  }

  /** A recorded state of an object of the story, or of one that explains it: what explains this one? */
  explain(seen: SeenObject, of: { readonly isRoot: boolean; readonly isMember: boolean }): void {
    const { relations, references } = this.#relations.explain(seen, of);
    this.#tell(relations);
    for (const reference of references) this.#options.want(reference);
  }

  /** A state of an object outside of the story. */
  take(state: SeenState): void {
    const { uid } = state.object.metadata;
    const isRelated = this.#related.has(uid);
    if (isRelated) this.#options.write(state);
    else if (isPointing(state)) this.#held.set(uid, state);
    this.#tell(this.#relations.candidate(state));
    if (state.action === 'deleted') this.forget(uid);
  }

  /** A state of an object that was found where a reference leads to; `recorded` is its last recorded state. */
  found(reference: Reference, state: SeenState, recorded: KubeObject | undefined): void {
    this.#tell(this.#relations.found(reference, state.object.metadata.uid));
    const isNoise =
      reference.resource === 'nodes' &&
      state.action === 'changed' &&
      recorded !== undefined &&
      isHeartbeat(recorded, state.object);
    if (!isNoise) this.#options.write(state);
  }

  forget(uid: string): void {
    this.#held.delete(uid);
    this.#relations.forget(uid);
  }

  #tell(relations: readonly Relation[]): void {
    for (const relation of relations) {
      if (!this.#told.has(keyOf(relation))) this.#options.relate(relation);
      this.#related.add(relation.of);
      const held = this.#held.get(relation.of);
      this.#held.delete(relation.of);
      if (held !== undefined) this.#options.write(held);
    }
  }
}

function keyOf({ of, how, to }: Relation): string {
  return `${of} ${how} ${to}`;
}

function isPointing({ resource, object }: SeenObject): boolean {
  return POINTING_TYPES.has(storageOf(resource, object));
}
