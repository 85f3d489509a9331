import type { KubeClient } from '../kube/client.ts';
import { FaroError } from '../model/errors.ts';
import { groupResourceOf, type KubeObject, storageOf } from '../model/resource.ts';
import type { Clock } from '../model/time.ts';
import { within } from '../model/within.ts';
import { areOrdered, isNewer } from '../watch/resource-version.ts';
import type { Placement, RecordedObject } from './placement.ts';
import { podSelectorsOf } from './selected.ts';
import type { WatchedPlace } from './testimony.ts';
import { CROWD } from './type-in-place.ts';

export interface LastStatesOptions {
  readonly client: Pick<KubeClient, 'list'>;
  readonly clock: Clock;
  readonly placement: Pick<Placement, 'recorded' | 'recordedState' | 'isMember' | 'roots'>;
  /** Whether the first state of an object that was seen is to come: a watch may have begun behind it, which is a gap. */
  readonly awaits: (uid: string) => boolean;
}

/** Whether watches lagged behind the server, and those that were so far behind that nobody waited for them any longer. */
export interface LastStates {
  readonly hasWaited: boolean;
  readonly behind: readonly WatchedPlace[];
}

/** Of a server that does not answer soon, what the watches have told must do. */
const ANSWER_MS = 2000;
/** A watch that is further behind is not waited for. */
const LAG_MS = 10_000;
/** How often what was recorded is compared with what there is. */
const COMPARE_MS = 100;

/**
 * Waits until of each object of the story a state was recorded that is as new as what the server lists now: its goal may be met
 * by an object whose watch is ahead of others. Asks once for each place, and waits only for what lags behind.
 */
export async function lastStates(
  places: Iterable<WatchedPlace>,
  options: LastStatesOptions,
  signal: AbortSignal,
): Promise<LastStates> {
  const { clock } = options;
  const lists = [...places].map((place) =>
    within(ANSWER_MS, (patience) => listedNow(place, options, patience), { clock, signal }),
  );
  const listed = (await Promise.all(lists)).filter((answer) => answer !== undefined);
  // What comes of one place may show that objects of another one are of the story.
  for (let [until, hasWaited] = [clock.now() + LAG_MS, false]; ; hasWaited = true) {
    const untold = listed.filter((answer) => !isTold(answer, options));
    const isOver = clock.now() >= until || signal.aborted;
    if (untold.length === 0 || isOver) return { hasWaited, behind: untold.map(({ place }) => place) };
    await clock.sleep(COMPARE_MS, signal).catch(() => undefined); // no longer waited for
  }
}

/** What the server has of a place. */
interface Listed {
  readonly place: WatchedPlace;
  readonly objects: readonly KubeObject[];
  /** What is not among them is gone. */
  readonly isAll: boolean;
}

/** In a crowd, the pods that the roots select; undefined where it cannot be told which these are, or the server does not say. */
async function listedNow(
  place: WatchedPlace,
  { client, placement }: LastStatesOptions,
  signal: AbortSignal,
): Promise<Listed | undefined> {
  const { type, namespace, name } = place;
  const which = { namespace, metadataOnly: true, placementOnly: true, limit: CROWD };
  try {
    const page = await client.list(type, { ...which, ...(name === undefined ? {} : { name }) }, signal);
    if (page.continue === undefined) return { place, objects: page.items, isAll: true };
    if (groupResourceOf(type) !== 'pods') return undefined;
    const selectors = podSelectorsOf(placement.roots, namespace);
    const pages = await Promise.all(
      selectors.map((labelSelector) => client.list(type, { ...which, labelSelector }, signal)),
    );
    return { place, objects: pages.flatMap(({ items }) => items), isAll: false };
  } catch (error) {
    if (signal.aborted || error instanceof FaroError) return undefined;
    throw error;
  }
}

/** Owners come before what they own, or after it: of what is not (yet) of the story nothing is awaited. */
function isTold({ place, objects, isAll }: Listed, { placement, awaits }: LastStatesOptions): boolean {
  const uids = new Set(objects.map(({ metadata }) => metadata.uid));
  const isGone = (recorded: RecordedObject) =>
    !recorded.isDeleted && isIn(place, recorded) && placement.isMember(recorded.object.metadata.uid);
  if (isAll) for (const one of placement.recorded) if (isGone(one) && !uids.has(one.object.metadata.uid)) return false;
  return objects.every(({ metadata: { uid, resourceVersion, ownerReferences = [] } }) => {
    const recorded = placement.recordedState(uid);
    if (recorded === undefined) {
      if (placement.isMember(uid)) return !awaits(uid);
      return !ownerReferences.some((owner) => placement.isMember(owner.uid));
    }
    if (!placement.isMember(uid)) return true;
    return recorded.isDeleted || !isOlder(recorded.object.metadata.resourceVersion, resourceVersion);
  });
}

function isIn({ type, namespace, name }: WatchedPlace, { resource, object }: RecordedObject): boolean {
  const { metadata } = object;
  if (storageOf(resource, object) !== groupResourceOf(type)) return false;
  return (namespace === null || namespace === metadata.namespace) && (name === undefined || name === metadata.name);
}

/** Where their order cannot be told, only the same is not older. */
function isOlder(resourceVersion: string, other: string): boolean {
  return resourceVersion !== other && (!areOrdered(resourceVersion, other) || isNewer(other, resourceVersion));
}
