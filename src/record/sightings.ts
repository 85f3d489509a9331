import type { ClockSkew } from '../kube/server-clock.ts';
import type { ObjectMeta } from '../model/resource.ts';
import { type Clock, earlierOf, millisecondsOf, parseTimestamp, type Timestamp, timestampOf } from '../model/time.ts';
import { type Orphan, Orphans } from './orphans.ts';
import type { Unkept, Witness } from './testimony.ts';
import type { Member, Missed, TypeInPlace } from './type-in-place.ts';
import type { WatchTarget } from './type-watch.ts';
import { targetOf } from './watch-pasts.ts';

/** When the metadata watch first showed an object; `order` tells which came first. */
export interface Sighting extends Member {
  readonly place: TypeInPlace;
  /** Where that watch stood before it; undefined where a list showed it. */
  readonly before: string | undefined;
  /** How many lists had been complete by then. */
  readonly list: number;
  /** When the metadata watch had last been heard of, before that. */
  readonly heard: Timestamp;
  readonly order: number;
  /** Kinds. */
  readonly owners: readonly string[];
  /** In milliseconds of the recorder's clock. */
  readonly seenAt: number;
}

/** Where a full watch begins; without a position with a list of its own. */
export type WatchStart = Pick<WatchTarget, 'from' | 'listFrom' | 'heard'>;

/** Where a watch begins that sees all of an object; undefined while the list runs that showed it. */
export function startOf({ place, before, list, heard }: Sighting): WatchStart | undefined {
  if (before !== undefined) return { from: before, heard };
  const listedAt = place.lists[list];
  // Its owner may be seen long after: what became of it since that list is to be told, too.
  return listedAt === undefined ? undefined : { from: listedAt, listFrom: true, heard };
}

/** Whether a watch of the whole type that begins before one object was seen shows all of another one. */
export function showsAllOf({ before, list, order }: Sighting, from: Sighting): boolean {
  return order >= from.order || (before === undefined && from.before === undefined && list === from.list);
}

/** An owner that has not come after so long is of a type that cannot be read. */
const AWAITED_MS = 60_000;

export interface SightingsOptions {
  /** By how much this clock is ahead of the server's. */
  readonly skew?: () => ClockSkew | undefined;
  readonly clock: Pick<Clock, 'now'>;
  readonly witness: Pick<Witness, 'isUnplaced' | 'forget' | 'unkept'>;
}

/** What metadata watches showed of objects that are not (yet) of the story. */
export class Sightings {
  readonly #options: SightingsOptions;
  /** By UID, in their order. */
  readonly #sightings = new Map<string, Sighting>();
  readonly #orphans = new Orphans();
  #order = 0;

  constructor(options: SightingsOptions) {
    this.#options = options;
  }

