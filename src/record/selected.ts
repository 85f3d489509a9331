import type { KubeClient } from '../kube/client.ts';
import { path } from '../model/fields.ts';
import { groupResourceOf, type KubeObject, type ResourceType } from '../model/resource.ts';
import type { Slots } from '../model/slots.ts';
import { type Clock, timestampOf } from '../model/time.ts';
import { within } from '../model/within.ts';
import { CROWD, MAX_MEMBER_WATCHES, type Selected } from './type-in-place.ts';

/** Workloads that select their pods: what carries these labels is theirs, since selectors may not overlap. */
const SELECTING = new Set([
  'deployments.apps',
  'replicasets.apps',
  'statefulsets.apps',
  'daemonsets.apps',
  'jobs.batch',
]);

export function selectsPods(root: { readonly group: string; readonly resource: string }): boolean {
  return SELECTING.has(groupResourceOf(root));
}

/** The `labelSelector` of the pods of each workload of a namespace, by its labels alone; of one that names none there is none. */
export function podSelectorsOf(workloads: Iterable<KubeObject>, namespace: string | null): readonly string[] {
  return [...workloads].flatMap((workload) => {
    const labels = Object.entries(path(workload, 'spec', 'selector', 'matchLabels') ?? {});
    const isThere = workload.metadata.namespace === namespace && labels.length > 0;
    return isThere ? [labels.map(([name, value]) => `${name}=${value}`).join(',')] : [];
  });
}

export interface SelectedOptions {
  readonly client: Pick<KubeClient, 'list'>;
  readonly clock: Clock;
  readonly lists: Slots;
  readonly type: ResourceType;
  readonly namespace: string | null;
  /** Of the roots, once they were seen. */
  readonly selectors: Promise<readonly string[]>;
  readonly crowd?: number;
}

/** What is asked for beforehand must not keep waiting what tells all. In milliseconds. */
const PATIENCE_MS = 5000;
/** Of what the answers may hold, names do. */
const NAMES = { metadataOnly: true, placementOnly: true } as const;

/**
 * Objects in a crowd that selectors select: each can be watched by its name before all of the crowd is listed, and
 * be left out of that. Whether they are of the story is not known yet. None where there is no crowd, where they are too many
 * to be watched one by one, or where the server does not say: then the watch of all tells which they are.
 */
export async function selectedObjects(options: SelectedOptions, signal: AbortSignal): Promise<readonly Selected[]> {
  // Whatever ails the server, the watch of all tells.
  const find = (enough: AbortSignal) => findSelected(options, enough).catch(() => []);
  return (await within(PATIENCE_MS, find, { clock: options.clock, signal })) ?? [];
}

async function findSelected(options: SelectedOptions, signal: AbortSignal): Promise<readonly Selected[]> {
  const { client, clock, lists, type, namespace, selectors, crowd = CROWD } = options;
  const list = async (what: { readonly limit: number; readonly labelSelector?: string }) => {
    using _slot = await lists.acquire(signal);
    return client.list(type, { namespace, ...NAMES, ...what }, signal);
  };
  const [{ items, remaining = 0 }, wanted] = await Promise.all([list({ limit: 1 }), selectors]);
  if (items.length + remaining <= crowd) return [];
  const found = new Map<string, Selected>();
  for (const labelSelector of wanted) {
    const heard = timestampOf(clock.now());
    const selected = await list({ labelSelector, limit: MAX_MEMBER_WATCHES + 1 });
    for (const { metadata } of selected.items) {
      const { uid, name } = metadata;
      found.set(name, { uid, name, from: selected.resourceVersion, heard });
    }
  }
  return found.size > MAX_MEMBER_WATCHES ? [] : [...found.values()];
}
