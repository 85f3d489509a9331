import type { EntryText } from './entry-line.ts';
import type { LiveStory } from './live-story.ts';

/** Log lines that a burst may bring at once, and those of each frame after that: more cannot be read anyway. */
const BURST = 40;
const LINES_A_FRAME = 3;
/** More than any screen shows. */
const KEPT = 300;
/** This share of the tail is for what is no log line, however many of those there are. */
const RESERVED = 1 / 3;

interface Arrived {
  readonly order: number;
  readonly entry: EntryText;
}

/** The newest entries of a recording, merged: all that is no log line, and a sample of the log lines in a flood. */
export class Tail {
  readonly #story: LiveStory;
  #lines: readonly Arrived[] = [];
  #others: readonly Arrived[] = [];
  #tokens = BURST;
  #order = 0;

  constructor(story: LiveStory) {
    this.#story = story;
  }

  /** Once a frame: takes in what has come. */
  advance(filter: string): void {
    this.#tokens = Math.min(BURST, this.#tokens + LINES_A_FRAME);
    const lines = this.#story.sample.drain(this.#tokens, filter);
    this.#tokens -= lines.length;
    const others = this.#story.drain();
    if (lines.length === 0 && others.length === 0) return;
    const news = [...others, ...lines]
      .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
      .map((entry): Arrived => ({ entry, order: this.#order++ }));
    const { line = [], other = [] } = Object.groupBy(news, ({ entry }) => (entry.type === 'log' ? 'line' : 'other'));
    this.#lines = [...this.#lines, ...line].slice(-KEPT);
    this.#others = [...this.#others, ...other].slice(-KEPT);
  }

  /** The last so many entries that hold a text, in the order in which they came. */
  last(count: number, filter: string): readonly EntryText[] {
    if (count <= 0) return [];
    const holds = ({ entry: { who, text } }: Arrived) => text.includes(filter) || who.includes(filter);
    const lines = this.#lines.filter(holds);
    const others = this.#others.filter(holds);
    const newest = inOrder([...lines, ...others]).slice(-count);
    const reserved = Math.min(others.length, Math.floor(count * RESERVED));
    const isSqueezed = newest.filter(({ entry }) => entry.type !== 'log').length < reserved;
    const shown = isSqueezed ? inOrder([...others.slice(-reserved), ...lines.slice(reserved - count)]) : newest;
    return shown.map(({ entry }) => entry);
  }
}

function inOrder(entries: Arrived[]): Arrived[] {
  return entries.sort((a, b) => a.order - b.order);
}
