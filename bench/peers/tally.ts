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
  const seen = new Map([...expected].map(([tag, lines]) => [tag, new Uint8Array(lines)]));
  let repeated = 0;
  let rest = '';
  for await (const chunk of createReadStream(file, { encoding: 'latin1', highWaterMark: 1 << 20 })) {
    const text = rest + String(chunk);
    const end = text.lastIndexOf('\n') + 1;
    rest = text.slice(end);
    for (const [, tag = '', number] of text.slice(0, end).matchAll(/\b(T[a-z0-9-]*) (\d+) x/g)) {
      const lines = seen.get(tag);
      const index = Number(number);
      if (lines === undefined || index >= lines.length) continue;
      if (lines[index] === 1) repeated += 1;
      lines[index] = 1;
    }
  }
  const got = [...seen.values()].reduce((sum, lines) => sum + lines.reduce((count, one) => count + one, 0), 0);
  return { expected: [...expected.values()].reduce((sum, lines) => sum + lines, 0), got, repeated };
}
