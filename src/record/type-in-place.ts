import type { Branch } from '../model/branch.ts';
import type { ResourceType } from '../model/resource.ts';
import { earlierOf, type Timestamp, timestampOf } from '../model/time.ts';
import { type Sighting, showsAllOf } from './sightings.ts';
import { placeKey } from './testimony.ts';
import type { Doubt, WatchedChange, WatchTarget } from './type-watch.ts';

/** Where more objects than this are outside of the story, watching them all whole costs more than it tells. */
export const CROWD = 500;
/** Beyond these the members of a crowded type are watched with all of it: each one's own watch is a stream. */
export const MAX_MEMBER_WATCHES = 40;
/** What a change means for how many objects there are. */
const CENSUS = { found: 1, created: 1, changed: 0, deleted: -1, deletedUnseen: -1 } as const;

/** An object of the story whose type is not watched in full (yet). */
export interface Member {
  readonly uid: string;
  readonly name: string;
}

/** An object in a crowd that is likely to be of the story, and where it was found. */
export interface Selected extends Member {
  /** The resourceVersion of the list that showed it. */
  readonly from: string;
  /** When that was asked for. */
  readonly heard: Timestamp;
}

/** What is known of a type before its metadata is watched. */
export interface Search {
  /** For a type that appeared during the capture: when that was noticed. */
  readonly lateSince?: Timestamp;
  /** Objects that are likely to be of the story, if any: they were looked for, and its list does not wait once more. */
  readonly named?: readonly Selected[];
}

/** When there were states of a type that nobody saw whole. */
export interface Missed {
  readonly place: TypeInPlace;
  readonly since: Timestamp;
  readonly until: Timestamp;
}

/**
 * One type in one namespace: watched as metadata until objects of it are in the story; then these are watched in full, by
 * themselves in a crowd, with all of their type otherwise.
 */
export class TypeInPlace {
  readonly type: ResourceType;
  readonly namespace: string | null;
  /** Set for a type that appeared during the capture: when that was noticed. */
  readonly lateSince: Timestamp | undefined;
  /** The watch of its metadata, until it is watched in full. */
  metadataWatch: Branch | undefined;
  /** What may have been missed of it while no object of it was in the story. */
  readonly doubts: Doubt[] = [];
  /** Where the metadata watch stood after each of its lists. */
  readonly lists: string[] = [];
  isFull = false;
  /** Objects of it are in the story of a recorder that was killed; they may be gone. */
  hadMembers = false;
  /** The full watch begins before this one; undefined where it began with what there was. */
  fullFrom: Sighting | undefined;
  /** Members that were found while a list of the metadata watch runs. */
  listedMembers: Sighting[] = [];
  /** Since when objects were seen and gone again, whose owner was not seen, and never a whole state of them. */
  #lacksSince: Timestamp | undefined;
  /** UIDs of members that have, or had, a watch of their own, which alone tells of them. */
  readonly #alone = new Set<string>();
  #watchesAlone = 0;
  /** Objects of the type that exist, as the metadata watch knows them. */
  #objects = 0;

  constructor(type: ResourceType, namespace: string | null, lateSince?: Timestamp) {
    this.type = type;
    this.namespace = namespace;
    this.lateSince = lateSince;
  }

  get key(): string {
    return placeKey({ type: this.type, namespace: this.namespace });
  }

  /** Whether objects of it are, or were, in the story. */
  get hasMembers(): boolean {
    return this.isFull || this.hadMembers || this.#alone.size > 0;
  }

  /** What of an object that was seen so the full watch does not show; undefined where it shows all, or will. */
  missedOf(sighting: Sighting): Missed | undefined {
    if (this.fullFrom === undefined || showsAllOf(sighting, this.fullFrom)) return undefined;
    return { place: this, since: sighting.heard, until: timestampOf(this.fullFrom.seenAt) };
  }

  /** An object is gone that was first seen after `heard`. */
  lacksFrom(heard: Timestamp | undefined): void {
    if (heard !== undefined) this.#lacksSince = earlierOf(this.#lacksSince, heard);
  }

  /** A list showed what is gone: what may have been missed is all of that, too. */
  widened(doubt: Doubt): Doubt {
    const since = earlierOf(this.#lacksSince, doubt.since);
    this.#lacksSince = undefined;
    return { ...doubt, since };
  }

  /** Takes in what a change means for how many objects there are. */
  count({ type }: WatchedChange): void {
    this.#objects += CENSUS[type];
  }

  /** Whether so many members more are better watched one by one. `crowd` objects are not yet a crowd. */
  isCrowdFor(members: number, crowd = CROWD): boolean {
    return this.#objects > crowd && this.#watchesAlone + members <= MAX_MEMBER_WATCHES;
  }

  isAlone(uid: string): boolean {
    return this.#alone.has(uid);
  }

  /** False where it has a watch of its own already. */
  begins(uid: string): boolean {
    if (this.#alone.has(uid)) return false;
    this.#alone.add(uid);
    this.#watchesAlone += 1;
    return true;
  }

  /** A member is gone, and its watch with it; late news of it, from other watches, still are no news. */
  ends(): void {
    this.#watchesAlone -= 1;
  }
}

/** The object that a change is about. */
export function uidOf(change: WatchedChange): string {
  return change.type === 'deletedUnseen' ? change.uid : change.object.metadata.uid;
}

/** How the metadata of a type is asked for. */
export function howToSearch({ named }: Search): Pick<WatchTarget, 'isSearch' | 'fieldSelector'> {
  if (named === undefined) return { isSearch: true };
  return named.length === 0 ? {} : { fieldSelector: named.map(({ name }) => `metadata.name!=${name}`).join(',') };
}
