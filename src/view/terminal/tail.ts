import type { EntryText } from './entry-line.ts';
import type { LiveStory } from './live-story.ts';

/** Log lines that a burst may bring at once, and those of each frame after that: more cannot be read anyway. */
const BURST = 40;
const LINES_A_FRAME = 3;
/** More than any screen shows. */
const KEPT = 300;

/** The newest entries of a recording, merged: all that is no log line, and a sample of the log lines in a flood. */
export class Tail {
  readonly #story: LiveStory;
  #entries: EntryText[] = [];
  #tokens = BURST;

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
    const news = [...others, ...lines].sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
    this.#entries = [...this.#entries, ...news].slice(-KEPT);
  }

  /** The last so many entries that hold a text. */
  last(count: number, filter: string): readonly EntryText[] {
    if (count <= 0) return [];
    if (filter === '') return this.#entries.slice(-count);
    return this.#entries.filter(({ who, text }) => text.includes(filter) || who.includes(filter)).slice(-count);
  }
}
