import type { Scope } from '../graph/scope.ts';
import { isDeletion } from '../model/action.ts';
import { heardUntil, metadataHeard, silentSince } from '../model/idle.ts';
import type { EventRecord, ObjectRecord } from '../model/record.ts';
import { earlierOf, laterOf, type Timestamp } from '../model/time.ts';
import { type WatchedRecord, watchKey } from '../model/watch-records.ts';

/** What a watch watches: a type in a namespace (null: everywhere), the one object of a name, or those that a selector selects. */
export interface PastTarget {
  /** `pods`, `deployments.apps`. */
  readonly storage: string;
  readonly namespace: string | null;
  readonly name?: string | undefined;
  readonly selector?: string | undefined;
}

/** How a watch goes on. */
export interface WatchPast {
  /** Up to here nothing was missed; undefined: it begins with a list. */
  readonly from: string | undefined;
  /** When that was. */
  readonly heard: Timestamp;
  /** What is known to exist: resourceVersion and name by UID. */
  readonly known: ReadonlyMap<string, { readonly resourceVersion: string; readonly kept: string }>;
}

/** The last state of an object, or of an Event. */
interface LastState {
  readonly storage: string;
  readonly namespace: string | null;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  resourceVersion: string;
  isDeleted: boolean;
  /** When the first state of it came. */
  readonly first: Timestamp;
  /** Of the last record that a watch told, in the journal. */
  seq: number;
  observed: Timestamp;
}

/** What the watches of a recorder that was killed had told, of objects and of themselves: how each goes on. */
export class PastWatches {
  readonly #startTime: Timestamp;
  readonly #scope: Scope;
  readonly #states = new Map<string, LastState>();
  readonly #watched = new Map<string, WatchedRecord & { readonly seq: number }>();
  /** What watches of metadata alone said last. */
  readonly #metadata = new Map<string, WatchedRecord & { readonly seq: number }>();
  /** Records are missing: the last moment before the first of them, and where the last of them stood. */
  #hole: { readonly from: Timestamp; readonly seq: number } | undefined;
  /** The last moment that the journal tells of. */
  lastObserved: Timestamp;

  constructor(startTime: Timestamp, scope: Scope) {
    this.#startTime = startTime;
    this.#scope = scope;
    this.lastObserved = startTime;
  }

  observed(time: Timestamp): void {
    this.lastObserved = laterOf(this.lastObserved, time);
  }

  /** What a watch said of itself. */
  stood(record: WatchedRecord & { readonly seq: number }): void {
    const key = watchKey(record);
    if (record.isMetadata === true) this.#metadata.set(key, record);
    else this.#watched.set(key, record);
  }

  /** A state that a watch told. */
  told(storage: string, { object, action, observed }: ObjectRecord | EventRecord, seq: number): void {
    const { uid, name, namespace = null, labels = {}, resourceVersion } = object.metadata;
    const isDeleted = isDeletion(action);
    const known = this.#states.get(uid);
    const { first = observed } = known ?? {};
    // A deletion that nobody saw bears the resourceVersion of the state before: no watch told it.
    const told = (action === 'deletedUnseen' ? known : undefined) ?? { seq, observed };
    const last = { seq: told.seq, observed: told.observed, first };
    this.#states.set(uid, { storage, namespace, name, labels, resourceVersion, isDeleted, ...last });
  }

  /** Records in front of this one are missing. */
  damaged(seq: number): void {
    this.#hole = { from: this.#hole?.from ?? this.lastObserved, seq };
  }

  /** When the first state of an object came. */
  firstOf(uid: string): Timestamp | undefined {
    return this.#states.get(uid)?.first;
  }

  /** Types of which objects are, or were, in the story; roots aside, which are watched by themselves. */
  get memberTypes(): Iterable<string> {
    const members = [...this.#states].filter(
      ([uid]) => this.#scope.placementOf(uid) === 'member' && !this.#scope.isRoot(uid),
    );
    return members.map(([, { storage }]) => storage);
  }

  /** Whether the objects of a target were watched whole. */
  wasWatched(target: PastTarget): boolean {
    return this.#watched.has(targetKey(target));
  }

