import type { KubeClient } from '../kube/client.ts';
import { type Discovery, discover } from '../kube/discovery.ts';
import { messageOf } from '../model/errors.ts';
import type { Root } from '../model/record.ts';
import { groupResourceOf } from '../model/resource.ts';
import { Slots } from '../model/slots.ts';
import { type Clock, timestampOf } from '../model/time.ts';
import { watchType } from './type-watch.ts';
import { crdType, namespacesOf, watchableTypes } from './types.ts';
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
}

/** A new type is served a moment after its CustomResourceDefinition was created: it is asked for this often, this long. */
const RETRY_MS = 200;
const RETRIES = 50;
/** Where CustomResourceDefinitions may not be watched, the server's types are compared this often. */
const POLL_MS = 30_000;

/** Finds the types that appear during a capture and has them watched, too. */
export class LateTypes {
  readonly #options: LateTypesOptions;
  readonly #expected = new Set<string>();
  #isSearching = false;

  constructor(options: LateTypesOptions) {
    this.#options = options;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { client, clock, random, discovery } = this.#options;
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
    while (!signal.aborted) {
      await clock.sleep(POLL_MS, signal).catch(() => undefined); // rejected only by the end of the capture
      if (isDenied && !signal.aborted) await this.#compare(signal);
    }
    await watched;
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
    const { client, roots, watches, witness, clock } = this.#options;
    const since = timestampOf(clock.now());
    try {
      const discovery = await discover(client, signal);
      for (const namespace of namespacesOf(roots))
        for (const type of watchableTypes(discovery, roots, namespace))
          if (!watches.has(type, namespace)) void watches.watchMetadata(type, namespace, since);
      return discovery.types.map(groupResourceOf);
    } catch (error) {
      if (!signal.aborted) witness.note(`the server's types could not be listed again: ${messageOf(error)}`);
      return [];
    }
  }
}
