import { familyOf, mayBelong } from '../graph/families.ts';
import type { Root } from '../model/record.ts';

/** Without these a story lacks what its reader came for, so that their refusal is a gap and not only a note. */
const ESSENTIAL = new Set(['pods', 'events', 'events.events.k8s.io']);

/** Which types a story lacks something without, by their storage: `pods`, `deployments.apps`. */
export class NeededTypes {
  readonly #roots: readonly Root[];
  readonly #members = new Set<string>();

  constructor(roots: readonly Root[]) {
    this.#roots = roots;
  }

  /** An object of it came into the story. */
  hasMember(storage: string): void {
    this.#members.add(storage);
  }

  /** Whether a story of any roots has objects of it, or this one does. */
  isOfStory(storage: string): boolean {
    return ESSENTIAL.has(storage) || this.#members.has(storage);
  }

  /** Whatever was seen of it so far: what every story needs, and what the roots are known to come to own. */
  isEssential(storage: string): boolean {
    return ESSENTIAL.has(storage) || familyOf(this.#roots).includes(storage);
  }

  isNeeded(storage: string): boolean {
    return this.isEssential(storage) || this.#members.has(storage) || mayBelong(storage, this.#roots);
  }

  /** Whether objects of the story are missing where a whole type may not be read. */
  isMissed(storage: string): boolean {
    if (storage === 'pods' || this.#members.has(storage)) return mayBelong(storage, this.#roots);
    return this.isEssential(storage);
  }
}
