/** Numbers as ranges `[first, last]`, ascending. May hold more than was put in, never less. */
export type Ranges = readonly (readonly [number, number])[];

/** More ranges than this are joined over their smallest holes: an index is there to skip, not to know. */
const MOST = 64;

export function rangesOf(numbers: ReadonlySet<number>): Ranges {
  const ranges: [number, number][] = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.length <= MOST ? ranges : joined(ranges);
}

function joined(ranges: readonly [number, number][]): Ranges {
  const holes = ranges.slice(1).map(([first], index) => first - (ranges[index]?.[1] ?? 0));
  const widest = holes.toSorted((a, b) => b - a)[MOST - 2] ?? 0;
  const result: [number, number][] = [];
  for (const [index, [first, last]] of ranges.entries()) {
    const before = result.at(-1);
    if (before !== undefined && ((holes[index - 1] ?? 0) < widest || result.length === MOST)) before[1] = last;
    else result.push([first, last]);
  }
  return result;
}

/** Whether any number of the ranges is wanted. */
export function someIn(ranges: Ranges, isWanted: (number: number) => boolean): boolean {
  return ranges.some(([first, last]) => {
    for (let number = first; number <= last; number += 1) if (isWanted(number)) return true;
    return false;
  });
}
