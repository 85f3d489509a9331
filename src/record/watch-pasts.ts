import { groupResourceOf } from '../model/resource.ts';
import type { Timestamp } from '../model/time.ts';
import type { Past, PastUnkept } from './past.ts';
import type { PastTarget, WatchPast } from './past-watches.ts';
import type { WatchedPlace } from './testimony.ts';
import { MAX_MEMBER_WATCHES } from './type-in-place.ts';
import type { Doubt } from './type-watch.ts';

/** What a watch watches, whether by name or by selector. */
export type WatchedTarget = WatchedPlace & { readonly selector?: string | undefined };

/** How a watch begins in a resumed capture; nothing, where it is a new one. */
export interface Resumed {
  readonly past?: WatchPast;
}

/** The watch of one object. */
export interface OwnWatch {
  readonly uid: string;
  readonly name: string;
  readonly past: WatchPast;
}

/** How watches go on from those of a recorder that was killed. Of a capture that was not resumed there is nothing to tell. */
export class WatchPasts {
  readonly #past: Past | undefined;
  #unkept: readonly PastUnkept[];
  /** Types of what is in the story. */
  readonly #members: ReadonlySet<string>;

  constructor(past: Past | undefined) {
    this.#past = past;
    this.#unkept = past?.unkept ?? [];
    this.#members = new Set(past?.watches.memberTypes);
  }

  /** These objects came into the story: what had not been kept of them, or of what they owned. It is told once. */
  takeUnkept(uids: readonly string[]): readonly PastUnkept[] {
    if (this.#unkept.length === 0) return [];
    const came = new Set(uids);
    const taken = new Set(this.#unkept.filter((unkept) => unkept.uids.some((uid) => came.has(uid))));
    this.#unkept = this.#unkept.filter((unkept) => !taken.has(unkept));
    return [...taken];
  }

  hadMembers(place: WatchedPlace): boolean {
    return this.#members.has(targetOf(place).storage);
  }

  /** What may have been missed of a type while no object of it was in the story. */
  doubtsOf(place: WatchedPlace): readonly Doubt[] {
    return this.#past?.doubtsOf(targetOf(place)) ?? [];
  }

  /** Whether it was watched whole; or that word may be missing, and more objects are there than are watched one by one. */
  wasWatched(place: WatchedTarget): boolean {
    const [past, target] = [this.#past?.watches, targetOf(place)];
    if (past === undefined) return false;
    return past.wasWatched(target) || past.unwatchedNames(target).length > MAX_MEMBER_WATCHES;
  }

  /** Goes on where it was, if it was or, where the journal is damaged, may have been. */
  goingOn(place: WatchedTarget): Resumed {
    return this.wasWatched(place) || this.#past?.watches.isDamaged === true ? this.fromHere(place) : {};
  }

  /** Goes on where it was; if nothing was watched there, what came and went meanwhile is unknown. */
  fromHere(place: WatchedTarget): Resumed {
    return this.#past === undefined ? {} : { past: this.#past.watches.watch(targetOf(place)) };
  }

  /** Begins with a list, for all that exists must be known and not only what is of the story. */
  listed(place: WatchedTarget): Resumed {
    const { past } = this.fromHere(place);
    return past === undefined ? {} : { past: { ...past, from: undefined } };
  }

  /** The same, where nothing of the story is known. */
  unknown(place: WatchedTarget): Resumed {
    const { past } = this.listed(place);
    return past === undefined ? {} : { past: { ...past, known: new Map() } };
  }

  /** Since when an object of a type may be missing that had a watch of its own, other than `named`, which had told nothing of it. */
  untoldSince(place: WatchedPlace, named: ReadonlySet<string> = new Set()): Timestamp | undefined {
    return this.#past?.watches.untoldSince(targetOf(place), named);
  }

  /** Objects of a type that had, or may have had, a watch of their own, other than `named`, with how that goes on. */
  ownWatches(place: WatchedPlace, named: ReadonlySet<string> = new Set()): readonly OwnWatch[] {
    const past = this.#past?.watches;
    if (past === undefined) return [];
    const target = targetOf(place);
    const names = [...past.ownNames(target), ...(this.wasWatched(place) ? [] : past.unwatchedNames(target))];
    return names.flatMap((name) => {
      if (named.has(name)) return [];
      const own = past.watch({ ...target, name });
      return [...own.known.keys()].map((uid) => ({ uid, name, past: own }));
    });
  }
}

/** Events have one name in the journal, whatever the server calls them. */
export function targetOf({ type, namespace, name, selector }: WatchedTarget): PastTarget {
  const storage = type.resource === 'events' ? 'events' : groupResourceOf(type);
  return { storage, namespace, name, selector };
}
