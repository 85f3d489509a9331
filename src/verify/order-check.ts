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
  /** Runs that are said to have started behind later entries, to stand before their first line. */
  readonly #startedLate = new Map<number, { readonly seq: number; readonly latest: string }>();

  constructor(head: StoryHead, problems: Problems) {
    this.#head = head;
    this.#problems = problems;
  }

  take(entry: TimelineEntry): void {
    const reached = this.#reached(entry);
    const isInOrder = entry.time >= this.#latest || reached >= this.#latest;
    if (!isInOrder && this.#isStartBeforeLines(entry))
      this.#startedLate.set(entry.container, { seq: entry.seq, latest: this.#latest });
    else this.#problems.expect(isInOrder, () => unordered(entry.seq), 'order');
    if (entry.type === 'log') this.#judgeStart(entry.container, entry.time);
    this.#problems.expect(
      entry.timeSource !== 'observed' || entry.time === entry.observed || entry.type === 'gap',
      () => `entry ${entry.seq}: its time is said to be the one at which it was observed, and is not`,
    );
    if (entry.time > this.#latest) this.#latest = entry.time;
    this.#reach(entry);
  }

  /** A start that is told in a state from after the first line stands just before that line. */
  #isStartBeforeLines(entry: TimelineEntry): entry is TimelineEntry & { readonly container: number } {
    if (entry.type !== 'lifecycle' || entry.container === undefined) return false;
    const hasLines = (this.#head.containers[entry.container]?.ledger.lines ?? 0) > 0;
    return hasLines && (entry.what === 'started' || entry.what === 'restarted');
  }

  #judgeStart(container: number, firstLine: string): void {
    const late = this.#startedLate.get(container);
    if (late === undefined) return;
    this.#startedLate.delete(container);
    this.#problems.expect(firstLine >= late.latest, () => unordered(late.seq), 'order');
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

function unordered(seq: number): string {
  return `entry ${seq} stands behind a later one, for no reason`;
}
