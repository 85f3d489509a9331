import { path, textOf } from '../model/fields.ts';
import { apiVersionOf, groupResourceOf, type KubeObject, type ResourceType } from '../model/resource.ts';
import type { Clock } from '../model/time.ts';
import { Waiters } from '../model/waiters.ts';
import { hexDigits } from './random.ts';

/** A change as a watch tells it. */
export interface StoredChange {
  readonly resourceVersion: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
  /** When it happened, in milliseconds. */
  readonly time: number;
}

/** An object as a client writes it: the server adds identity and times. */
export type Manifest = Omit<KubeObject, 'apiVersion' | 'kind' | 'metadata'> & {
  readonly metadata: { readonly name: string } & Partial<KubeObject['metadata']>;
};

interface Storage {
  readonly objects: Map<string, KubeObject>;
  readonly history: StoredChange[];
  /** Every change that there ever was: the truth that a recording is compared with. */
  readonly everything: StoredChange[];
  /** Who waits for the next change of this storage. */
  readonly waiters: Waiters;
  /** Changes up to here can no longer be watched. */
  compacted: number;
}

/** The simulated etcd: objects with one rising resourceVersion, and the history that watches resume from. */
export class SimulatedStore {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #storages = new Map<string, Storage>();
  #resourceVersion = 100;
  readonly #waiters = new Waiters();
  #moment = { at: Number.NaN, text: '' };

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  get resourceVersion(): string {
    return String(this.#resourceVersion);
  }

  get(type: ResourceType, namespace: string | null, name: string): KubeObject | undefined {
    return this.#storage(type).objects.get(keyOf(namespace, name));
  }

  list(type: ResourceType, namespace: string | null): readonly KubeObject[] {
    const all = [...this.#storage(type).objects.values()];
    return namespace === null ? all : all.filter((object) => object.metadata.namespace === namespace);
  }

  create(type: ResourceType, namespace: string | null, manifest: Manifest, manager = 'simulation'): KubeObject {
    const { metadata, ...rest } = manifest;
    const object: KubeObject = {
      apiVersion: apiVersionOf(type),
      kind: type.kind,
      ...rest,
      metadata: {
        ...metadata,
        ...(namespace === null ? {} : { namespace }),
        uid: this.#uid(),
        resourceVersion: this.#next(),
        generation: 1,
        creationTimestamp: this.now(),
        managedFields: [{ manager, operation: 'Update', time: this.now() }],
      },
    };
    this.#record(type, 'ADDED', object);
    return object;
  }

  /** Replaces an object by what `change` makes of it, without changing the one that it is given; a change of its spec counts up its generation. */
  update(
    type: ResourceType,
    object: KubeObject,
    change: (current: KubeObject) => KubeObject,
    manager = 'simulation',
  ): KubeObject | undefined {
    const { namespace = null, name } = object.metadata;
    const current = this.get(type, namespace, name);
    if (current === undefined || current.metadata.uid !== object.metadata.uid) return undefined;
    const changed = change(current);
    const isNewSpec = changed.spec !== current.spec && JSON.stringify(changed.spec) !== JSON.stringify(current.spec);
    const others = (current.metadata.managedFields ?? []).filter((entry) => entry.manager !== manager);
    const next: KubeObject = {
      ...changed,
      metadata: {
        ...changed.metadata,
        resourceVersion: this.#next(),
        generation: (current.metadata.generation ?? 1) + (isNewSpec ? 1 : 0),
        managedFields: [...others, { manager, operation: 'Update', time: this.now() }],
      },
    };
    this.#record(type, 'MODIFIED', next);
    return next;
  }

  delete(type: ResourceType, namespace: string | null, name: string): KubeObject | undefined {
    const current = this.get(type, namespace, name);
    if (current === undefined) return undefined;
    const last = { ...current, metadata: { ...current.metadata, resourceVersion: this.#next() } };
    this.#record(type, 'DELETED', last);
    return last;
  }

  /** The objects of a type as they were at a position; undefined where that was compacted. */
  listAt(type: ResourceType, namespace: string | null, resourceVersion: number): readonly KubeObject[] | undefined {
    if (resourceVersion === this.#resourceVersion) return this.list(type, namespace);
    const { everything, compacted } = this.#storage(type);
    if (resourceVersion < compacted) return undefined;
    const objects = new Map<string, KubeObject>();
    for (const change of everything) {
      if (change.resourceVersion > resourceVersion) break;
      const { object } = change;
      if (change.type === 'DELETED') objects.delete(object.metadata.uid);
      else objects.set(object.metadata.uid, object);
    }
    return [...objects.values()].filter((object) => namespace === null || object.metadata.namespace === namespace);
  }

  /** The changes of a storage after a position; undefined where they were compacted. */
  since(type: ResourceType, resourceVersion: number): readonly StoredChange[] | undefined {
    const { history, compacted } = this.#storage(type);
    if (resourceVersion < compacted) return undefined;
    let from = history.length;
    while (from > 0 && (history[from - 1]?.resourceVersion ?? 0) > resourceVersion) from -= 1;
    return history.slice(from);
  }

  /** Every change of a type that there ever was, those too that no client can watch any more. */
  everything(type: ResourceType): readonly StoredChange[] {
    return this.#storage(type).everything;
  }

  /** Forgets the history of all types: a watch that resumes from before now is told 410. */
  compact(): void {
    for (const storage of this.#storages.values()) {
      storage.history.length = 0;
      storage.compacted = this.#resourceVersion;
    }
  }

  /** Takes the last change of a storage out of the history, as if the server had failed to send it. */
  dropLastChange(type: ResourceType): void {
    this.#storage(type).history.pop();
  }

  /** Resolves at the next change of anything but an Event, or when the signal aborts. */
  changed(signal: AbortSignal): Promise<void> {
    return this.#waiters.wait(signal);
  }

  /** Resolves at the next change of a type, when its server may have stopped to serve it, or when the signal aborts. */
  changedIn(type: ResourceType, signal: AbortSignal): Promise<void> {
    return this.#storage(type).waiters.wait(signal);
  }

  /** Wakes whoever watches a type, though nothing changed. */
  rouse(type: ResourceType): void {
    this.#storage(type).waiters.wake();
  }

  now(): string {
    const at = this.#clock.now();
    // Many ask at one moment of a simulated clock.
    if (at !== this.#moment.at) this.#moment = { at, text: secondsOf(this.#clock) };
    return this.#moment.text;
  }

  #record(type: ResourceType, what: StoredChange['type'], object: KubeObject): void {
    const { namespace = null, name, resourceVersion } = object.metadata;
    const storage = this.#storage(type);
    if (what === 'DELETED') storage.objects.delete(keyOf(namespace, name));
    else storage.objects.set(keyOf(namespace, name), object);
    const change = { resourceVersion: Number(resourceVersion), type: what, object, time: this.#clock.now() };
    storage.history.push(change);
    storage.everything.push(change);
    storage.waiters.wake();
    if (type.resource !== 'events') this.#waiters.wake();
  }

  #storage(type: ResourceType): Storage {
    const key = groupResourceOf(type);
    const known = this.#storages.get(key);
    if (known !== undefined) return known;
    const storage: Storage = {
      objects: new Map(),
      history: [],
      everything: [],
      waiters: new Waiters(),
      compacted: 0,
    };
    this.#storages.set(key, storage);
    return storage;
  }

  #next(): string {
    this.#resourceVersion += 1;
    return String(this.#resourceVersion);
  }

  #uid(): string {
    const hex = hexDigits(this.#random, 32);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
  }
}

/** A clock's time as Kubernetes writes its own: in whole seconds. */
export function secondsOf(clock: Clock): string {
  return `${new Date(clock.now()).toISOString().slice(0, 19)}Z`;
}

function keyOf(namespace: string | null, name: string): string {
  return `${namespace ?? ''}/${name}`;
}

/** What a list or a watch asks for of a type. */
export interface Selectors {
  /** Of `metadata.name=x,involvedObject.kind!=y` form. */
  readonly fieldSelector?: string | null | undefined;
  /** Of `app=x,tier=y` form. */
  readonly labelSelector?: string | null | undefined;
}

export function isSelected(object: KubeObject, { fieldSelector, labelSelector }: Selectors): boolean {
  const { labels = {} } = object.metadata;
  return (
    termsOf(fieldSelector).every((term) => {
      const [, field = '', not = '', value = ''] = /^([^=!]*)(!?)==?(.*)$/.exec(term) ?? [];
      return (textOf(path(object, ...field.split('.'))) === value) === (not === '');
    }) &&
    termsOf(labelSelector).every((term) => {
      const at = term.indexOf('=');
      return labels[term.slice(0, at)] === term.slice(at + 1);
    })
  );
}

function termsOf(selector: string | null | undefined): readonly string[] {
  return (selector ?? '').split(',').filter((term) => term !== '');
}
