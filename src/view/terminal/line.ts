/** How a piece of text is to be read; the painter knows the colours. */
export type Tone = 'plain' | 'dim' | 'bold' | 'good' | 'busy' | 'bad' | 'event' | 'change';

/** A piece of a line; the text is printable. */
export interface Span {
  readonly text: string;
  readonly tone: Tone;
}

/** One line of a screen. */
export type Line = readonly Span[];

export function span(text: string, tone: Tone = 'plain'): Span {
  return { text, tone };
}
