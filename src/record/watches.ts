import type { ApiError } from '../kube/error.ts';
import { Branch } from '../model/branch.ts';
import type { Root } from '../model/record.ts';
import type { ResourceType } from '../model/resource.ts';
import { type Timestamp, timestampOf } from '../model/time.ts';
import { existingObjects } from './existing.ts';
import { ExplainingWatches } from './explaining-watches.ts';
import type { Past } from './past.ts';
import { RunningWatches, type RunningWatchesOptions } from './running-watches.ts';
import { type Sighting, Sightings, startOf } from './sightings.ts';
import { SingleWatches } from './single-watches.ts';
import { placeKey, type WatchedPlace } from './testimony.ts';
import { howToSearch, type Missed, type Search, TypeInPlace, uidOf } from './type-in-place.ts';
import type { Doubt, WatchedChange, WatchTarget } from './type-watch.ts';
import { targetOf, WatchPasts } from './watch-pasts.ts';

export interface WatchesOptions extends RunningWatchesOptions {
  /** Names of objects that the user may read where not the whole type. */
  readonly allowedNames?: (type: ResourceType, namespace: string) => Promise<readonly string[]>;
  /** A type with more objects than this is crowded. */
  readonly crowd?: number;
  /** What the watches of a recorder that was killed had told. */
  readonly past?: Past | undefined;
}

type OnChange = (change: WatchedChange) => void;

/**
 * Watches every type of a namespace as metadata, and those with an object in the story in full. A type that comes into
 * the story gets its full watch from the position that its metadata watch held before the change that brought it in,
 * so that no state in between is lost.
 */
export class Watches {
  readonly #options: WatchesOptions;
  readonly #signal: AbortSignal;
  /** Each watch, and what its first list came to. */
  readonly running: RunningWatches;
  /** Of what is not part of the story. */
  readonly explaining: ExplainingWatches;
  readonly #pasts: WatchPasts;
  readonly #single: SingleWatches;
  readonly #places = new Map<string, TypeInPlace>();
  readonly #sightings: Sightings;
  /** Objects of the story, by UID, of which no state has come yet. */
  readonly #stateless = new Map<string, Sighting>();

  constructor(options: WatchesOptions, signal: AbortSignal) {
    const { witness, allowedNames, past } = options;
    const [running, pasts] = [new RunningWatches(options, signal), new WatchPasts(past)];
    this.#options = options;
    this.#signal = signal;
    this.running = running;
    this.#pasts = pasts;
    this.#sightings = new Sightings(options);
    const onState = (type: ResourceType, change: WatchedChange) => this.#state(type, change);
    this.#single = new SingleWatches({ running, pasts, witness, allowedNames, onState }, signal);
    this.explaining = new ExplainingWatches({ running, pasts, witness }, signal);
  }

  /** Types that are watched, whole or as metadata. */
  has(type: ResourceType, namespace: string | null): boolean {
    return this.#places.has(placeKey({ type, namespace }));
  }

  /** Where whole types are watched. */
  get places(): Iterable<WatchedPlace> {
    return this.#places.values();
  }

  /** Whether an object of the story was seen, and its first state is to come. */
  awaits(uid: string): boolean {
    return this.#stateless.has(uid);
  }

