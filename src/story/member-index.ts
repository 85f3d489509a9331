import * as z from 'zod';
import type { Member } from './members.ts';

const count = z.int().nonnegative();
const ranges = z.array(z.tuple([count, count]));
const indexSchema = z.object({
  /** Of the whole document, in bytes. */
  length: count,
  members: z.array(
    z.object({
      offset: count,
      at: count,
      contents: z.object({ from: z.string(), to: z.string(), types: count, objects: ranges, containers: ranges }),
    }),
  ),
});

/** What stands behind the members. */
export interface MemberIndex {
  readonly length: number;
  readonly members: readonly Member[];
}

/** The index, if the text is one whose members follow each other as they must. */
export function parseIndex(text: string): MemberIndex | undefined {
  const { data } = indexSchema.safeParse(JSON.parse(text));
  if (data === undefined || data.members[0]?.offset !== 0 || data.members[0].at !== 0) return undefined;
  const isInOrder = data.members.every(({ offset, at }, index) => {
    const next = data.members[index + 1];
    return next === undefined ? offset < data.length : offset < next.offset && at < next.at;
  });
  return isInOrder ? data : undefined;
}
