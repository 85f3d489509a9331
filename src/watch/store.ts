import type { KubeObject } from '../model/resource.ts';
import type { ReflectorEvent } from './reflector.ts';

/** What an event of a reflector means once repeats are dropped and a list was compared with what was known. */
export type Change<Kept> =
  | { readonly type: 'found' | 'created' | 'changed'; readonly object: KubeObject }
  | { readonly type: 'deleted'; readonly object: KubeObject }
  /** A relist came without it: the delete was missed. `kept` is what was kept of its last state. */
  | { readonly type: 'deletedUnseen'; readonly uid: string; readonly kept: Kept };

/** What is known of an object beforehand. */
export interface Known<Kept> {
  readonly resourceVersion: string;
  readonly kept: Kept;
}

interface Entry<Kept> {
  resourceVersion: string;
  kept: Kept;
  isListed: boolean;
}

/**
 * The last state by UID of the objects of one type, or what `keep` keeps of it. resourceVersions are only compared for
 * equality: their order is not promised on every server.
 */
export class Store<Kept> {
  readonly #keep: (object: KubeObject) => Kept;
  readonly #entries = new Map<string, Entry<Kept>>();

  /** @param known what existed when an earlier watch ended, by UID. */
  constructor(keep: (object: KubeObject) => Kept, known: ReadonlyMap<string, Known<Kept>> = new Map()) {
    this.#keep = keep;
    for (const [uid, entry] of known) this.#entries.set(uid, { ...entry, isListed: true });
  }

  get size(): number {
    return this.#entries.size;
  }

  get(uid: string): Kept | undefined {
    return this.#entries.get(uid)?.kept;
  }

  /** Keeps what a change means; a repeat yields nothing. */
  *take(event: ReflectorEvent): Generator<Change<Kept>> {
    switch (event.type) {
      case 'init':
        for (const entry of this.#entries.values()) entry.isListed = false;
        return;
      case 'initApply':
        yield* this.#apply(event.object, 'found');
        return;
      case 'initDone':
        yield* this.#dropUnlisted();
        return;
      case 'apply':
        yield* this.#apply(event.object, 'created');
        return;
      case 'delete':
        this.#entries.delete(event.object.metadata.uid);
        yield { type: 'deleted', object: event.object };
        return;
      case 'alive':
      case 'lost':
      case 'denied':
      case 'failing':
        return;
    }
  }

  *#apply(object: KubeObject, whenNew: 'found' | 'created'): Generator<Change<Kept>> {
    const { uid, resourceVersion } = object.metadata;
    const entry = this.#entries.get(uid);
    if (entry === undefined) {
      this.#entries.set(uid, { resourceVersion, kept: this.#keep(object), isListed: true });
      yield { type: whenNew, object };
      return;
    }
    entry.isListed = true;
    if (entry.resourceVersion === resourceVersion) return;
    entry.resourceVersion = resourceVersion;
    entry.kept = this.#keep(object);
    yield { type: 'changed', object };
  }

  *#dropUnlisted(): Generator<Change<Kept>> {
    for (const [uid, entry] of this.#entries) {
      if (entry.isListed) continue;
      this.#entries.delete(uid);
      yield { type: 'deletedUnseen', uid, kept: entry.kept };
    }
  }
}
