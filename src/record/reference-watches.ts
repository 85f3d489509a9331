import { type Reference, referenceKey } from '../graph/references.ts';
import { type Discovery, preferredType } from '../kube/discovery.ts';
import { groupResourceOf } from '../model/resource.ts';
import type { ExplainingWatches } from './explaining-watches.ts';

export interface ReferenceWatchesOptions {
  readonly discovery: Discovery;
  readonly watches: Pick<ExplainingWatches, 'watchReference'>;
  readonly note: (text: string) => void;
}

/** Named objects of one type that are watched at most: each takes a stream, which a workload of a thousand Nodes must not. */
const MOST_OF_A_TYPE = 100;

/**
 * Watches what objects of the story name, each by its name: that takes the narrowest permission, and tells nothing of
 * others. A type that the server does not serve explains nothing.
 */
export class ReferenceWatches {
  readonly #options: ReferenceWatchesOptions;
  readonly #watched = new Set<string>();
  readonly #counts = new Map<string, number>();

  constructor(options: ReferenceWatchesOptions) {
    this.#options = options;
  }

  want(reference: Reference): void {
    const { discovery, watches, note } = this.#options;
    const type = preferredType(discovery, reference.group, reference.resource);
    const key = referenceKey(reference);
    if (type === undefined || this.#watched.has(key)) return;
    this.#watched.add(key);
    const storage = groupResourceOf(type);
    const count = (this.#counts.get(storage) ?? 0) + 1;
    this.#counts.set(storage, count);
    if (count <= MOST_OF_A_TYPE) void watches.watchReference(type, reference);
    if (count === MOST_OF_A_TYPE + 1)
      note(`only ${MOST_OF_A_TYPE} of the ${storage} that the objects of this story name are in it`);
  }
}
