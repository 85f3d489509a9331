import type { KeyObject } from 'node:crypto';
import { FaroError } from '../model/errors.ts';
import { openBytes } from '../story/bytes.ts';
import { openStory, type StoryHead } from '../story/reader.ts';
import { digestOf, keyIdOf } from '../story/signature.ts';
import { checkHead } from './head-check.ts';
import { checkIndex } from './index-check.ts';
import { Problems } from './problems.ts';
import { TimelineCheck } from './timeline-check.ts';

/** What the recomputation of a story has found. */
export interface Proof {
  /** Undefined where the file could not be read as a story. */
  readonly head: StoryHead | undefined;
  readonly sha256: string | undefined;
  readonly signature: 'none' | 'valid' | 'invalid' | 'unchecked';
  /** The first of the contradictions. */
  readonly problems: readonly string[];
  readonly problemCount: number;
}

/**
 * Recomputes what can be recomputed of a story: schema, counts, order, references, ledgers, gaps, patches, index and,
 * given the key, the signature. Of a story by this version of faro also what its states mean, and the verdict. Reads the
 * file several times, and never loads it whole. Throws FaroError `no-story` for a file that is none.
 */
export async function verifyStory(path: string, key?: KeyObject): Promise<Proof> {
  const problems = new Problems();
  let head: StoryHead | undefined;
  let digest: Pick<Proof, 'sha256' | 'signature'> = { sha256: undefined, signature: 'none' };
  try {
    await using story = await openStory(path, { ignoreIndex: true });
    head = story.head;
    digest = await checkDigest(path, head, { key, problems });
    checkHead(head, problems);
    const timeline = new TimelineCheck(head, problems);
    for await (const entry of story.entries()) timeline.take(entry);
    timeline.finish();
    await checkIndex(path, problems);
  } catch (error) {
    if (!(error instanceof FaroError) || error.code !== 'story') throw error;
    problems.add(error.message);
  }
  return { head, ...digest, problems: problems.first, problemCount: problems.count };
}

async function checkDigest(
  path: string,
  { signature }: StoryHead,
  { key, problems }: { readonly key: KeyObject | undefined; readonly problems: Problems },
): Promise<Pick<Proof, 'sha256' | 'signature'>> {
  await using bytes = await openBytes(path, { ignoreIndex: true });
  const digest = await digestOf(bytes.from(0));
  const { sha256 } = digest;
  if (key === undefined) return { sha256, signature: signature === undefined ? 'none' : 'unchecked' };
  if (signature !== undefined && digest.isSignedBy(signature, key)) return { sha256, signature: 'valid' };
  problems.add(
    signature === undefined
      ? 'it is not signed'
      : signature.keyId === keyIdOf(key)
        ? 'the signature does not fit: it was edited after it was signed'
        : `it is signed with another key (${signature.keyId.slice(0, 16)}…), or was edited`,
    'edit',
  );
  return { sha256, signature: signature === undefined ? 'none' : 'invalid' };
}