  /**
   * Types of which all was watched in one of the namespaces: those with objects in the story, and, as metadata alone, others.
   * Behind damage, which may have taken that word, also those of a `family`, and with objects that may be of the story.
   */
  watchedTypes(
    namespaces: readonly (string | null)[],
    family: readonly string[],
  ): readonly (PastTarget & { readonly isMetadata: boolean })[] {
    const all = [...this.#watched.values(), ...this.#metadata.values()];
    const ofTypes = all.filter(({ name, selector }) => name === undefined && selector === undefined);
    const told = ofTypes.map(({ resource: storage, namespace, isMetadata = false }) => ({
      storage,
      namespace,
      isMetadata,
    }));
    const here = told.filter(({ namespace }) => namespaces.includes(namespace));
    if (!this.isDamaged) return here;
    const seen = [...this.#states].flatMap(([uid, { storage }]) =>
      this.#scope.placementOf(uid) === 'outside' ? [] : storage,
    );
    const storages = [...new Set([...family, ...seen])];
    const untold = namespaces.flatMap((namespace) =>
      storages.map((storage) => ({ storage, namespace, isMetadata: false })),
    );
    return [...here, ...untold];
  }

  /** Names of the objects of a type that had a watch of their own. */
  ownNames({ storage, namespace }: PastTarget): Set<string> {
    const own = [...this.#watched.values()].flatMap(({ resource, namespace: where, name }) =>
      resource === storage && where === namespace && name !== undefined ? name : [],
    );
    return new Set(own);
  }

  /** Whether records are missing, with others behind them. */
  get isDamaged(): boolean {
    return this.#hole !== undefined;
  }

  /** Names of a type's objects that are or may be of the story, whose watch had said nothing of itself yet, or said so in what is missing. */
  unwatchedNames(target: PastTarget): readonly string[] {
    if (this.wasWatched(target)) return [];
    const own = this.ownNames(target);
    return [...this.#states].flatMap(([uid, state]) => {
      const isLeft = isIn(state, target) && !state.isDeleted && !own.has(state.name);
      return isLeft && this.#scope.placementOf(uid) !== 'outside' ? state.name : [];
    });
  }

  /** Since when an object may have had states whose own watch had told none of it; undefined: all had. `named` are left out. */
  untoldSince(target: PastTarget, named: ReadonlySet<string>): Timestamp | undefined {
    const states = [...this.#states.values()].filter((state) => isIn(state, target));
    const last = new Map(states.map((state) => [state.name, state]));
    let first: Timestamp | undefined;
    for (const name of this.ownNames(target).difference(named)) {
      const own = { ...target, name };
      const begun = this.#watched.get(targetKey(own))?.seq ?? 0;
      const { isDeleted = true, seq = -1 } = last.get(name) ?? {};
      if (isDeleted && seq < begun) first = earlierOf(first ?? this.lastObserved, this.watch(own).heard);
    }
    return first;
  }

  /** How the watch of a target goes on. */
  watch(target: PastTarget): WatchPast {
    const own = target.name === undefined ? this.ownNames(target) : new Set<string>();
    const states = [...this.#states].filter(([, state]) => isIn(state, target) && !own.has(state.name));
    const watched = this.#watched.get(targetKey(target));
    const known = states.flatMap(([uid, { resourceVersion, name, isDeleted }]) =>
      isDeleted ? [] : [[uid, { resourceVersion, kept: name }] as const],
    );
    const told = states.map(([, state]) => state);
    const position =
      watched === undefined
        ? { from: undefined, heard: this.#metadataHeard(target) }
        : this.#overHole(watched, positionOf(watched, told));
    return { ...position, known: new Map(known) };
  }

  /**
   * What is missing may have told of objects that came and went, and that a watch listed what it had missed: then what
   * was told behind it is no position. So all watches begin with a list, which shows what there is; those that said nothing of
   * themselves since may have missed anything from there on.
   */
  #overHole({ seq }: { readonly seq: number }, { from, heard }: Pick<WatchPast, 'from' | 'heard'>) {
    if (this.#hole === undefined) return { from, heard };
    return { from: undefined, heard: seq < this.#hole.seq ? earlierOf(heard, this.#hole.from) : heard };
  }

  /** Until when a watch had missed nothing that was of metadata alone, or never answered. */
  #metadataHeard(target: PastTarget): Timestamp {
    const told = this.#metadata.get(targetKey(target));
    // That it failed may be among what is missing.
    const hole = told === undefined || told.seq < (this.#hole?.seq ?? 0) ? this.#hole : undefined;
    const last = hole?.from ?? this.lastObserved;
    return told === undefined ? laterOf(this.#startTime, silentSince(last)) : metadataHeard(told, last);
  }
}

/** Where a watch stood, in the journal and in the history of what it watches. */
type Stand = Pick<WatchedRecord, 'observed' | 'resourceVersion'> & { readonly seq: number };

/** Behind what a watch said of itself, the states that it told are positions; but not while it lists. */
function positionOf(watched: WatchedRecord & Stand, states: readonly LastState[]): Pick<WatchPast, 'from' | 'heard'> {
  const last = states.reduce<Stand>((newest, state) => (state.seq > newest.seq ? state : newest), watched);
  const from = watched.resourceVersion === undefined ? undefined : last.resourceVersion;
  return { from, heard: heardUntil(watched, last.observed) };
}

/** The same of a watch, whoever runs it. */
export function targetKey({ storage: resource, namespace, name = '', selector = '' }: PastTarget): string {
  return watchKey({ resource, namespace, name, selector });
}

function isIn(state: LastState, { storage, namespace, name, selector }: PastTarget): boolean {
  const isThere = state.storage === storage && (namespace === null || state.namespace === namespace);
  return isThere && (name === undefined || state.name === name) && selects(selector, state.labels);
}

/** Selectors of references are of the form `label=value`. */
function selects(selector: string | undefined, labels: Readonly<Record<string, string>>): boolean {
  if (selector === undefined) return true;
  const at = selector.indexOf('=');
  return labels[selector.slice(0, at)] === selector.slice(at + 1);
}
