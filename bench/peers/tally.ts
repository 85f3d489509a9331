import { createReadStream } from 'node:fs';
import { judge } from './judge.ts';

/** How the numbered lines of a load came out. */
export interface Tally {
  readonly expected: number;
  /** Different lines that came. */
  readonly got: number;
  /** Lines that came more than once. */
  readonly repeated: number;
  /** Lines that are missing, and the output says where. */
  readonly stated: number;
  /** Lines that are missing, and nothing says so. */
  readonly silent: number;
  /** Of a story: lines that came, though it says that they may be missing. */
  readonly overStated?: number;
  /** Of a story: what it says of itself. */
  readonly complete?: boolean;
}

/** Counts the lines `TAG N …` in a file, in whatever text they stand, which says nothing of others; `expected` lines of each tag. */
export async function tally(file: string, expected: ReadonlyMap<string, number>): Promise<Tally> {
  const numbers = await numbersByTag(file, expected);
  const different = [...numbers.values()].map((own) => new Set(own).size);
  const got = different.reduce((sum, count) => sum + count, 0);
  const all = [...numbers.values()].reduce((sum, own) => sum + own.length, 0);
  const total = [...expected.values()].reduce((sum, lines) => sum + lines, 0);
  return { expected: total, got, repeated: all - got, stated: 0, silent: total - got };
}

/** The same of a story, which says itself what it may lack. Silent losses are named on standard error. */
export async function tallyStory(file: string, expected: ReadonlyMap<string, number>): Promise<Tally> {
  const { written, once, examples, ...rest } = await judge(file, expected);
  for (const example of examples) process.stderr.write(`missing in silence: ${example}\n`);
  return { ...rest, expected: written, got: once };
}

/** What a story must not do, in words: lack lines and not say so, or hold one twice. */
export function defectsOf({ expected, got, repeated, silent, complete }: Tally): readonly string[] {
  return [
    ...(silent > 0 ? [`${silent} lines are missing in silence`] : []),
    ...(repeated > 0 ? [`${repeated} lines came twice`] : []),
    ...(complete === true && got < expected ? ['it is called complete, and is not'] : []),
  ];
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
