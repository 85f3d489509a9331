import { isDeepStrictEqual } from 'node:util';
import { openBytes } from '../story/bytes.ts';
import { type Contents, contentsOf } from '../story/members.ts';
import type { Problems } from './problems.ts';

/** Holds the index of a compressed story against what its members hold: a filter must not miss anything. */
export async function checkIndex(path: string, problems: Problems): Promise<void> {
  await using bytes = await openBytes(path);
  const { index, isIndexDamaged } = bytes;
  problems.expect(
    !isIndexDamaged,
    () => 'the index behind the story is damaged: it can only be read from its beginning',
  );
  if (index === undefined) return;
  for (const [position, { offset, contents }] of index.members.entries()) {
    const to = index.members[position + 1]?.offset ?? index.length;
    const member = Buffer.concat(await Array.fromAsync(bytes.from(offset, to)));
    problems.expect(isAsTold(member, contents), () => `the index does not tell what is in member ${position}`);
  }
}

function isAsTold(member: Buffer, contents: Contents): boolean {
  try {
    return isDeepStrictEqual(contentsOf(member), contents);
  } catch (error) {
    if (error instanceof SyntaxError) return false; // it does not begin and end with an entry
    throw error;
  }
}
