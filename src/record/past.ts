import { Scope } from '../graph/scope.ts';
import { LogPasts } from '../logs/past.ts';
import { isDeletion } from '../model/action.ts';
import { FaroError } from '../model/errors.ts';
import { type Gap, openGapKey } from '../model/gap.ts';
import {
  type DoubtedRecord,
  type EndRecord,
  type EventRecord,
  type JournalRecord,
  type LogRecord,
  type ObjectRecord,
  type RelationRecord,
  type StartRecord,
  type UnkeptRecord,
  type WatchedRecord,
  watchKey,
} from '../model/record.ts';
import { storageOf } from '../model/resource.ts';
import { earlierOf, laterOf, millisecondsOf, parseTimestamp, type Timestamp, timestampOf } from '../model/time.ts';
import { IDLE_MS } from '../watch/idle.ts';
import { PastOrphans } from './past-orphans.ts';
import type { RecordedObject } from './placement.ts';

/** What a journal's reader gives. */
export interface PastSource<P> {
  records(): AsyncIterable<{
    readonly position: P;
    readonly record: Exclude<JournalRecord, LogRecord> | Omit<LogRecord, 'bytes'>;
  }>;
  readLog(position: P): Promise<LogRecord>;
  /** What could not be read, as far as it was read through. */
  readonly damage?: readonly unknown[];
}

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

/** What had not been kept of objects of a type, whose owners had not been seen. */
export interface PastUnkept extends Pick<UnkeptRecord, 'uids' | 'since' | 'until'> {
  readonly target: PastTarget;
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

/** What the journal of a capture that was killed holds, as far as another recorder needs it to go on. */
export class Past {
  readonly scope: Scope;
  readonly start: StartRecord;
  readonly logs = new LogPasts();
  /** The newest states, in the order of their first. */
  readonly objects = new Map<string, RecordedObject>();
  readonly relations: RelationRecord[] = [];
  /** Set where the capture ended by itself. */
  end: EndRecord | undefined;
  /** The last moment that it tells of. */
  lastObserved: Timestamp;
  events = 0;
  readonly #unkept: PastUnkept[] = [];
  /** Those of which no gap was told. */
  #doubted: DoubtedRecord[] = [];
  readonly #orphans = new PastOrphans();
  readonly #states = new Map<string, LastState>();
  readonly #watched = new Map<string, WatchedRecord & { readonly seq: number }>();
  /** What watches of metadata alone said last. */
  readonly #metadata = new Map<string, WatchedRecord & { readonly seq: number }>();
  /** Records are missing: the last moment before the first of them, and where the last of them stood. */
  #hole: { readonly from: Timestamp; readonly seq: number } | undefined;
  readonly #openGaps = new Map<string, Gap>();

  private constructor(start: StartRecord) {
    this.start = start;
    this.lastObserved = start.time;
    this.scope = new Scope(start.roots);
  }

  /** Reads a journal through. Throws FaroError `journal` where nothing was recorded. */
  static async read<P>(source: PastSource<P>): Promise<Past> {
    let past: Past | undefined;
    let seq = 0;
    let damages = 0;
    for await (const { position, record } of source.records()) {
      const { length = 0 } = source.damage ?? [];
      if (length > damages && past !== undefined) past.#hole = { from: past.#hole?.from ?? past.lastObserved, seq };
      damages = length;
      if (record.kind === 'start') past ??= new Past(record);
      else if (past !== undefined) past.#take(record, seq, () => source.readLog(position));
      seq += 1;
    }
    if (past !== undefined) return past;
    if (damages > 0)
      throw new FaroError('journal', 'the journal does not tell what was recorded: its beginning could not be read');
    throw new FaroError('journal', 'the journal holds nothing: its capture was killed before it began', {
      hint: 'remove the folder, and record anew',
    });
  }

