import { appendFile, open, rm, writeFile } from 'node:fs/promises';
import { codeOf, FaroError, messageOf } from '../../model/errors.ts';
import { checkFolder } from '../../story/place.ts';
import type { CommandContext } from '../context.ts';
import { type Conclusion, causeOf, hasFailed, headlineOf } from './conclusion.ts';
import { junitOf } from './junit.ts';
import { markdownOf } from './markdown.ts';
import { platformOf } from './platform.ts';

/** Files that a pipeline reads. */
export interface PublishOptions {
  /** JUnit report. */
  readonly junit?: string;
  /** Markdown; `$GITHUB_STEP_SUMMARY` gets it as well. */
  readonly summary?: string;
}

/** Finds out before a recording begins that its reports could not be written. Throws FaroError `output`. */
export async function checkReports({ junit, summary }: PublishOptions): Promise<void> {
  for (const [option, file] of [
    ['--junit', junit],
    ['--summary', summary],
  ] as const)
    if (file !== undefined) await written(file, option, () => tryFile(file));
}

/** Permissions tell little: a file is opened, and one that was not there is made and removed again. */
async function tryFile(file: string): Promise<void> {
  const made = await open(file, 'wx').catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error;
  });
  await (made ?? (await open(file, 'a'))).close();
  if (made !== undefined) await rm(file);
}

/** Tells the pipeline what came of the capture: an annotation where it failed, the JUnit report, the Markdown summary. */
export async function publish(conclusion: Conclusion, options: PublishOptions, context: CommandContext): Promise<void> {
  const { env, stderr, clock } = context;
  const { junit, summary } = options;
  if (hasFailed(conclusion)) {
    const cause = causeOf(conclusion);
    const message = cause === undefined ? headlineOf(conclusion) : `${headlineOf(conclusion)}: ${cause}`;
    stderr.write(platformOf(env, () => clock.now())?.failure('faro', message) ?? '');
  }
  if (junit !== undefined) await written(junit, '--junit', () => writeFile(junit, junitOf(conclusion)));
  if (summary !== undefined) await written(summary, '--summary', () => writeFile(summary, markdownOf(conclusion)));
  const stepSummary = env.GITHUB_STEP_SUMMARY ?? '';
  if (stepSummary !== '')
    await written(stepSummary, 'GITHUB_STEP_SUMMARY', () => appendFile(stepSummary, markdownOf(conclusion)));
}

/** `option` names the file. */
async function written(file: string, option: string, write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (cause) {
    if (codeOf(cause) === 'EISDIR')
      throw new FaroError('output', `${file} is a folder`, { cause, hint: `name a file in it with ${option}` });
    // Not every file that can be written needs a folder that can: only where it cannot, the folder may tell why.
    await checkFolder(file, { what: 'file', option });
    const hint = `name another file with ${option}`;
    throw new FaroError('output', `${file} cannot be written: ${messageOf(cause)}`, { cause, hint });
  }
}
