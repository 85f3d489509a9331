import { familyOf } from '../graph/families.ts';
import type { KubeClient } from '../kube/client.ts';
import { type Discovery, discover } from '../kube/discovery.ts';
import { messageOf } from '../model/errors.ts';
import type { Root } from '../model/record.ts';
import { groupResourceOf, type KubeObject, type ResourceType } from '../model/resource.ts';
import { Slots } from '../model/slots.ts';
import { type Clock, millisecondsOf, parseTimestamp, type Timestamp, timestampOf } from '../model/time.ts';
import type { Past } from './past.ts';
import { type PastTarget, targetKey } from './past-watches.ts';
import { type WatchListener, watchType } from './type-watch.ts';
import { crdType, isWatchable, namespacesOf, watchableTypes } from './types.ts';
import { targetOf } from './watch-pasts.ts';
import type { Watches } from './watches.ts';
import type { RecorderWitness } from './witness.ts';

export interface LateTypesOptions {
  readonly client: KubeClient;
  readonly discovery: Discovery;
  readonly roots: readonly Root[];
  readonly watches: Watches;
  readonly witness: RecorderWitness;
  readonly clock: Clock;
  readonly random: () => number;
  /** What a recorder that was killed had watched. */
  readonly past?: Past | undefined;
}

/** A new type is served a moment after its CustomResourceDefinition was created: it is asked for this often, this long. */
const RETRY_MS = 200;
const RETRIES = 50;
/** Where CustomResourceDefinitions may not be watched, the server's types are compared this often. */
const POLL_MS = 30_000;
/** A definition is new for as long; the server's clock may be behind. */
const NEW_MS = 60_000;
/** Where types are not served that were watched before, this often. */
const AWAITED_POLL_MS = 2000;

/**
 * Finds the types that appear during a capture and has them watched, too. In a capture that was resumed that may be one
 * that was watched before, and was not served just when this recorder began.
 */
export class LateTypes {
  readonly #options: LateTypesOptions;
  /** What CustomResourceDefinitions define and is not served yet, by storage, and from when on it may have been. */
  readonly #expected = new Map<string, Timestamp>();
  /** What was watched before and is not served, by storage and namespace. */
  readonly #awaited = new Map<string, { readonly target: PastTarget; readonly heard: Timestamp }>();
  /** What is served was as the watches know it then. */
  #comparedAt: Timestamp;
  /** CustomResourceDefinitions may not be watched, or their watch fails. */
  #isDeaf = false;
  #isSearching = false;
  #hasFailed = false;

