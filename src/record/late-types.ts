import type { KubeClient } from '../kube/client.ts';
import { type Discovery, discover } from '../kube/discovery.ts';
import { messageOf } from '../model/errors.ts';
import type { Root } from '../model/record.ts';
import { groupResourceOf, type ResourceType } from '../model/resource.ts';
import { Slots } from '../model/slots.ts';
import { type Clock, type Timestamp, timestampOf } from '../model/time.ts';
import { familyOf } from './families.ts';
import { type Past, type PastTarget, targetKey } from './past.ts';
import { watchType } from './type-watch.ts';
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
/** Where types are not served that were watched before, this often. */
const AWAITED_POLL_MS = 2000;

/**
 * Finds the types that appear during a capture and has them watched, too. In a capture that was resumed that may be one
 * that was watched before, and was not served just when this recorder began.
 */
export class LateTypes {
  readonly #options: LateTypesOptions;
  readonly #expected = new Set<string>();
  /** What was watched before and is not served, by storage and namespace. */
  readonly #awaited = new Map<string, { readonly target: PastTarget; readonly heard: Timestamp }>();
  #isSearching = false;

  constructor(options: LateTypesOptions) {
    this.#options = options;
    const { discovery, roots, past } = options;
    if (past === undefined) return;
    const namespaces = namespacesOf(roots);
    const types = namespaces.map((namespace) => ({ namespace, types: watchableTypes(discovery, roots, namespace) }));
    const served = new Set(types.flatMap(({ namespace, types }) => types.map((type) => keyOf(type, namespace))));
    const family = familyOf(roots);
    for (const target of past.watchedTypes(namespaces, family)) {
      const { storage, isMetadata } = target;
      const isMissed = !isMetadata || family.includes(storage);
      const key = targetKey(target);
      if (isMissed && isWatchable(storage) && !served.has(key))
        this.#awaited.set(key, { target, heard: past.watch(target).heard });
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { client, clock, random, discovery, witness } = this.#options;
    const type = crdType(discovery);
    let isDenied = type === undefined;
    const listener = {
      change: (change: { type: string; before: string | undefined; object?: { metadata: { name: string } } }) => {
        // Those of the first list were discovered already; later ones are new or serve another version now.
        if (change.before !== undefined && change.object !== undefined)
          void this.#search(change.object.metadata.name, signal);
      },
      listed: () => undefined,
      left: () => undefined,
      trouble: (event: { type: string }) => {
        isDenied ||= event.type === 'denied';
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
      if ((isDenied || isAwaiting) && !signal.aborted) await this.#compare(signal);
    }
    await watched;
    for (const { target, heard } of this.#awaited.values()) witness.unserved(target, heard);
  }

  /** Asks until the type that a CustomResourceDefinition (named PLURAL.GROUP) defines is served. */
  async #search(storage: string, signal: AbortSignal): Promise<void> {
    this.#expected.add(storage);
    if (this.#isSearching) return;
    this.#isSearching = true;
    for (let tries = 0; tries < RETRIES && this.#expected.size > 0 && !signal.aborted; tries += 1) {
      for (const found of await this.#compare(signal)) this.#expected.delete(found);
      await this.#options.clock.sleep(RETRY_MS, signal).catch(() => undefined); // as above
    }
    this.#expected.clear();
    this.#isSearching = false;
  }

  /** Watches what is served and was not watched yet; returns the names of all that is served. */
  async #compare(signal: AbortSignal): Promise<readonly string[]> {
    const { client, roots, witness, clock } = this.#options;
    const since = timestampOf(clock.now());
    try {
      const discovery = await discover(client, signal);
      for (const namespace of namespacesOf(roots))
        for (const type of watchableTypes(discovery, roots, namespace))
          await this.#watch(type, namespace, since, signal);
      return discovery.types.map(groupResourceOf);
    } catch (error) {
      if (!signal.aborted) witness.note(`the server's types could not be listed again: ${messageOf(error)}`);
      return [];
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
