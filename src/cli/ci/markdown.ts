import { printable } from '../../model/printable.ts';
import { contentsOf } from '../contents.ts';
import { type Conclusion, causeOf, commandLine, hasFailed, headlineOf } from './conclusion.ts';
import { describeOutcome } from './outcome.ts';

/** The conclusion as Markdown, as `$GITHUB_STEP_SUMMARY` takes it. */
export function markdownOf(conclusion: Conclusion): string {
  const { command, result, summary, output, seconds } = conclusion;
  const cause = causeOf(conclusion);
  const lines = [`### ${hasFailed(conclusion) ? '❌' : '✅'} faro: ${code(headlineOf(conclusion))}`, ''];
  if (cause !== undefined) lines.push(`**First cause:** ${code(cause)}`, '');
  if (command !== undefined)
    lines.push(`- command: ${code(commandLine(command.argv))} ${describeOutcome(command.outcome)}`);
  lines.push(
    `- recording: ${seconds.toFixed(1)} s, ended by ${code(result.ended)}`,
    `- story: ${code(output)}: ${contentsOf(summary.counts)}`,
    `- ${summary.complete ? 'complete' : `not complete: ${summary.incomplete.slice(0, SHOWN).map(code).join('; ')}`}`,
    `- sha256 ${code(summary.sha256)}`,
    '',
  );
  return lines.join('\n');
}

const SHOWN = 5;

/** Text as a code span: nothing in it is markup, a mention or a link; a longer run of backticks than any in it ends it. */
export function code(text: string): string {
  const plain = printable(text.replaceAll('\n', ' '));
  const longest = Math.max(0, ...[...plain.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const space = longest > 0 || plain.trim() === '' ? ' ' : '';
  return `${fence}${space}${plain}${space}${fence}`;
}
