import type { Reference } from '../graph/references.ts';
import type { KubeClient } from '../kube/client.ts';
import type { ApiError } from '../kube/error.ts';
import type { Root } from '../model/record.ts';
import type { ResourceType } from '../model/resource.ts';
import { Slots } from '../model/slots.ts';
import type { Clock, Timestamp } from '../model/time.ts';
import { placeKey, type WatchedPlace, type Witness } from './testimony.ts';
import { type Doubt, type WatchedChange, type WatchListener, type WatchTarget, watchType } from './type-watch.ts';

export interface WatchesOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly witness: Witness;
  readonly streamingList: boolean;
  /** Names of objects that the user may read where not the whole type. */
  readonly allowedNames?: (type: ResourceType, namespace: string) => Promise<readonly string[]>;
  /** Initial lists at once. */
  readonly listsAtOnce: number;
}

/** One type in one namespace: watched as metadata until an object of it is in the story, then in full. */
interface TypeInPlace {
  readonly type: ResourceType;
  readonly namespace: string | null;
  readonly stopMetadata: AbortController;
  /** Set for a type that appeared during the capture: when that was noticed. */
  readonly lateSince: Timestamp | undefined;
  isFull: boolean;
  /** What may have been missed of it while no object of it was in the story. */
  readonly doubts: Doubt[];
  /** Set while the first metadata list runs: a member was found in it. */
  hasListedMember: boolean;
  isListed: boolean;
}

/** Where the metadata watch stood before it first showed an object; `order` tells which came first. */
interface Sighting {
  readonly place: TypeInPlace;
  readonly before: string | undefined;
  /** When the metadata watch had last been heard of, before that. */
  readonly heard: Timestamp;
  readonly order: number;
}

/** Deleted objects whose owner never came are remembered up to this many. */
const MAX_ORPHANS = 1000;

/**
 * Watches every type of a namespace as metadata, and those with an object in the story in full. A type that comes into
 * the story gets its full watch from the position that its metadata watch held before the change that brought it in,
 * so that no state in between is lost.
 */
export class Watches {
  readonly #options: WatchesOptions;
  readonly #signal: AbortSignal;
  readonly #slots: Slots;
  readonly #places = new Map<string, TypeInPlace>();
  readonly #sightings = new Map<string, Sighting>();
  readonly #running = new Set<Promise<void>>();
  /** Of objects that have a watch of their own. */
  readonly #ownNames = new Map<string, Set<string>>();
  /** Refused types of which what is allowed by name was looked up. */
  readonly #narrowed = new Set<string>();
  readonly #orphans: string[] = [];
  #order = 0;

  constructor(options: WatchesOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    this.#slots = new Slots(options.listsAtOnce);
  }

  /** Types that are watched, whole or as metadata. */
  has(type: ResourceType, namespace: string | null): boolean {
    return this.#places.has(placeKey({ type, namespace }));
  }

