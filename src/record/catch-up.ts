import type { KubeClient } from '../kube/client.ts';
import { FaroError } from '../model/errors.ts';
import type { Root } from '../model/record.ts';
import type { KubeObject, ResourceType } from '../model/resource.ts';
import type { Clock } from '../model/time.ts';
import { newestOf } from './goal.ts';
import type { Placement, RecordedObject } from './placement.ts';

export interface CatchUpOptions {
  readonly client: Pick<KubeClient, 'get'>;
  readonly clock: Clock;
  readonly roots: readonly Root[];
  /** The type of each root. */
  readonly types: readonly ResourceType[];
  readonly placement: Pick<Placement, 'recorded'>;
}

/** How often a root whose newest state has not come through its watch is compared again. */
const COMPARE_MS = 100;

/** Resolves when, of every root, a state was recorded that is at least as new as what the server answers now. */
export async function catchUp(options: CatchUpOptions, signal: AbortSignal): Promise<void> {
  const { roots, types } = options;
  await Promise.all(
    roots.map(async (root, index) => {
      const type = types[index];
      if (type !== undefined) await rootCaughtUp(root, type, options, signal);
    }),
  );
}

async function rootCaughtUp(
  root: Root,
  type: ResourceType,
  { client, clock, placement }: CatchUpOptions,
  signal: AbortSignal,
): Promise<void> {
  for (; ; await clock.sleep(COMPARE_MS, signal)) {
    let now: KubeObject | undefined;
    try {
      now = await client.get(type, { namespace: root.namespace, name: root.name, metadataOnly: true }, signal);
    } catch (error) {
      if (!(error instanceof FaroError)) throw error;
      if (error.code === 'forbidden') return; // may watch but not get: what the watch has told must do
      if (error.code !== 'not-found') continue; // the server is asked again; a timeout of the goal ends that
    }
    if (isAsNew(newestOf(root, [...placement.recorded]), now)) return;
  }
}

/** Generations rise with every change of a spec; of what has none, the very state must have come. */
function isAsNew(recorded: RecordedObject | undefined, now: KubeObject | undefined): boolean {
  if (now === undefined) return recorded === undefined || recorded.isDeleted;
  const seen = recorded?.object.metadata;
  if (recorded === undefined || recorded.isDeleted || seen?.uid !== now.metadata.uid) return false;
  if (seen.resourceVersion === now.metadata.resourceVersion) return true;
  const { generation } = now.metadata;
  return generation !== undefined && (seen.generation ?? -1) >= generation;
}
