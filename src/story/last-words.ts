import type { Scope } from '../graph/scope.ts';
import { isDeletion } from '../model/action.ts';
import { heardUntil, metadataHeard, silentSince } from '../model/idle.ts';
import type { EventRecord, ObjectRecord } from '../model/record.ts';
import { storageOf } from '../model/resource.ts';
import { earlierOf, laterOf, type Timestamp } from '../model/time.ts';
import { type WatchedRecord, watchKey } from '../model/watch-records.ts';

/** Objects of a type in a namespace (null: of the whole cluster). */
export interface WatchedType {
  /** `pods`, `deployments.apps`. */
  readonly resource: string;
  readonly namespace: string | null;
}

/** The last state of an object. */
interface LastState extends WatchedType {
  readonly uid: string;
  readonly name: string;
  readonly observed: Timestamp;
  readonly isDeleted: boolean;
}

/** What a watch tells. */
export function isWord<T extends { readonly kind: string }>(
  record: T,
): record is Extract<T, { readonly kind: 'object' | 'event' | 'watched' }> {
  return record.kind === 'object' || record.kind === 'event' || record.kind === 'watched';
}

/**
 * What the watches of a journal told last, of objects and of themselves. Each tells in order, but may lag behind others: what it
 * told behind that is not older, and may be older than anything that another one had told.
 */
export class LastWords {
  /** Of watches of metadata apart: what takes the place of one watches the same. */
  readonly #watched = new Map<string, WatchedRecord>();
  readonly #metadata = new Map<string, WatchedRecord>();
  readonly #states = new Map<string, LastState>();

  take(record: WatchedRecord | ObjectRecord | EventRecord): void {
    if (record.kind === 'watched')
      (record.isMetadata === true ? this.#metadata : this.#watched).set(watchKey(record), record);
    else if (record.kind === 'event') this.#takeEvent(record);
    else this.#takeState(record);
  }

  /** Of Events only all of a namespace are watched: the last one tells as much as each. */
  #takeEvent({ object, observed }: EventRecord): void {
    const { namespace = null } = object.metadata;
    const name = `events in ${namespace}`;
    this.#states.set(name, { resource: 'events', namespace, uid: name, name, observed, isDeleted: false });
  }

  #takeState({ resource, object, action, observed }: ObjectRecord): void {
    const { uid, name, namespace = null } = object.metadata;
    const type = { resource: storageOf(resource, object), namespace };
    this.#states.set(uid, { ...type, uid, name, observed, isDeleted: isDeletion(action) });
  }

  /**
   * Until when nothing of a type is known to have been missed, by all of its watches. `last` is the last moment that was told
   * of: a watch of metadata, which may write nothing down, is not silent for longer than a dead one.
   */
  heardOf(type: WatchedType, { scope, last }: { readonly scope: Scope; readonly last: Timestamp }): Timestamp {
    const states = [...this.#states.values()].filter((state) => isOf(state, type));
    const words = [...this.#watched.values()].filter((word) => watches(word, type));
    const own = new Set(words.flatMap(({ name }) => name ?? []));
    const byName = Map.groupBy(states, ({ name }) => name);
    const told = words.flatMap((word) => {
      const of = word.name === undefined ? states.filter(({ name }) => !own.has(name)) : (byName.get(word.name) ?? []);
      return isOver(word, of, scope) ? [] : heardBy(word, of);
    });
    const metadata = [...this.#metadata.values()].filter(
      (word) => watches(word, type) && !this.#watched.has(watchKey(word)),
    );
    const heard = [...told, ...metadata.map((word) => metadataHeard(word, last))];
    return heard.length === 0 ? silentSince(last) : heard.reduce(earlierOf);
  }
}

function isOf({ resource, namespace }: WatchedType, type: WatchedType): boolean {
  return resource === type.resource && (type.namespace === null || namespace === type.namespace);
}

function watches({ resource, namespace }: WatchedRecord, type: WatchedType): boolean {
  return resource === type.resource && (namespace === null || namespace === type.namespace);
}

/** `states`: the last one of each object that it watches. */
function heardBy(word: WatchedRecord, states: readonly LastState[]): Timestamp {
  return heardUntil(word, states.map(({ observed }) => observed).reduce(laterOf, word.observed));
}

/** The watch of a single object ends with it; but a root may come anew. */
function isOver({ name, observed }: WatchedRecord, states: readonly LastState[], scope: Scope): boolean {
  if (name === undefined || states.length === 0) return false;
  return states.every((state) => state.isDeleted && state.observed >= observed && !scope.isRoot(state.uid));
}
