import { earlierOf, laterOf, type Timestamp } from '../model/time.ts';
import type { Sighting } from './sightings.ts';
import type { Missed, TypeInPlace } from './type-in-place.ts';

/** An object that came and went before its owner was seen. */
export interface Orphan {
  readonly uid: string;
  /** UIDs. */
  readonly owners: readonly string[];
  readonly goneAt: Timestamp;
  /** Where it was, and since when: where it was watched whole, and never seen as metadata. */
  readonly whole?: Seen;
}

/** Before it was seen, nothing was missed of an object. */
export type Seen = Pick<Sighting, 'place' | 'heard'>;

/** So many orphans are remembered. */
export const MAX_ORPHANS = 1000;
/** So many owners of those that are not; where there are more, whatever comes into the story may be one. */
const MAX_OWNERS = 100_000;

/** Remembers objects that are gone and whose owner may be yet to come; of too many only whose they were, and when. */
export class Orphans {
  readonly #remembered: Orphan[] = [];
  /** UIDs of the owners of those that are forgotten. */
  readonly #owners = new Set<string>();
  readonly #missed = new Map<TypeInPlace, Missed>();

  /** Returns the one that is to be forgotten for it. */
  remember(orphan: Orphan): Orphan | undefined {
    this.#remembered.push(orphan);
    return this.#remembered.length > MAX_ORPHANS ? this.#remembered.shift() : undefined;
  }

  /** Of an orphan that was seen so, no more is remembered. */
  forget({ owners, goneAt }: Orphan, { place, heard }: Seen): void {
    for (const owner of owners) if (this.#owners.size < MAX_OWNERS) this.#owners.add(owner);
    const known = this.#missed.get(place);
    this.#missed.set(place, { place, since: earlierOf(known?.since, heard), until: laterOf(known?.until, goneAt) });
  }

  /** These objects came into the story: what is missing of it where orphans were theirs, of all types, for they own one another. */
  takeMissed(newcomers: readonly string[]): readonly Missed[] {
    if (newcomers.length === 0 || this.#missed.size === 0) return [];
    if (this.#owners.size < MAX_OWNERS && !newcomers.some((uid) => this.#owners.has(uid))) return [];
    const missed = [...this.#missed.values()];
    this.#missed.clear();
    this.#owners.clear();
    return missed;
  }
}
