import { isDeepStrictEqual } from 'node:util';
import type { RelationHow } from '../model/record.ts';
import { Attachments } from './attachments.ts';
import { type PointedObject, type Pointer, pointerOf, pointsAt } from './pointer.ts';
import { type Reference, referenceKey, referencesOf, type SeenObject } from './references.ts';

/** `of` does something to `to`: a Service selects a Pod. Both are UIDs. */
export interface Relation {
  readonly of: string;
  readonly how: RelationHow;
  readonly to: string;
}

/** What a state brought to light: relations, and references to objects that are now wanted. */
export interface Discovered {
  readonly relations: readonly Relation[];
  readonly references: readonly Reference[];
}

/** What objects of the story name under one key: who names it, and the objects that were found there. */
interface Wanted {
  readonly claims: Map<string, RelationHow>;
  readonly found: Set<string>;
}

interface Target extends PointedObject {
  readonly uid: string;
  readonly namespace: string | undefined;
}

interface Candidate {
  readonly namespace: string | undefined;
  readonly pointer: Pointer;
  readonly to: Set<string>;
}

/**
 * Finds what explains the objects of a story without being owned by them: what they name (ConfigMaps, Nodes, claims),
 * and what points at them (Services, autoscalers, quotas). Each relation is told once, and holds from then on: what
 * explained an object stays in its story.
 */
export class Relations {
  readonly #wanted = new Map<string, Wanted>();
  readonly #targets = new Map<string, Target>();
  readonly #candidates = new Map<string, Candidate>();
  readonly #attachments = new Attachments();
  /** Of each object the spec whose references are known; a state that shares it names nothing new. */
  readonly #specs = new Map<string, unknown>();

  /** A state of an object of the story, or of one that is related to it. */
  explain(
    seen: SeenObject,
    { isRoot, isMember }: { readonly isRoot: boolean; readonly isMember: boolean },
  ): Discovered {
    const { uid } = seen.object.metadata;
    const relations = isMember ? this.#pointed(seen, isRoot) : [];
    const { spec } = seen.object;
    if (spec !== undefined && this.#specs.get(uid) === spec) return { relations, references: [] };
    this.#specs.set(uid, spec);
    const references: Reference[] = [];
    const named = referencesOf(seen, isRoot).map((reference) => ({ reference, by: uid }));
    for (const { reference, by } of [...named, ...this.#attachments.take(seen)]) {
      if (!this.#wanted.has(referenceKey(reference))) references.push(reference);
      relations.push(...this.#claim(reference, by));
    }
    return { relations, references };
  }

  /** An object was found where a reference leads to. */
  found(reference: Reference, uid: string): readonly Relation[] {
    const entry = this.#wanted.get(referenceKey(reference));
    if (entry === undefined || entry.found.has(uid)) return [];
    entry.found.add(uid);
    return [...entry.claims].map(([to, how]) => ({ of: uid, how, to }));
  }

  /** A state of an object that may point at objects of the story. */
  candidate(seen: SeenObject): readonly Relation[] {
    const { uid, namespace } = seen.object.metadata;
    const pointer = pointerOf(seen);
    const known = this.#candidates.get(uid);
    if (pointer === undefined || isDeepStrictEqual(known?.pointer, pointer)) return [];
    const candidate: Candidate = { namespace, pointer, to: known?.to ?? new Set() };
    this.#candidates.set(uid, candidate);
    return [...this.#targets.values()].flatMap((target) => relate(uid, candidate, target));
  }

  /** A candidate is gone. */
  forget(uid: string): void {
    this.#candidates.delete(uid);
    this.#specs.delete(uid);
  }

  #claim(reference: Reference, by: string): Relation[] {
    const key = referenceKey(reference);
    const wanted = this.#wanted.get(key) ?? { claims: new Map<string, RelationHow>(), found: new Set<string>() };
    this.#wanted.set(key, wanted);
    if (wanted.claims.has(by)) return [];
    wanted.claims.set(by, reference.how);
    return [...wanted.found].map((of) => ({ of, how: reference.how, to: by }));
  }

  #pointed({ resource, object }: SeenObject, isRoot: boolean): Relation[] {
    const { uid, name, namespace, labels = {} } = object.metadata;
    const known = this.#targets.get(uid);
    const isPod = resource === 'pods' && object.kind === 'Pod';
    if (known !== undefined && (!isPod || isDeepStrictEqual(known.labels, labels))) return [];
    const target = { uid, kind: object.kind, name, namespace, isRoot, labels: isPod ? labels : undefined };
    this.#targets.set(uid, target);
    return [...this.#candidates].flatMap(([of, candidate]) => relate(of, candidate, target));
  }
}

function relate(of: string, candidate: Candidate, target: Target): Relation[] {
  if (candidate.namespace !== target.namespace || candidate.to.has(target.uid)) return [];
  if (of === target.uid || !pointsAt(candidate.pointer, target)) return [];
  candidate.to.add(target.uid);
  return [{ of, how: candidate.pointer.how, to: target.uid }];
}
