import type { Clock } from '../../model/time.ts';
import { entryLine } from './entry-line.ts';
import { type Controls, INITIAL, type KeyAction, keysOf, pressed } from './keys.ts';
import { type Line, span } from './line.ts';
import type { LiveStory } from './live-story.ts';
import { fitRows } from './object-tree.ts';
import type { Painter } from './painter.ts';
import { Screen, type Surface } from './screen.ts';
import { Tail } from './tail.ts';
import { treeLines } from './tree-lines.ts';

export interface LiveViewOptions {
  readonly story: LiveStory;
  readonly surface: Surface & { readonly columns: number; readonly rows: number };
  readonly painter: Painter;
  readonly clock: Clock;
  /** What stands first on the screen: what is recorded, for how long, how much. */
  readonly headline: () => Line;
  readonly onAction: (action: Exclude<KeyAction, undefined>) => void;
}

const FRAME_MS = 100;
const SECOND_MS = 1000;
/** The tree gets so much of the screen; the rest is the tail's. */
const TREE_SHARE = 0.5;

/** The live view of a recording: the tree of its objects, below it the tail of what happens. */
export class LiveView {
  readonly screen: Screen;
  readonly #options: LiveViewOptions;
  readonly #tail: Tail;
  #controls: Controls = INITIAL;
  #drawn = '';
  #tickedAt: number;

  constructor(options: LiveViewOptions) {
    this.#options = options;
    this.#tail = new Tail(options.story);
    this.screen = new Screen(options.surface);
    this.#tickedAt = options.clock.now();
  }

  /** Draws at most ten times a second until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#options.clock.sleep(FRAME_MS, signal).catch(() => undefined); // rejected only by the end
      if (signal.aborted) return;
      this.frame();
    }
  }

  /** Takes in what the keyboard sent. */
  keys(input: string): void {
    for (const key of keysOf(input)) {
      const { controls, action } = pressed(this.#controls, key);
      this.#controls = controls;
      if (action !== undefined) this.#options.onAction(action);
    }
  }

  resized(): void {
    this.screen.forget();
    this.#drawn = '';
  }

  frame(): void {
    const { clock, surface, story, painter } = this.#options;
    const now = clock.now();
    if (now - this.#tickedAt >= SECOND_MS) {
      story.rates.tick((now - this.#tickedAt) / SECOND_MS);
      this.#tickedAt = now;
    }
    const key = `${story.revision} ${this.#tickedAt} ${JSON.stringify(this.#controls)}`;
    if (key === this.#drawn) return;
    this.#drawn = key;
    const { columns, rows } = surface;
    this.screen.draw(this.#lines(now, rows).map((line) => painter(line, columns)));
  }

  #lines(now: number, rows: number): readonly Line[] {
    const { headline, story } = this.#options;
    const { filter, isPaused } = this.#controls;
    if (!isPaused) this.#tail.advance(filter);
    const all = story.tree.rows();
    const fitted = fitRows(all, Math.max(1, Math.floor(rows * TREE_SHARE) - 2));
    const tree = treeLines({ ...fitted, now, rateOf: (uid, container) => story.rates.of(uid, container) });
    const alert = story.alert === undefined ? [] : [entryLine(story.alert)];
    const head = [headline(), ...tree, ...alert, controlsLine(this.#controls)];
    const tail = this.#tail.last(rows - head.length, filter).map(entryLine);
    return [...head, ...tail].slice(0, rows);
  }
}

function controlsLine({ isPaused, filter, isTyping }: Controls): Line {
  if (isTyping) return [span('── filter: ', 'dim'), span(filter, 'bold'), span('▏ Enter sets it, Esc drops it', 'dim')];
  const filtered = filter === '' ? [] : [span(` only "${filter}"`, 'busy'), span(' (Esc: all) ·', 'dim')];
  const paused = isPaused ? [span(' PAUSED', 'busy'), span(' ·', 'dim')] : [];
  const keys = ` space ${isPaused ? 'goes on' : 'pauses'} · / filters · q ends the recording `;
  return [span('──', 'dim'), ...paused, ...filtered, span(`${keys}──`, 'dim')];
}