  /** Only the first sighting of an object counts. */
  see(
    { uid, name, ownerReferences = [] }: Pick<ObjectMeta, 'uid' | 'name' | 'ownerReferences'>,
    place: TypeInPlace,
    change: Pick<Sighting, 'before' | 'heard'>,
  ): void {
    if (this.#sightings.has(uid)) return;
    const { before, heard } = change; // the latter is made when it is asked for
    const [order, seenAt] = [this.#order, this.#options.clock.now()];
    const owners = ownerReferences.map(({ kind }) => kind);
    this.#sightings.set(uid, { uid, name, place, before, list: place.lists.length, heard, order, owners, seenAt });
    this.#order += 1;
  }

  /** It is gone, and nobody saw how: all of it is missing if its owner is yet to come. */
  leaveUnseen(uid: string): void {
    const sighting = this.#sightings.get(uid);
    if (sighting !== undefined && this.#isUnplaced(uid)) sighting.place.lacksFrom(sighting.heard);
    this.#forget(uid);
  }

  /** A deleted object is forgotten, unless its owner may be yet to come: watches are not ordered against each other. */
  leave(metadata: ObjectMeta): void {
    if (this.#isUnplaced(metadata.uid)) this.#remember(orphanOf(metadata, this.#now()));
    else this.#forget(metadata.uid);
  }

  /** The same of one that was watched whole: its states are written down, and its newest one waits for its owner. */
  leaveWhole(place: TypeInPlace, metadata: ObjectMeta): void {
    if (!this.#isUnplaced(metadata.uid)) return;
    const goneAt = this.#now();
    const created = parseTimestamp(metadata.creationTimestamp ?? '');
    const aheadMs = this.#options.skew?.()?.least ?? 0;
    const heard = created === undefined ? goneAt : earlierOf(goneAt, timestampOf(millisecondsOf(created) + aheadMs));
    this.#remember({ ...orphanOf(metadata, goneAt), whole: { place, heard } });
  }

  /** Until there are too many: what becomes of the oldest is missing if its owner is yet to come, its logs at the least. */
  #remember(newest: Orphan): void {
    const orphan = this.#orphans.remember(newest);
    if (orphan === undefined) return;
    const seen = this.#sightings.get(orphan.uid) ?? orphan.whole;
    if (seen !== undefined && this.#isUnplaced(orphan.uid)) {
      this.#orphans.forget(orphan, seen);
      this.#tell(seen.place, { uids: orphan.owners, since: seen.heard, until: orphan.goneAt });
    }
    this.#forget(orphan.uid);
  }

  #now(): Timestamp {
    return timestampOf(this.#options.clock.now());
  }

  /** These objects came into the story. Those of them that were seen, in their order, are forgotten. */
  take(uids: readonly string[]): readonly Sighting[] {
    const taken = uids.flatMap((uid) => this.#sightings.get(uid) ?? []).sort((a, b) => a.order - b.order);
    for (const uid of uids) this.#sightings.delete(uid);
    return taken;
  }

  /** What is missing of the story where objects came into it that owned others which were too many to be remembered. */
  takeMissed(uids: readonly string[]): readonly Missed[] {
    return this.#orphans.takeMissed(uids);
  }

  /** An object itself, or the first of its type that was seen before it, and whose owner may be yet to come. */
  firstAwaited(member: Sighting): Sighting {
    return this.#firstUnplaced(member.place, { withinMs: AWAITED_MS, before: member.order }) ?? member;
  }

  /** From when objects of a type may be missing, were all sightings forgotten now: their owners may be yet to come. */
  awaitedSince(place: TypeInPlace): Timestamp | undefined {
    return this.#firstUnplaced(place, { withinMs: Number.POSITIVE_INFINITY, before: this.#order })?.heard;
  }

  /**
   * Where objects are that may be of the story if objects of these kinds were missed, and since when: those that these may own,
   * those that those own, and so on.
   */
  awaiting(kinds: ReadonlySet<string>): readonly { readonly place: TypeInPlace; readonly since: Timestamp }[] {
    const missed = new Set(kinds);
    const first = new Map<TypeInPlace, Timestamp>();
    for (let known = 0; known !== missed.size; ) {
      known = missed.size;
      for (const { uid, place, owners, heard } of this.#sightings.values()) {
        if (first.has(place) || !owners.some((owner) => missed.has(owner)) || !this.#isUnplaced(uid)) continue;
        first.set(place, heard);
        missed.add(place.type.kind);
      }
    }
    return [...first].map(([place, since]) => ({ place, since }));
  }

  /** All of a type is watched in full from one on: only what came before, and whose owner may be yet to come, lacks something. */
  keepBefore(from: Sighting): void {
    for (const [uid, sighting] of this.#sightings)
      if (sighting.place === from.place && (showsAllOf(sighting, from) || !this.#isUnplaced(uid)))
        this.#sightings.delete(uid);
    const kept = [...this.#sightings.values()].filter(({ place }) => place === from.place);
    const [first] = kept;
    if (first === undefined) return;
    const [uids, until] = [kept.map(({ uid }) => uid), timestampOf(from.seenAt)];
    this.#tell(from.place, { uids, since: first.heard, until });
  }

  /** Another recorder may go on before their owner is seen, and must know. */
  #tell(place: TypeInPlace, what: Unkept): void {
    this.#options.witness.unkept(targetOf(place), what);
  }

  /** The first of a type that was seen in this time, and in the order before this, and whose owner may be yet to come. */
  #firstUnplaced(
    place: TypeInPlace,
    { withinMs, before }: { readonly withinMs: number; readonly before: number },
  ): Sighting | undefined {
    const since = this.#options.clock.now() - withinMs;
    for (const sighting of this.#sightings.values()) {
      if (sighting.order >= before) return undefined;
      if (sighting.place === place && sighting.seenAt >= since && this.#isUnplaced(sighting.uid)) return sighting;
    }
    return undefined;
  }

  #isUnplaced(uid: string): boolean {
    return this.#options.witness.isUnplaced(uid);
  }

  #forget(uid: string): void {
    this.#sightings.delete(uid);
    this.#options.witness.forget(uid);
  }
}

function orphanOf({ uid, ownerReferences = [] }: ObjectMeta, goneAt: Timestamp): Orphan {
  return { uid, owners: ownerReferences.map((owner) => owner.uid), goneAt };
}
