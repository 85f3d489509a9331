/** Collects what contradicts itself in a story; keeps the first few, counts all. */
export class Problems {
  readonly first: string[] = [];
  count = 0;
  readonly #kept: number;

  constructor(kept = 20) {
    this.#kept = kept;
  }

  add(problem: string): void {
    this.count += 1;
    if (this.first.length < this.#kept) this.first.push(problem);
  }

  /** Adds the problem unless it holds. */
  expect(holds: boolean, problem: () => string): void {
    if (!holds) this.add(problem());
  }
}
