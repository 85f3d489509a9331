import { earlierOf, type Timestamp } from '../model/time.ts';
import type { Unheard } from './testimony.ts';
import type { Doubt } from './type-watch.ts';

interface Place {
  readonly resource: string;
  readonly namespace: string | null;
}

/** A type that the story needs, since when it was not heard of, and why. */
interface Missing {
  readonly of: Place;
  readonly since: Timestamp;
  readonly cause: Doubt['cause'];
}

/** What a capture had asked for and not been told when it ended. A type that several watches watch is stated once. */
export class UnheardTypes {
  readonly #needed = new Map<string, Missing>();
  readonly #others = new Set<string>();

  take(of: Place, { since, cause, isNeeded }: Unheard): void {
    if (!isNeeded) {
      this.#others.add(of.resource);
      return;
    }
    const key = `${of.namespace ?? ''}/${of.resource}/${cause}`;
    this.#needed.set(key, { of, cause, since: earlierOf(this.#needed.get(key)?.since, since) });
  }

  get needed(): readonly Missing[] {
    return [...this.#needed.values()];
  }

  /** Types of which only what explains the story may be missing. */
  get others(): readonly string[] {
    return [...this.#others].sort();
  }
}