  /** Resolves when every watch has ended, after the signal aborted. */
  async ended(): Promise<void> {
    await this.running.ended();
    for (const { place, heard: since } of this.#stateless.values())
      this.#options.witness.unheard(place.type, place.namespace, { since, cause: 'interrupted', isNeeded: true });
    // Owners may be among what was missed at the end: of what was seen, and may be theirs, nothing was written down.
    for (const { place, since } of this.#sightings.awaiting(this.running.missedKinds))
      if (!place.isFull) this.#options.witness.late(targetOf(place), { since });
  }

  /** The root itself, in full, by its name: narrow permissions allow that. Resolves at its first list or refusal. */
  watchRoot(root: Root, type: ResourceType): Promise<void> {
    return this.#single.watchName(type, root.namespace, root.name, { isNeeded: true });
  }

  /**
   * Every object of the type, as metadata at first; those that are `named` whole and by themselves, for good, and what is told
   * of all leaves them out. Resolves at its first list or refusal.
   */
  watchMetadata(type: ResourceType, namespace: string | null, search: Search = {}): Promise<void> {
    const { lateSince, named = [] } = search;
    const place = this.#placeFor(type, namespace, lateSince);
    for (const selected of named) void this.#single.watchSelected(place, selected);
    const own = this.#single.namesOf(place);
    for (const member of this.#pasts.ownWatches(place, own))
      this.#single.watchMember(place, member, { past: member.past });
    const untoldSince = this.#pasts.untoldSince(place, own);
    place.lacksFrom(untoldSince);
    if (this.#pasts.wasWatched(place)) return this.#goOnWhole(place, { isAllTold: untoldSince === undefined });
    place.metadataWatch = new Branch(this.#signal);
    const { signal } = place.metadataWatch;
    return this.#run(
      {
        type,
        namespace,
        metadataOnly: true,
        placementOnly: true,
        ...howToSearch(search),
        ...(lateSince === undefined ? this.#pasts.unknown(place) : { wantedSince: lateSince }),
        signal,
        onListed: (at) => this.#metadataListed(place, at),
        onDoubt: (doubt) => this.#doubt(place, doubt),
        awaitedSince: () => this.#sightings.awaitedSince(place),
      },
      (change) => this.#metadataChange(place, change),
    );
  }

  /** Kubernetes Events, whole. Resolves at the first list or refusal. */
  watchEvents(type: ResourceType, namespace: string | null): Promise<void> {
    return this.#run({ type, namespace, ...this.#pasts.fromHere({ type, namespace }) }, (change) =>
      this.#options.witness.event(change),
    );
  }

  /** Every object of a type whose metadata does not tell what it explains, whole from the start. */
  watchWhole(type: ResourceType, namespace: string | null): Promise<void> {
    const place = this.#placeFor(type, namespace);
    place.isFull = true;
    return this.#run({ type, namespace, isSearch: true, ...this.#pasts.listed(place) }, (change) =>
      this.#wholeChange(place, change),
    );
  }

  /** Where a watch goes on without a list, others' objects must be known as well: who owns whom. */
  async learn(type: ResourceType, namespace: string | null): Promise<void> {
    if (!this.#pasts.wasWatched({ type, namespace })) return;
    const { client, witness } = this.#options;
    using _slot = await this.running.lists.acquire(this.#signal).catch((error: unknown) => {
      if (this.#signal.aborted) return undefined; // the watches tell what was not heard of
      throw error;
    });
    if (_slot === undefined) return;
    for await (const object of existingObjects(client, { type, namespace }, this.#signal))
      this.#placed(witness.learn(type.resource, object));
  }

  /**
   * A type whose objects were watched whole goes on so, beside the watches of single ones; with a list where one of these had
   * told nothing, and so does not go on.
   */
  #goOnWhole(place: TypeInPlace, { isAllTold }: { readonly isAllTold: boolean }): Promise<void> {
    place.isFull = true;
    const { type, namespace } = place;
    const past = isAllTold ? this.#pasts.fromHere(place) : this.#pasts.listed(place);
    return this.#run({ type, namespace, ...past, onDoubt: (doubt) => this.#doubt(place, doubt) }, (change) =>
      this.#wholeChange(place, change),
    );
  }

  #placeFor(type: ResourceType, namespace: string | null, lateSince?: Timestamp): TypeInPlace {
    const place = new TypeInPlace(type, namespace, lateSince);
    place.doubts.push(...this.#pasts.doubtsOf(place));
    place.hadMembers = this.#pasts.hadMembers(place);
    this.#places.set(place.key, place);
    return place;
  }

  #metadataChange(place: TypeInPlace, change: WatchedChange): void {
    place.count(change);
    const uid = uidOf(change);
    if (place.isFull || place.isAlone(uid)) return; // another watch sees it too
    if (change.type === 'deletedUnseen') {
      this.#sightings.leaveUnseen(uid);
      return;
    }
    const { metadata } = change.object;
    if (this.#single.namesOf(place).has(metadata.name)) return; // its own watch tells it whole
    this.#sightings.see(metadata, place, change);
    const placed = this.#options.witness.learn(place.type.resource, change.object);
    if (placed.length > 0) this.#placed(placed);
    if (change.type === 'deleted' && !place.isFull && !place.isAlone(uid)) this.#sightings.leave(metadata);
  }

  /** Of a type without an object in the story, what may have been missed is a gap only if one comes into it. */
  #doubt(place: TypeInPlace, found: Doubt): void {
    const { witness } = this.#options;
    const doubt = place.widened(found);
    const { hasMembers } = place;
    if (hasMembers || witness.isEssential(place.type)) {
      witness.relisted(place.type, place.namespace, { ...doubt, hasMembers });
      return;
    }
    place.doubts.push(doubt);
    witness.doubted(targetOf(place), doubt);
  }

  #metadataListed(place: TypeInPlace, resourceVersion: string): void {
    place.lists.push(resourceVersion);
    const { lateSince: since, listedMembers: members } = place;
    place.listedMembers = [];
    // Its first list tells nothing of what came and went before it; that of a list that failed at first is told already.
    if (since !== undefined && place.lists.length === 1 && place.doubts.length === 0)
      this.#doubt(place, { since, until: timestampOf(this.#options.clock.now()), changes: 0, cause: 'late-type' });
    this.#watchMembers(place, members);
  }

  /** Objects came into the story: they are watched in full from before they were first seen. */
  #placed(uids: readonly string[]): void {
    if (uids.length === 0) return;
    const missed = new Map<TypeInPlace, Missed>();
    for (const sighting of this.#sightings.take(uids)) {
      const { place, uid } = sighting;
      const missedOfIt = place.missedOf(sighting);
      if (missedOfIt === undefined && !this.#options.witness.hasState(uid)) this.#stateless.set(uid, sighting);
      if (missedOfIt !== undefined) missed.set(place, missed.get(place) ?? missedOfIt);
      else if (startOf(sighting) !== undefined) this.#watchMembers(place, [sighting]);
      else place.listedMembers.push(sighting); // its position is known when the list is complete
    }
    for (const { place, ...when } of [...missed.values(), ...this.#sightings.takeMissed(uids)])
      this.#options.witness.late(targetOf(place), when);
    for (const { target, since, until } of this.#pasts.takeUnkept(uids))
      this.#options.witness.late(target, { since, until });
  }

  /** Members of a crowded type are watched one by one, while they are few; else all of their type is watched in full. */
  #watchMembers(place: TypeInPlace, members: readonly Sighting[]): void {
    const [first] = members;
    if (place.isFull || first === undefined) return;
    const { witness, crowd } = this.#options;
    for (const doubt of place.doubts.splice(0))
      witness.relisted(place.type, place.namespace, { ...doubt, hasMembers: true });
    if (place.isCrowdFor(members.length, crowd))
      for (const member of members) this.#single.watchMember(place, member, startOf(member) ?? {});
    else this.#upgrade(this.#sightings.firstAwaited(first));
  }

  /** All objects of a type, in full, in place of their metadata, from before one of them was seen. */
  #upgrade(from: Sighting): void {
    const { place } = from;
    place.isFull = true;
    place.fullFrom = from;
    place.metadataWatch?.[Symbol.dispose]();
    this.#sightings.keepBefore(from);
    const { type, namespace } = place;
    void this.#run({ type, namespace, isNeeded: true, ...startOf(from) }, (change) => this.#wholeChange(place, change));
  }

  #wholeChange(place: TypeInPlace, change: WatchedChange): void {
    if (place.isAlone(uidOf(change))) return;
    if (change.type !== 'deletedUnseen' && this.#single.namesOf(place).has(change.object.metadata.name)) return;
    this.#state(place.type, change);
    if (change.type === 'deleted') this.#sightings.leaveWhole(place, change.object.metadata);
  }

  #state(type: ResourceType, change: WatchedChange): void {
    this.#stateless.delete(uidOf(change));
    this.#placed(this.#options.witness.state(type.resource, change));
  }

  #denied(place: WatchedPlace, error: ApiError, heard: Timestamp): void {
    this.#options.witness.denied(place, error, heard);
    const { type, namespace } = place;
    if (namespace !== null && error.code === 'forbidden')
      void this.#single.watchAllowed(type, namespace).catch((failure: unknown) => this.#options.witness.fatal(failure));
  }

  /** A refusal that nobody else hears of concerns the story. */
  #run(what: WatchTarget, onChange: OnChange): Promise<void> {
    return this.running.run({ onDenied: (error, heard) => this.#denied(what, error, heard), ...what }, onChange);
  }
}
