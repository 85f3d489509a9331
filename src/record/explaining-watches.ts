import type { Reference } from '../graph/references.ts';
import type { ApiError } from '../kube/error.ts';
import { Branch } from '../model/branch.ts';
import type { ResourceType } from '../model/resource.ts';
import type { RunningWatches } from './running-watches.ts';
import type { Witness } from './testimony.ts';
import type { WatchPasts } from './watch-pasts.ts';

export interface ExplainingWatchesOptions {
  readonly running: RunningWatches;
  readonly pasts: WatchPasts;
  readonly witness: Pick<Witness, 'explains' | 'unexplained' | 'referenced' | 'event'>;
}

/** Watches what explains the story without being part of it: a refusal is told, and the story as complete as without. */
export class ExplainingWatches {
  readonly #options: ExplainingWatchesOptions;
  readonly #signal: AbortSignal;

  constructor(options: ExplainingWatchesOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  /** Events about Nodes, which lie in another namespace than the story. Resolves at the first list or refusal. */
  watchNodeEvents(type: ResourceType, namespace: string): Promise<void> {
    const { running, pasts, witness } = this.#options;
    const how = {
      fieldSelector: 'involvedObject.kind=Node',
      isNeeded: false,
      onDenied: (error: ApiError) => witness.unexplained(type, error),
      ...pasts.goingOn({ type, namespace }),
    };
    return running.run({ type, namespace, ...how }, (change) => witness.event(change));
  }

  /** What objects of the story name, whole. A refusal ends it. Resolves at the first list or refusal. */
  watchReference(type: ResourceType, reference: Reference): Promise<void> {
    const { running, pasts, witness } = this.#options;
    witness.explains(type);
    const asked = new Branch(this.#signal);
    const onDenied = (error: ApiError) => {
      // A namespace or a type that is gone may come back; a permission is only asked for once.
      if (error.code === 'not-found') return;
      witness.unexplained(type, error);
      asked[Symbol.dispose]();
    };
    const { signal } = asked;
    const { namespace, by } = reference;
    const past = pasts.goingOn({ type, namespace, ...('name' in by ? by : { selector: by.labelSelector }) });
    return running.run({ type, namespace, ...by, ...past, signal, isNeeded: false, onDenied }, (change) =>
      witness.referenced(reference, type.resource, change),
    );
  }
}
