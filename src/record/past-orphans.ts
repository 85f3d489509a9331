import { earlierOf, laterOf, type Timestamp } from '../model/time.ts';
import { MAX_ORPHANS } from './orphans.ts';
import type { PastUnkept } from './past.ts';
import type { PastTarget } from './past-watches.ts';

/** An object of a journal that was gone before its owner was seen. */
export interface PastOrphan {
  readonly uid: string;
  /** UIDs. */
  readonly owners: readonly string[];
  readonly target: PastTarget;
  /** When it came, and when it went. */
  readonly since: Timestamp;
  readonly until: Timestamp;
}

/** Remembers as many orphans of a journal as a recorder does of its own; of others whose they were, and when. */
export class PastOrphans {
  readonly #remembered: PastOrphan[] = [];
  readonly #forgotten = new Map<string, PastUnkept>();

  /** Returns the one that is to be forgotten for it. */
  remember(orphan: PastOrphan): PastOrphan | undefined {
    this.#remembered.push(orphan);
    return this.#remembered.length > MAX_ORPHANS ? this.#remembered.shift() : undefined;
  }

  forget({ owners: uids, target, since, until }: PastOrphan): void {
    const key = [target.storage, target.namespace ?? '', ...uids].join(' ');
    const known = this.#forgotten.get(key);
    this.#forgotten.set(key, {
      uids,
      target,
      since: earlierOf(known?.since, since),
      until: laterOf(known?.until, until),
    });
  }

  /** What is missing once their owners come into the story: their logs at the least. */
  get unkept(): readonly PastUnkept[] {
    return [...this.#forgotten.values()];
  }
}
