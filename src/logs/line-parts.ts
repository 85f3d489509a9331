import type { LinePart } from '../model/record.ts';

/** Gathers what belongs to each line, where lines may come in parts; in the order of one log. */
export class LineParts<T> {
  #begun: T[] = [];

  /**
   * What is whole with this: itself where it is no part; all parts of a line with its last one, and nothing before. A line
   * of which a part is missing, or that began anew, is none.
   */
  take(item: T, part: LinePart | undefined): readonly T[] {
    const begun = part?.index === 0 ? [] : this.#begun;
    this.#begun = [];
    if (part === undefined) return [item];
    if (begun.length !== part.index) return [];
    begun.push(item);
    if (part.isLast) return begun;
    this.#begun = begun;
    return [];
  }
}
