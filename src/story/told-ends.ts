import type { TimelineEntry } from './document.ts';

/** Both are whole seconds, one by the API server's clock, one by the node's. */
const CLOCK_SECONDS = 1;

/**
 * Finds the container runs that ended because their pod was told to go: it was deleted (a rollout, a scale-down) or
 * evicted. Whatever exit code they have, mostly 143 or 137, they did not fail. Takes the timeline in its order.
 */
export class ToldEnds {
  /** When each pod was first told, by its index. */
  readonly #told = new Map<number, { readonly seq: number; readonly time: string }>();
  readonly #ends = new Map<number, { readonly seq: number; readonly time: string; readonly object: number }>();

  constructor(entries: Iterable<TimelineEntry> = []) {
    for (const entry of entries) this.take(entry);
  }

  take(entry: TimelineEntry): void {
    if (entry.type !== 'lifecycle') return;
    const { what, object, container, seq, time } = entry;
    if ((what === 'deletionRequested' || what === 'evicted') && !this.#told.has(object))
      this.#told.set(object, { seq, time });
    if (what === 'terminated' && container !== undefined) this.#ends.set(container, { seq, time, object });
  }

  /** Whether this run, by its index, ended that way, as far as the timeline was taken in. */
  has(container: number): boolean {
    const end = this.#ends.get(container);
    const told = end === undefined ? undefined : this.#told.get(end.object);
    if (end === undefined || told === undefined) return false;
    return end.seq > told.seq || secondsBetween(end.time, told.time) <= CLOCK_SECONDS;
  }
}

function secondsBetween(from: string, to: string): number {
  return (Date.parse(`${to.slice(0, 23)}Z`) - Date.parse(`${from.slice(0, 23)}Z`)) / 1000;
}
