import { createReadStream } from 'node:fs';

/** How the numbered lines of a run came out. */
export interface Tally {
  readonly expected: number;
  /** Different lines that came. */
  readonly got: number;
  /** Lines that came more than once. */
  readonly repeated: number;
}

/** Counts the lines `TAG N …` in a file, in whatever text they stand; `expected` lines of each tag. */
export async function tally(file: string, expected: ReadonlyMap<string, number>): Promise<Tally> {
  const numbers = await numbersByTag(file, expected);
  const different = [...numbers.values()].map((own) => new Set(own).size);
  const got = different.reduce((sum, count) => sum + count, 0);
  const all = [...numbers.values()].reduce((sum, own) => sum + own.length, 0);
  const total = [...expected.values()].reduce((sum, lines) => sum + lines, 0);
  return { expected: total, got, repeated: all - got };
}

/** The numbers of the lines `TAG N …` that a file holds, by tag, in order; only of tags and numbers that are expected. */
export async function numbersByTag(
  file: string,
  expected: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, number[]>> {
  const numbers = new Map([...expected.keys()].map((tag) => [tag, [] as number[]]));
  let rest = '';
  for await (const chunk of createReadStream(file, { encoding: 'latin1', highWaterMark: 1 << 20 })) {
    const text = rest + String(chunk);
    const end = text.lastIndexOf('\n') + 1;
    rest = text.slice(end);
    for (const [, tag = '', number] of text.slice(0, end).matchAll(/\b(T[a-z0-9-]*) (\d+) x/g))
      if (Number(number) < (expected.get(tag) ?? 0)) numbers.get(tag)?.push(Number(number));
  }
  return numbers;
}