  constructor(options: LateTypesOptions) {
    this.#options = options;
    const { discovery, roots, past, clock } = options;
    this.#comparedAt = timestampOf(clock.now());
    if (past === undefined) return;
    const namespaces = namespacesOf(roots);
    const types = namespaces.map((namespace) => ({ namespace, types: watchableTypes(discovery, roots, namespace) }));
    const served = new Set(types.flatMap(({ namespace, types }) => types.map((type) => keyOf(type, namespace))));
    const family = familyOf(roots);
    for (const target of past.watches.watchedTypes(namespaces, family)) {
      const { storage, isMetadata } = target;
      const isMissed = !isMetadata || family.includes(storage);
      const key = targetKey(target);
      if (isMissed && isWatchable(storage) && !served.has(key))
        this.#awaited.set(key, { target, heard: past.watches.watch(target).heard });
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { client, clock, random, discovery, witness } = this.#options;
    const type = crdType(discovery);
    this.#isDeaf = type === undefined;
    const discovered = new Set(discovery.types.map(groupResourceOf));
    const listener: WatchListener = {
      change: (change) => {
        if (change.type === 'deleted' || change.type === 'deletedUnseen') {
          this.#expected.delete(change.type === 'deleted' ? change.object.metadata.name : change.kept);
          return;
        }
        const { name } = change.object.metadata;
        const isOfFirstList = change.before === undefined && !change.isRelist;
        if (!isOfFirstList) void this.#search(name, change.heard, signal);
        // It may have been defined since the types were discovered.
        else if (!discovered.has(name)) this.#mayAppear(change.object, signal);
      },
      listed: () => undefined,
      standsAt: (resourceVersion) => {
        if (resourceVersion !== undefined) void this.#hears(signal);
      },
      left: () => undefined,
      trouble: (event) => {
        this.#isDeaf = true;
        if (type !== undefined && event.type === 'failing') witness.failing(type, event.error);
      },
    };
    const nothingElse = { metadataOnly: true, placementOnly: true }; // than their names
    const how = { client, clock, random, namespace: null, ...nothingElse, streamingList: false };
    const watched =
      type === undefined ? undefined : watchType({ ...how, type, listSlots: new Slots(1) }, listener, signal);
    for (const { target } of this.#awaited.values())
      witness.note(`the server does not serve ${target.storage} any more; it is asked again`);
    while (!signal.aborted) {
      const isAwaiting = this.#awaited.size > 0;
      await clock.sleep(isAwaiting ? AWAITED_POLL_MS : POLL_MS, signal).catch(() => undefined); // rejected only by the end of the capture
      const isDue = this.#isDeaf || isAwaiting || this.#expected.size > 0;
      if (isDue && !this.#isSearching && !signal.aborted) await this.#compare(signal);
    }
    await watched;
    for (const { target, heard } of this.#awaited.values()) witness.unserved(target, heard);
  }

  /** The watch of CustomResourceDefinitions lives: what may have appeared while it did not is asked for once more. */
  async #hears(signal: AbortSignal): Promise<void> {
    if (!this.#isDeaf) return;
    this.#isDeaf = false;
    if (!signal.aborted) await this.#compare(signal);
  }

  /** What was defined just before the first list of definitions is looked for; what is older is asked for once, and may be broken. */
  #mayAppear({ metadata }: KubeObject, signal: AbortSignal): void {
    const { name, creationTimestamp = '' } = metadata;
    const created = parseTimestamp(creationTimestamp);
    const isNew = created !== undefined && millisecondsOf(created) > this.#options.clock.now() - NEW_MS;
    if (isNew) void this.#search(name, this.#comparedAt, signal);
    else this.#isDeaf = true;
  }

  /** Asks until the type that a CustomResourceDefinition (named PLURAL.GROUP) defines is served; after a while seldom. */
  async #search(storage: string, since: Timestamp, signal: AbortSignal): Promise<void> {
    if (!this.#expected.has(storage)) this.#expected.set(storage, since);
    if (this.#isSearching) return;
    this.#isSearching = true;
    for (let tries = 0; tries < RETRIES && this.#expected.size > 0 && !signal.aborted; tries += 1) {
      await this.#compare(signal);
      await this.#options.clock.sleep(RETRY_MS, signal).catch(() => undefined); // as above
    }
    if (!signal.aborted)
      for (const left of this.#expected.keys())
        this.#options.witness.note(`${left} is defined, and not served: it is asked for every ${POLL_MS / 1000} s`);
    this.#isSearching = false;
  }

  /** Watches what is served and was not watched yet. */
  async #compare(signal: AbortSignal): Promise<void> {
    const { client, roots, witness, clock } = this.#options;
    const [since, now] = [this.#comparedAt, timestampOf(clock.now())];
    try {
      const discovery = await discover(client, signal);
      for (const namespace of namespacesOf(roots))
        for (const type of watchableTypes(discovery, roots, namespace))
          await this.#watch(type, namespace, this.#expected.get(groupResourceOf(type)) ?? since, signal);
      for (const type of discovery.types) this.#expected.delete(groupResourceOf(type));
      this.#comparedAt = now;
      this.#hasFailed = false;
    } catch (error) {
      if (signal.aborted || this.#hasFailed) return;
      this.#hasFailed = true;
      witness.note(`the server's types could not be listed again, which is tried on: ${messageOf(error)}`);
    }
  }

  async #watch(type: ResourceType, namespace: string | null, since: Timestamp, signal: AbortSignal): Promise<void> {
    const { watches } = this.#options;
    if (watches.has(type, namespace)) return;
    const key = keyOf(type, namespace);
    if (!this.#awaited.has(key)) {
      void watches.watchMetadata(type, namespace, { lateSince: since });
      return;
    }
    await watches.learn(type, namespace);
    if (signal.aborted || !this.#awaited.delete(key)) return;
    void watches.watchMetadata(type, namespace);
  }
}

function keyOf(type: ResourceType, namespace: string | null): string {
  return targetKey(targetOf({ type, namespace }));
}
