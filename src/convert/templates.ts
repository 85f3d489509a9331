/** Lines that differ only in numbers, hashes, addresses and quoted texts, counted under what they share. */
export class Templates {
  readonly #counts = new Map<string, { count: number; readonly example: string }>();
  /** Lines that came when no template more was taken. */
  #others = 0;

  take(line: string): void {
    const template = templateOf(line);
    const known = this.#counts.get(template);
    if (known !== undefined) known.count += 1;
    else if (this.#counts.size < MOST || this.#forgetRare()) this.#counts.set(template, { count: 1, example: line });
    else this.#others += 1;
  }

  get others(): number {
    return this.#others;
  }

  /** The most frequent ones, by count. */
  top(count: number): readonly { readonly template: string; readonly count: number }[] {
    return [...this.#counts]
      .map(([template, known]) => ({ template: known.count === 1 ? known.example : template, count: known.count }))
      .toSorted((a, b) => b.count - a.count)
      .slice(0, count);
  }

  /** Makes room by those that were seen once; false where there are none. */
  #forgetRare(): boolean {
    const before = this.#counts.size;
    for (const [template, { count }] of this.#counts)
      if (count === 1) {
        this.#counts.delete(template);
        this.#others += 1;
      }
    return this.#counts.size < before;
  }
}

/** Templates that are kept at a time, and characters of each line that count. */
const MOST = 2000;
const LENGTH = 200;

function templateOf(line: string): string {
  return line
    .slice(0, LENGTH)
    .replace(/"[^"]*"/g, '"…"')
    .replace(/\b[0-9a-f]{8,}\b|\b0x[0-9a-f]+\b/gi, '<hex>')
    .replace(/\d+/g, '<n>');
}
