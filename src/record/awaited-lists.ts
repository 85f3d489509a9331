import { groupResourceOf, type ResourceType } from '../model/resource.ts';
import type { Timestamp } from '../model/time.ts';

/** The first list of a watch that the story needs. */
export interface AwaitedList {
  readonly type: ResourceType;
  readonly namespace: string | null;
  readonly name?: string | undefined;
  /** When it was asked for. */
  readonly since: Timestamp;
  /** What its last try came to. */
  error?: string;
}

/** First lists that the story needs and that were not answered yet, of the watches that have begun. */
export class AwaitedLists {
  readonly #lists = new Map<Promise<void>, AwaitedList>();

  /** Until it is answered. */
  add(list: AwaitedList, answered: Promise<void>): void {
    const kept = answered.then(() => void this.#lists.delete(kept));
    this.#lists.set(kept, list);
  }

  /** Resolves when all have been answered, those included that others gave rise to. */
  async answered(): Promise<void> {
    while (this.#lists.size > 0) await Promise.all(this.#lists.keys());
  }

  /** A sentence for each: `pods in shop since 2026-11-26T12:00:00.000Z: the server is overloaded`. */
  get sentences(): readonly string[] {
    const sentences = [...this.#lists.values()].map(({ type, namespace, name, since, error }) => {
      const what = name === undefined ? groupResourceOf(type) : `${groupResourceOf(type)}/${name}`;
      return `${what}${namespace === null ? '' : ` in ${namespace}`} since ${since}${error === undefined ? '' : `: ${error}`}`;
    });
    return sentences.sort();
  }
}
