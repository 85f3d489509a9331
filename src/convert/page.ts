import { tokensOf } from './tokens.ts';

/** Something that a section shows if there is room; what has a lower rank comes in first. */
export interface Item {
  readonly text: string;
  readonly rank: number;
}

/** Sections one after the other, each within its share of what is left. */
export class Page {
  readonly #parts: string[] = [];
  #left: number;

  constructor(budget: number) {
    this.#left = budget;
  }

  section(heading: string, items: readonly (string | Item)[], share = 1): void {
    if (items.length === 0 && heading.startsWith('## ')) return;
    const room = this.#left * share - tokensOf(heading) - REST;
    if (room < 0) return;
    const shown = fitting(
      items.map((item) => (typeof item === 'string' ? { text: item, rank: 0 } : item)),
      room,
    );
    const rest = items.length - shown.length;
    const text = [heading, '', ...shown, ...(rest > 0 ? [`(${rest} more)`] : []), ''].join('\n');
    this.#parts.push(text);
    this.#left -= tokensOf(text) + 1;
  }

  toString(): string {
    return `${this.#parts.join('\n').trimEnd()}\n`;
  }
}

/** As many items as there is room for, those of the lowest ranks first, in their own order. */
function fitting(items: readonly Item[], room: number): string[] {
  const chosen = new Set<Item>();
  let used = 0;
  for (const item of items.toSorted((a, b) => a.rank - b.rank)) {
    used += tokensOf(item.text) + 1;
    if (used > room) break;
    chosen.add(item);
  }
  return items.filter((item) => chosen.has(item)).map(({ text }) => text);
}

/** What the line about the rest takes. */
const REST = 12;
