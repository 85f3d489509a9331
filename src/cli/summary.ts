import type { RecordResult } from '../record/end.ts';
import type { StorySummary } from '../story/file.ts';
import { safeLine } from './ci/platform.ts';
import { contentsOf } from './contents.ts';
import { headlineOf } from './explanation.ts';

/** What the command says at its end: the file, what is in it, and whether it is complete. */
export function summarise(summary: StorySummary, result: RecordResult, output: string): string {
  const lines = [
    `${output === '-' ? 'story' : output}: ${contentsOf(summary.counts)}`,
    summary.complete
      ? 'complete: every line and state between start and end is in it'
      : `not complete: ${reasons(summary.incomplete)}`,
    `sha256 ${summary.sha256}`,
  ];
  if (summary.incomplete.some((reason) => reason.endsWith('(forbidden)')))
    lines.push('"faro check" with the same targets and options prints the Role that this story takes');
  if (summary.verdict.firstCause !== undefined) lines.push(headlineOf(summary.verdict));
  if (result.goal === 'failed') lines.push(`${result.ended}: ${result.reason}`);
  return `${lines.map(safeLine).join('\n')}\n`;
}

const REASONS_SHOWN = 3;

function reasons(incomplete: readonly string[]): string {
  const shown = incomplete.slice(0, REASONS_SHOWN).join('; ');
  const rest = incomplete.length - REASONS_SHOWN;
  return rest > 0 ? `${shown}; and ${rest} more (metadata.incomplete)` : shown;
}
