import { unreachable } from '../model/errors.ts';
import type { TimelineEntry } from '../story/document.ts';
import type { StoryHead } from '../story/reader.ts';
import type { Problems } from './problems.ts';

/**
 * Entries are ordered by time, moved on only where what is known to be ordered demands it: states and runs of one
 * object, lines of one run. So an entry behind a later one must be of an object or a run that had reached that time.
 */
export class OrderCheck {
  readonly #head: StoryHead;
  readonly #problems: Problems;
  /** The greatest time so far. */
  #latest = '';
  readonly #objects = new Map<number, string>();
  readonly #containers = new Map<number, string>();

  constructor(head: StoryHead, problems: Problems) {
    this.#head = head;
    this.#problems = problems;
  }

  take(entry: TimelineEntry): void {
    const reached = this.#reached(entry);
    this.#problems.expect(
      entry.time >= this.#latest || reached >= this.#latest,
      () => `entry ${entry.seq} stands behind a later one, for no reason`,
    );
    this.#problems.expect(
      entry.timeSource !== 'observed' || entry.time === entry.observed || entry.type === 'gap',
      () => `entry ${entry.seq}: its time is said to be the one at which it was observed, and is not`,
    );
    if (entry.time > this.#latest) this.#latest = entry.time;
    this.#reach(entry);
  }

  /** How far that which this entry must follow had come. */
  #reached(entry: TimelineEntry): string {
    switch (entry.type) {
      case 'log':
        return this.#containers.get(entry.container) ?? '';
      case 'object':
      case 'lifecycle':
        return this.#objects.get(entry.object) ?? '';
      case 'event':
      case 'gap':
      case 'note':
        return '';
      default:
        return unreachable(entry);
    }
  }

  #reach(entry: TimelineEntry): void {
    const time = this.#latest;
    if (entry.type === 'log') {
      this.#containers.set(entry.container, time);
      this.#objects.set(this.#head.containers[entry.container]?.object ?? -1, time);
    }
    if (entry.type === 'object' || entry.type === 'lifecycle') this.#objects.set(entry.object, time);
    if (entry.type === 'lifecycle' && entry.container !== undefined) this.#containers.set(entry.container, time);
  }
}
