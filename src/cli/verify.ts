import { checkingKey } from '../story/signature.ts';
import { type Proof, verifyStory } from '../verify/verify.ts';
import { contentsOf } from './contents.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { readKey } from './sign-key.ts';

export interface VerifyOptions {
  readonly publicKey?: string;
}

/** `faro verify`: says in a few lines what of a story holds and what it lacks; exit code 1 where it contradicts itself. */
export async function verify(file: string, options: VerifyOptions, context: CommandContext): Promise<ExitCode> {
  const key =
    options.publicKey === undefined ? undefined : checkingKey(await readKey(options.publicKey), options.publicKey);
  const proof = await verifyStory(file, key);
  context.stdout.write(`${describe(file, proof).join('\n')}\n`);
  return proof.problemCount === 0 ? EXIT.done : EXIT.refuted;
}

const SHOWN = 10;

function describe(file: string, proof: Proof): string[] {
  const { head, problems, problemCount, sha256 } = proof;
  const lines = head === undefined ? [] : [`${file}: ${contentsOf(head.metadata.counts)}`];
  if (sha256 !== undefined) lines.push(`sha256 ${sha256}`);
  if (head !== undefined) lines.push(signatureOf(proof));
  if (problemCount > 0) {
    lines.push(`NOT SOUND: ${problemCount === 1 ? 'one contradiction' : `${problemCount} contradictions`}:`);
    lines.push(...problems.slice(0, SHOWN).map((problem) => `  ${problem}`));
    if (problemCount > SHOWN) lines.push(`  and ${problemCount - SHOWN} more`);
    return lines;
  }
  lines.push('sound: schema, counts, order, references, ledgers, gaps and patches agree with the timeline');
  if (head?.metadata.complete === true) lines.push('complete: every line and state between start and end is in it');
  else
    lines.push(
      'not complete, by its own account:',
      ...(head?.metadata.incomplete ?? []).slice(0, SHOWN).map((reason) => `  ${reason}`),
    );
  const rest = (head?.metadata.incomplete.length ?? 0) - SHOWN;
  if (rest > 0) lines.push(`  and ${rest} more (metadata.incomplete)`);
  return lines;
}

function signatureOf({ head, signature }: Proof): string {
  const id = `${head?.signature?.keyId.slice(0, 16)}…`;
  switch (signature) {
    case 'none':
      return 'not signed: whoever edits it with care is not found out';
    case 'unchecked':
      return `signed with key ${id}; --public-key checks it`;
    case 'valid':
      return `signature valid: not one byte was changed since it was signed with key ${id}`;
    case 'invalid':
      return `signature INVALID (key ${id})`;
  }
}
