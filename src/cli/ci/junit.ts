import { printable } from '../../model/printable.ts';
import { type Conclusion, causeOf, commandLine, hasFailed, headlineOf } from './conclusion.ts';
import { describeOutcome, hasSucceeded } from './outcome.ts';

interface Case {
  readonly name: string;
  readonly seconds: number;
  readonly failure: { readonly message: string; readonly text: string } | undefined;
}

/** The conclusion as a JUnit report: a case for the command, one for the goal; each with its own share of the time. */
export function junitOf(conclusion: Conclusion): string {
  const cases = [...commandCase(conclusion), ...goalCase(conclusion)];
  const failures = cases.filter(({ failure }) => failure !== undefined).length;
  const time = conclusion.seconds.toFixed(3);
  const name = `faro ${conclusion.targets.join(' ')}`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites tests="${cases.length}" failures="${failures}" time="${time}">`,
    `  <testsuite name="${xml(name)}" tests="${cases.length}" failures="${failures}" errors="0" skipped="0" time="${time}">`,
    ...cases.flatMap(linesOf),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function commandCase(conclusion: Conclusion): Case[] {
  const { command, output } = conclusion;
  if (command === undefined) return [];
  const name = commandLine(command.argv);
  const { outcome, seconds } = command;
  if (hasSucceeded(outcome)) return [{ name, seconds, failure: undefined }];
  const text = [causeOf(conclusion) ?? [], `story: ${output}`].flat().join('\n');
  return [{ name, seconds, failure: { message: describeOutcome(outcome), text } }];
}

/** Where the command failed the goal was never judged: there is no case of it, neither good nor bad. */
function goalCase(conclusion: Conclusion): Case[] {
  const { result, goal, targets, output } = conclusion;
  if (result.goal === 'none' && (goal !== undefined || hasFailed(conclusion))) return [];
  const name = `${targets.join(' ')}: ${goal ?? 'recorded'}`;
  const seconds = Math.max(0, conclusion.seconds - (conclusion.command?.seconds ?? 0));
  if (result.goal !== 'failed') return [{ name, seconds, failure: undefined }];
  const cause = causeOf(conclusion) ?? '';
  const text = `${result.ended}: ${result.reason}\nstory: ${output}`;
  return [{ name, seconds, failure: { message: cause === '' ? headlineOf(conclusion) : cause, text } }];
}

function linesOf({ name, seconds, failure }: Case): string[] {
  const open = `    <testcase classname="faro" name="${xml(name)}" time="${seconds.toFixed(3)}"`;
  if (failure === undefined) return [`${open}/>`];
  return [
    `${open}>`,
    `      <failure message="${xml(failure.message)}">${failure.text.split('\n').map(xml).join('\n')}</failure>`,
    '    </testcase>',
  ];
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** What XML 1.0 cannot hold at all (control characters, half surrogates, U+FFFE, U+FFFF) is gone before it is escaped. */
export function xml(text: string): string {
  return printable(text)
    .replace(/[\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
