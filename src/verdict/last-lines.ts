import type { LastLine } from './facts.ts';

/** How many lines before a container's end are kept. */
export const KEPT = 5;

/**
 * The last lines of each run that is going on. It sees every line of the story: one costs two writes into a ring, and
 * only what an end asks for is made text.
 */
export class LastLines<Line> {
  readonly #rings = new Map<number, { readonly seqs: number[]; readonly lines: Line[]; next: number }>();
  readonly #textOf: (line: Line) => string;

  constructor(textOf: (line: Line) => string) {
    this.#textOf = textOf;
  }

  add(container: number, seq: number, line: Line): void {
    let ring = this.#rings.get(container);
    if (ring === undefined) {
      ring = { seqs: [], lines: [], next: 0 };
      this.#rings.set(container, ring);
    }
    ring.seqs[ring.next] = seq;
    ring.lines[ring.next] = line;
    ring.next = (ring.next + 1) % KEPT;
  }

  /** What the next line of a container takes the place of; its memory may be used for that. */
  outgoing(container: number): Line | undefined {
    const ring = this.#rings.get(container);
    return ring?.lines[ring.next];
  }

  /** The last lines of a run in their order, after which it is forgotten. */
  take(container: number): readonly LastLine[] {
    const ring = this.#rings.get(container);
    this.#rings.delete(container);
    if (ring === undefined) return [];
    const lines = ring.seqs.flatMap((seq, index) => {
      const line = ring.lines[index];
      return line === undefined ? [] : { seq, text: this.#textOf(line) };
    });
    return lines.sort((a, b) => a.seq - b.seq);
  }
}
