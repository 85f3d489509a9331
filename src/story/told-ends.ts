import { secondsBetween } from '../verdict/facts.ts';
import type { TimelineEntry } from './document.ts';

type LifecycleEntry = Extract<TimelineEntry, { type: 'lifecycle' }>;

/** The kubelet's times and the API server's are whole seconds, by two clocks. */
const SLACK_SECONDS = 2;

/** What the timeline says of one pod. */
interface PodEnds {
  /** Its deletion or eviction. */
  told: LifecycleEntry | undefined;
  /** The end of each regular container's newest run; undefined while it runs. */
  readonly work: Map<unknown, LifecycleEntry | undefined>;
}

/**
 * Finds the container runs that ended because they were told to: their pod was deleted (a rollout, a scale-down) or
 * evicted, or they are sidecars of a pod whose work was done. Whatever exit code they have, mostly 143 or 137, they did
 * not fail. Takes the timeline in its order.
 */
export class ToldEnds {
  readonly #pods = new Map<number, PodEnds>();
  readonly #ends = new Map<number, LifecycleEntry>();

  constructor(entries: Iterable<TimelineEntry> = []) {
    for (const entry of entries) this.take(entry);
  }

  take(entry: TimelineEntry): void {
    if (entry.type !== 'lifecycle') return;
    const { what, object, container, containerKind, containerName } = entry;
    const pod = this.#podOf(object);
    if (what === 'deletionRequested' || what === 'evicted') pod.told ??= entry;
    if (container === undefined) return;
    const hasEnded = what === 'terminated';
    if (hasEnded) this.#ends.set(container, entry);
    if (containerKind === 'regular') pod.work.set(containerName, hasEnded ? entry : undefined);
  }

  /** Whether this run, by its index, ended that way, as far as the timeline was taken in. */
  has(container: number): boolean {
    const end = this.#ends.get(container);
    if (end === undefined) return false;
    const { told, work } = this.#podOf(end.object);
    if (told !== undefined && isAfter(told, end)) return true;
    return (
      end.containerKind === 'sidecar' && work.size > 0 && [...work.values()].every((one) => one && isAfter(one, end))
    );
  }

  /** Whether a pod, by its index, was told to go, as far as the timeline was taken in. */
  isGoing(object: number): boolean {
    return this.#podOf(object).told !== undefined;
  }

  #podOf(object: number): PodEnds {
    const known = this.#pods.get(object) ?? { told: undefined, work: new Map() };
    this.#pods.set(object, known);
    return known;
  }
}

/** States of one pod come in their order: only what one state tells of both is left to its clocks. */
function isAfter(told: LifecycleEntry, end: LifecycleEntry): boolean {
  if (told.observed !== end.observed) return told.observed < end.observed;
  return secondsBetween(told.time, end.time) >= -SLACK_SECONDS;
}