  /** Gaps that were open, and whose end nobody has told. */
  get openGaps(): readonly Gap[] {
    return [...this.#openGaps.values()];
  }

  get unkept(): readonly PastUnkept[] {
    return [...this.#unkept, ...this.#orphans.unkept];
  }

  /** Types of which objects are, or were, in the story; roots aside, which are watched by themselves. */
  get memberTypes(): Iterable<string> {
    const { scope } = this;
    const members = [...this.#states].filter(([uid]) => scope.placementOf(uid) === 'member' && !scope.isRoot(uid));
    return members.map(([, { storage }]) => storage);
  }

  /** What may have been missed of a type while no object of it was in the story, and is not told as a gap. */
  doubtsOf({ storage, namespace: where }: PastTarget): readonly DoubtedRecord[] {
    return this.#doubted.filter(({ resource, namespace }) => resource === storage && namespace === where);
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
      this.scope.placementOf(uid) === 'outside' ? [] : storage,
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

  /** Names of a type's objects that are or may be of the story, where what watched them may have said so in what is missing. */
  unwatchedNames(target: PastTarget): readonly string[] {
    if (!this.isDamaged || this.wasWatched(target)) return [];
    const own = this.ownNames(target);
    return [...this.#states].flatMap(([uid, state]) => {
      const isLeft = isIn(state, target) && !state.isDeleted && !own.has(state.name);
      return isLeft && this.scope.placementOf(uid) !== 'outside' ? state.name : [];
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

  /**
   * Until when a watch had missed nothing that was of metadata alone, or never answered: that it fails is written down,
   * but a dead one is silent before it is known to fail.
   */
  #metadataHeard(target: PastTarget): Timestamp {
    const told = this.#metadata.get(targetKey(target));
    const { observed = this.start.time, heard, resourceVersion } = told ?? {};
    if (heard !== undefined || (told !== undefined && resourceVersion === undefined)) return heard ?? observed;
    // That it failed may be among what is missing.
    const hole = told === undefined || told.seq < (this.#hole?.seq ?? 0) ? this.#hole : undefined;
    const last = hole?.from ?? this.lastObserved;
    return laterOf(observed, timestampOf(millisecondsOf(last) - IDLE_MS));
  }

  #take(
    record: Exclude<JournalRecord, LogRecord | StartRecord> | Omit<LogRecord, 'bytes'>,
    seq: number,
    read: () => Promise<LogRecord>,
  ): void {
    const time = record.kind === 'end' || record.kind === 'resume' ? record.time : record.observed;
    this.lastObserved = laterOf(this.lastObserved, time);
    switch (record.kind) {
      case 'end':
        this.end = record;
        return;
      case 'object':
        this.#takeObject(record, seq);
        return;
      case 'event':
        this.events += 1;
        this.#takeState('events', record, seq);
        return;
      case 'relation':
        this.relations.push(record);
        return;
      case 'unkept':
        this.#unkept.push({ target: { storage: record.resource, namespace: record.namespace }, ...record });
        return;
      case 'doubted':
        this.#doubted.push(record);
        return;
      case 'watched':
        this.#takeWatched(watchKey(record), { ...record, seq });
        return;
      case 'log':
        this.logs.take({ ...record, read });
        return;
      case 'gap':
        this.#takeGap(record.gap);
        this.logs.take(record);
        return;
      default:
        this.logs.take(record);
    }
  }

  #takeWatched(key: string, record: WatchedRecord & { readonly seq: number }): void {
    if (record.isMetadata === true) this.#metadata.set(key, record);
    else this.#watched.set(key, record);
  }

  #takeObject(record: ObjectRecord, seq: number): void {
    const { resource, object, action } = record;
    this.scope.observe({ resource, object });
    const isDeleted = isDeletion(action);
    this.objects.set(object.metadata.uid, { resource, object, isDeleted });
    if (resource === 'pods' && object.kind === 'Pod') this.logs.observe(object);
    this.#takeState(storageOf(resource, object), record, seq);
    if (isDeleted && this.#isUnplaced(object.metadata.uid)) this.#takeOrphan(record);
  }

  /** The states of one that is forgotten are in the journal, and of the story if its owner comes; its logs are not looked for. */
  #takeOrphan({ resource, object, observed: until }: ObjectRecord): void {
    const { uid, namespace = null, ownerReferences = [], creationTimestamp = '' } = object.metadata;
    const target = { storage: storageOf(resource, object), namespace };
    const first = this.#states.get(uid)?.first ?? until;
    const since = earlierOf(first, parseTimestamp(creationTimestamp) ?? first);
    const owners = ownerReferences.map((owner) => owner.uid);
    const oldest = this.#orphans.remember({ uid, owners, target, since, until });
    if (oldest === undefined || !this.#isUnplaced(oldest.uid)) return;
    this.#orphans.forget(oldest);
    this.objects.delete(oldest.uid);
    this.scope.forget(oldest.uid);
  }

  #isUnplaced(uid: string): boolean {
    return this.scope.placementOf(uid) === 'unplaced';
  }

  #takeState(storage: string, { object, action, observed }: ObjectRecord | EventRecord, seq: number): void {
    const { uid, name, namespace = null, labels = {}, resourceVersion } = object.metadata;
    const isDeleted = isDeletion(action);
    // A deletion that nobody saw bears the resourceVersion of the state before: no watch told it.
    const known = this.#states.get(uid);
    const { first = observed } = known ?? {};
    const { seq: at, observed: when } = (action === 'deletedUnseen' ? known : undefined) ?? { seq, observed };
    const last = { seq: at, observed: when, first };
    this.#states.set(uid, { storage, namespace, name, labels, resourceVersion, isDeleted, ...last });
  }

  #takeGap(gap: Gap): void {
    this.#doubted = this.#doubted.filter((doubted) => !isToldBy(doubted, gap));
    const key = openGapKey(gap);
    if (key === undefined) return;
    if (gap.isOpen === true) this.#openGaps.set(key, gap);
    else this.#openGaps.delete(key);
  }
}

/** Behind what a watch said of itself, the states that it told are positions; but not while it lists. */
function positionOf(
  watched: WatchedRecord & { readonly seq: number },
  states: readonly LastState[],
): Pick<WatchPast, 'from' | 'heard'> {
  if (watched.resourceVersion === undefined) return { from: undefined, heard: watched.heard ?? watched.observed };
  let at = { seq: watched.seq, resourceVersion: watched.resourceVersion, observed: watched.observed };
  for (const state of states) if (state.seq > at.seq) at = state;
  // While it catches up, what it tells is of earlier.
  return { from: at.resourceVersion, heard: watched.heard ?? at.observed };
}

function isToldBy({ resource, namespace, since, until }: DoubtedRecord, { of, from, to }: Gap): boolean {
  return 'resource' in of && of.resource === resource && of.namespace === namespace && from === since && to === until;
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
