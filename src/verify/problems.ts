/**
 * How much a contradiction tells of what was done: an edit says so itself; what is missing or other than it was is found
 * by what was counted or derived from it; a break in the order only follows from that.
 */
const WEIGHTS = ['edit', 'content', 'order'] as const;
type Weight = (typeof WEIGHTS)[number];

/** Collects what contradicts itself in a story; keeps the first few of each weight, counts all. */
export class Problems {
  readonly #first: Readonly<Record<Weight, string[]>> = { edit: [], content: [], order: [] };
  count = 0;
  readonly #kept: number;

  constructor(kept = 20) {
    this.#kept = kept;
  }

  /** The most telling ones come first. */
  get first(): readonly string[] {
    return WEIGHTS.flatMap((weight) => this.#first[weight]).slice(0, this.#kept);
  }

  add(problem: string, weight: Weight = 'content'): void {
    this.count += 1;
    if (this.#first[weight].length < this.#kept) this.#first[weight].push(problem);
  }

  /** Adds the problem unless it holds. */
  expect(holds: boolean, problem: () => string, weight?: Weight): void {
    if (!holds) this.add(problem(), weight);
  }
}
