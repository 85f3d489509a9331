import type { Millis } from './clock.ts';

/** What a span shows; its colour and its texture, so that colour is never the only sign. */
export type Tone =
  | 'pending'
  | 'waiting'
  | 'running'
  | 'ready'
  | 'leaving'
  | 'done'
  | 'failed'
  | 'rollout'
  | 'overtaken'
  | 'exists';

export interface Span {
  readonly from: Millis;
  readonly to: Millis;
  readonly tone: Tone;
  readonly text: string;
  /** The entry with which it began. */
  readonly seq: number;
}

export type MarkTone = 'normal' | 'warning' | 'change' | 'ended' | 'crashed' | 'deleted' | 'note';

/** A moment worth a sign of its own. */
export interface Mark {
  readonly at: Millis;
  readonly tone: MarkTone;
  readonly text: string;
  readonly seq: number;
  /** A few characters that fit beside it, e.g. an exit code. */
  readonly label?: string;
}

/** An interval in which something is missing. */
export interface Missing {
  readonly from: Millis;
  readonly to: Millis;
  readonly text: string;
  readonly seq: number;
}

/** How many of the wanted replicas were ready from here on. */
export interface Step {
  readonly at: Millis;
  readonly ready: number;
  readonly wanted: number;
}

/** Everything that one lane shows, each list in order of time. */
export interface LaneStory {
  readonly spans: readonly Span[];
  readonly marks: readonly Mark[];
  readonly missing: readonly Missing[];
  readonly steps: readonly Step[];
}

/** Writes a lane: at most one span is open at a time. */
export class SpanWriter {
  readonly spans: Span[] = [];
  readonly marks: Mark[] = [];
  readonly missing: Missing[] = [];
  readonly steps: Step[] = [];
  #open: Omit<Span, 'to'> | undefined;

  begin({ at, ...span }: { at: Millis; tone: Tone; text: string; seq: number }): void {
    if (this.#open !== undefined && this.#open.tone === span.tone && this.#open.text === span.text) return;
    this.close(at);
    this.#open = { from: at, ...span };
  }

  isOpen(tone: Tone): boolean {
    return this.#open?.tone === tone;
  }

  /** Ends the open span, perhaps as something else than what it began as. */
  close(at: Millis, as: Partial<Pick<Span, 'tone' | 'text'>> = {}): void {
    if (this.#open === undefined) return;
    this.spans.push({ ...this.#open, ...as, to: Math.max(at, this.#open.from) });
    this.#open = undefined;
  }

  mark(mark: Mark): void {
    this.marks.push(mark);
  }
}
