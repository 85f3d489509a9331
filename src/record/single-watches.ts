import { Branch } from '../model/branch.ts';
import type { ResourceType } from '../model/resource.ts';
import type { RunningWatches } from './running-watches.ts';
import type { WatchStart } from './sightings.ts';
import { placeKey, type WatchedPlace, type Witness } from './testimony.ts';
import { type Member, type Selected, type TypeInPlace, uidOf } from './type-in-place.ts';
import type { WatchedChange, WatchTarget } from './type-watch.ts';
import type { Resumed, WatchPasts } from './watch-pasts.ts';

export interface SingleWatchesOptions {
  readonly running: RunningWatches;
  readonly pasts: WatchPasts;
  readonly witness: Pick<Witness, 'denied'>;
  /** Names of objects that the user may read where not the whole type. */
  readonly allowedNames?: ((type: ResourceType, namespace: string) => Promise<readonly string[]>) | undefined;
  /** Takes in a whole state. */
  readonly onState: (type: ResourceType, change: WatchedChange) => void;
}

type OnChange = (change: WatchedChange) => void;
/** How one is watched by its name, and who hears of it beside the story. */
type Named = Pick<WatchTarget, 'isNeeded' | 'onListed'> & { readonly onChange?: OnChange };

/**
 * Watches single objects, in full: for good by their names, roots and those that are likely to be of the story, or that alone
 * may be read; and members of a crowded type until they are gone.
 */
export class SingleWatches {
  readonly #options: SingleWatchesOptions;
  readonly #signal: AbortSignal;
  /** Of objects that are watched by their names. */
  readonly #names = new Map<string, Set<string>>();
  /** Refused types of which what is allowed by name was looked up. */
  readonly #narrowed = new Set<string>();

  constructor(options: SingleWatchesOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  /** Names of the objects of a type that are watched by them. */
  namesOf(place: WatchedPlace): ReadonlySet<string> {
    return this.#names.get(placeKey(place)) ?? NONE;
  }

  /** The object of a name, whichever it is. Resolves at its first list or refusal. */
  watchName(
    type: ResourceType,
    namespace: string | null,
    name: string,
    { onChange, ...how }: Named = {},
  ): Promise<void> {
    const { pasts, onState } = this.#options;
    const key = placeKey({ type, namespace });
    this.#names.set(key, (this.#names.get(key) ?? new Set()).add(name));
    return this.#run({ type, namespace, name, ...how, ...pasts.fromHere({ type, namespace, name }) }, (change) => {
      onChange?.(change);
      onState(type, change);
    });
  }

  /** One that was found by its labels. Where it is gone before its own list, what became of it is told from there on. */
  watchSelected(place: TypeInPlace, { from, heard, ...member }: Selected): Promise<void> {
    let isTold = false;
    const onChange: OnChange = (change) => {
      isTold ||= uidOf(change) === member.uid;
    };
    const onListed = () => {
      if (!isTold) this.watchMember(place, member, { from, listFrom: true, heard });
      isTold = true;
    };
    return this.watchName(place.type, place.namespace, member.name, { onChange, onListed });
  }

  /** The whole type is refused; objects that permissions name may be read all the same. */
  async watchAllowed(type: ResourceType, namespace: string): Promise<void> {
    const place = { type, namespace };
    if (this.#narrowed.has(placeKey(place))) return;
    this.#narrowed.add(placeKey(place));
    for (const name of (await this.#options.allowedNames?.(type, namespace)) ?? [])
      if (!this.namesOf(place).has(name) && !this.#signal.aborted) void this.watchName(type, namespace, name);
  }

  /** One object until it is gone; another one of its name is another member. */
  watchMember(place: TypeInPlace, { uid, name }: Member, start: WatchStart & Resumed): void {
    if (!place.begins(uid)) return;
    const { pasts, onState } = this.#options;
    const { type, namespace } = place;
    const life = new Branch(this.#signal);
    const { signal } = life;
    const own = { type, namespace, name };
    const past = pasts.wasWatched(own) ? pasts.fromHere(own) : {};
    void this.#run({ ...own, signal, isNeeded: true, ...start, ...past }, (change) => {
      if (uidOf(change) !== uid) return;
      onState(type, change);
      if (change.type !== 'deleted' && change.type !== 'deletedUnseen') return;
      place.ends();
      life[Symbol.dispose]();
    });
  }

  #run(what: WatchTarget, onChange: OnChange): Promise<void> {
    const { running, witness } = this.#options;
    return running.run({ onDenied: (error, heard) => witness.denied(what, error, heard), ...what }, onChange);
  }
}

const NONE: ReadonlySet<string> = new Set();
