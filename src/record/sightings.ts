import type { Clock, Timestamp } from '../model/time.ts';
import type { Member, TypeInPlace } from './type-in-place.ts';
import type { WatchTarget } from './type-watch.ts';

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

/** An owner that has not come after so long is of a type that cannot be read. */
const AWAITED_MS = 60_000;

/** What metadata watches showed of objects that are not (yet) of the story. */
export class Sightings {
  /** By UID, in their order. */
  readonly #sightings = new Map<string, Sighting>();
  readonly #clock: Pick<Clock, 'now'>;
  #order = 0;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** Only the first sighting of an object counts. */
  see({ uid, name }: Member, place: TypeInPlace, change: Pick<Sighting, 'before' | 'heard'>): void {
    if (this.#sightings.has(uid)) return;
    const { before, heard } = change; // the latter is made when it is asked for
    const [order, seenAt] = [this.#order, this.#clock.now()];
    this.#sightings.set(uid, { uid, name, place, before, list: place.lists.length, heard, order, seenAt });
    this.#order += 1;
  }

  get(uid: string): Sighting | undefined {
    return this.#sightings.get(uid);
  }

  delete(uid: string): void {
    this.#sightings.delete(uid);
  }

  /** Those of the given objects, in their order, which are forgotten. */
  take(uids: readonly string[]): readonly Sighting[] {
    const taken = uids.flatMap((uid) => this.#sightings.get(uid) ?? []).sort((a, b) => a.order - b.order);
    for (const uid of uids) this.#sightings.delete(uid);
    return taken;
  }

  /** The first of a type, before `order`, whose owner may be yet to come. */
  firstAwaited(place: TypeInPlace, order: number, isUnplaced: (uid: string) => boolean): Sighting | undefined {
    const since = this.#clock.now() - AWAITED_MS;
    for (const sighting of this.#sightings.values()) {
      if (sighting.order >= order) return undefined;
      if (sighting.place === place && sighting.seenAt >= since && isUnplaced(sighting.uid)) return sighting;
    }
    return undefined;
  }
}