  /** Resolves when every watch has ended, after the signal aborted. */
  async ended(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** The root itself, in full, by its name: narrow permissions allow that. Resolves at its first list or refusal. */
  watchRoot(root: Root, type: ResourceType): Promise<void> {
    return this.#watchName(type, root.namespace, root.name);
  }

  #watchName(type: ResourceType, namespace: string | null, name: string): Promise<void> {
    const key = placeKey({ type, namespace });
    this.#ownNames.set(key, (this.#ownNames.get(key) ?? new Set()).add(name));
    return this.#run({ type, namespace, name }, (change) => {
      this.#placed(this.#options.witness.state(type.resource, change));
    });
  }

  /** The whole type is refused; objects that permissions name may be read all the same. */
  async #watchAllowed(type: ResourceType, namespace: string): Promise<void> {
    const key = placeKey({ type, namespace });
    if (this.#narrowed.has(key)) return;
    this.#narrowed.add(key);
    for (const name of (await this.#options.allowedNames?.(type, namespace)) ?? [])
      if (this.#ownNames.get(key)?.has(name) !== true && !this.#signal.aborted)
        void this.#watchName(type, namespace, name);
  }

  /** Every object of the type, as metadata at first. Resolves at its first list or refusal. */
  watchMetadata(type: ResourceType, namespace: string | null, lateSince?: Timestamp): Promise<void> {
    const stopMetadata = new AbortController();
    const state = { isFull: false, doubts: [], hasListedMember: false, isListed: false };
    const place: TypeInPlace = { type, namespace, stopMetadata, lateSince, ...state };
    this.#places.set(placeKey({ type, namespace }), place);
    const signal = AbortSignal.any([this.#signal, stopMetadata.signal]);
    return this.#run(
      {
        type,
        namespace,
        metadataOnly: true,
        signal,
        onListed: (at) => this.#metadataListed(place, at),
        onDoubt: (doubt) => this.#doubt(place, doubt),
      },
      (change) => this.#metadataChange(place, change),
    );
  }

  /** Kubernetes Events, whole. Resolves at the first list or refusal. */
  watchEvents(type: ResourceType, namespace: string | null): Promise<void> {
    return this.#run({ type, namespace }, (change) => this.#options.witness.event(change));
  }

  /** Events about Nodes, which lie in another namespace than the story: they explain it, and may well be refused. */
  watchNodeEvents(type: ResourceType, namespace: string): Promise<void> {
    const { witness } = this.#options;
    const onDenied = (error: ApiError) => witness.unexplained(type, error);
    return this.#run({ type, namespace, fieldSelector: 'involvedObject.kind=Node', onDenied }, (change) =>
      witness.event(change),
    );
  }

  /** Every object of a type whose metadata does not tell what it explains, whole from the start. */
  watchWhole(type: ResourceType, namespace: string | null): Promise<void> {
    const state = { isFull: true, doubts: [], hasListedMember: false, isListed: false, lateSince: undefined };
    const place: TypeInPlace = { type, namespace, stopMetadata: new AbortController(), ...state };
    this.#places.set(placeKey({ type, namespace }), place);
    return this.#run({ type, namespace }, (change) => this.#wholeChange(place, change));
  }

  /** What objects of the story name, whole. A refusal ends it, and is told. Resolves at the first list or refusal. */
  watchReference(type: ResourceType, reference: Reference): Promise<void> {
    const { witness } = this.#options;
    const refused = new AbortController();
    const onDenied = (error: ApiError) => {
      // A namespace or a type that is gone may come back; a permission is only asked for once.
      if (error.code === 'not-found') return;
      witness.unexplained(type, error);
      refused.abort();
    };
    const signal = AbortSignal.any([this.#signal, refused.signal]);
    return this.#run({ type, namespace: reference.namespace, ...reference.by, signal, onDenied }, (change) =>
      witness.referenced(reference, type.resource, change),
    );
  }

  #metadataChange(place: TypeInPlace, change: WatchedChange): void {
    if (place.isFull) return; // the full watch sees it too
    const { witness } = this.#options;
    if (change.type === 'deletedUnseen') {
      witness.forget(change.uid);
      return;
    }
    const { uid, name } = change.object.metadata;
    if (this.#hasOwnWatch(place, name)) return; // its own watch tells it whole
    const { before, heard } = change;
    if (!this.#sightings.has(uid)) this.#sightings.set(uid, { place, before, heard, order: this.#order++ });
    const placed = witness.learn(place.type.resource, change.object);
    if (placed.length > 0) this.#placed(placed);
    if (change.type === 'deleted' && !place.isFull) this.#leave(uid);
  }

  /** A deleted object is forgotten, unless its owner may be yet to come: watches are not ordered against each other. */
  #leave(uid: string): void {
    const { witness } = this.#options;
    const isOrphan = witness.isUnplaced(uid);
    if (isOrphan) this.#orphans.push(uid);
    const gone = isOrphan && this.#orphans.length <= MAX_ORPHANS ? undefined : isOrphan ? this.#orphans.shift() : uid;
    if (gone === undefined) return;
    this.#sightings.delete(gone);
    witness.forget(gone);
  }

  /** Of a type without an object in the story, what may have been missed is a gap only if one comes into it. */
  #doubt(place: TypeInPlace, doubt: Doubt): void {
    const { witness } = this.#options;
    if (place.isFull || witness.isEssential(place.type)) witness.relisted(place.type, place.namespace, doubt);
    else place.doubts.push(doubt);
  }

  #metadataListed(place: TypeInPlace, resourceVersion: string): void {
    place.isListed = true;
    if (place.hasListedMember) {
      const { type, namespace, lateSince } = place;
      if (lateSince !== undefined) this.#options.witness.late(type, namespace, lateSince);
      this.#upgrade(place, { from: resourceVersion, listFrom: true });
    }
    place.hasListedMember = false;
  }

  /** Objects came into the story: their types are watched in full from before they were first seen. */
  #placed(uids: readonly string[]): void {
    const sightings = uids.flatMap((uid) => this.#sightings.get(uid) ?? []).sort((a, b) => a.order - b.order);
    for (const uid of uids) this.#sightings.delete(uid);
    for (const { place, before, heard } of sightings) {
      if (place.isFull) continue;
      if (before !== undefined) this.#upgrade(place, { from: before, heard });
      else if (place.isListed) this.#upgrade(place, {});
      else place.hasListedMember = true; // its position is known when the list is complete
    }
  }

  /** Without a position the full watch begins with a list of its own. */
  #upgrade(
    place: TypeInPlace,
    start: { readonly from?: string; readonly listFrom?: boolean; readonly heard?: Timestamp },
  ): void {
    if (place.isFull) return;
    place.isFull = true;
    place.stopMetadata.abort();
    const { type, namespace } = place;
    for (const doubt of place.doubts) this.#options.witness.relisted(type, namespace, doubt);
    void this.#run({ type, namespace, ...start }, (change) => this.#wholeChange(place, change));
  }

  #wholeChange(place: TypeInPlace, change: WatchedChange): void {
    if (change.type !== 'deletedUnseen' && this.#hasOwnWatch(place, change.object.metadata.name)) return;
    this.#placed(this.#options.witness.state(place.type.resource, change));
  }

  #hasOwnWatch(place: TypeInPlace, name: string): boolean {
    return this.#ownNames.get(placeKey({ type: place.type, namespace: place.namespace }))?.has(name) === true;
  }

  #denied(place: WatchedPlace, error: ApiError): void {
    this.#options.witness.denied(place, error);
    const { type, namespace, name } = place;
    if (name === undefined && namespace !== null && error.code === 'forbidden')
      void this.#watchAllowed(type, namespace).catch((failure: unknown) => this.#options.witness.fatal(failure));
  }

  #run(what: WatchTarget, onChange: (change: WatchedChange) => void): Promise<void> {
    const { client, clock, random, streamingList, witness } = this.#options;
    const { type, namespace } = what;
    const stated = (doubt: Doubt) => witness.relisted(type, namespace, doubt);
    const { signal = this.#signal, onListed, onDenied, onDoubt = stated, ...how } = what;
    const first = Promise.withResolvers<void>();
    const place = { type, namespace, name: what.name };
    let wasForbidden = false;
    const listener: WatchListener = {
      change: onChange,
      listed: (resourceVersion, doubt) => {
        if (wasForbidden) witness.readable(place);
        else if (doubt !== undefined) onDoubt(doubt);
        wasForbidden = false;
        onListed?.(resourceVersion);
        first.resolve();
      },
      left: (doubt, during) => {
        // A watch that fails while it is replaced goes on in the one that replaces it.
        if (during === 'listing' || this.#signal.aborted) onDoubt(doubt);
      },
      trouble: (event) => {
        if (event.type === 'denied') {
          wasForbidden = event.error.code === 'forbidden';
          if (onDenied !== undefined) onDenied(event.error);
          else this.#denied(place, event.error);
          first.resolve();
        } else witness.failing(type, event.error);
      },
    };
    const options = { client, clock, random, streamingList, listSlots: this.#slots, ...how };
    const done = watchType(options, listener, signal)
      .catch((error: unknown) => witness.fatal(error))
      .finally(() => {
        this.#running.delete(done);
        first.resolve();
      });
    this.#running.add(done);
    return first.promise;
  }
}
