import { appendFile, open, writeFile } from 'node:fs/promises';
import { FaroError, messageOf } from '../../model/errors.ts';
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
  for (const file of [junit, summary])
    if (file !== undefined) await written(file, async () => (await open(file, 'a')).close());
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
  if (junit !== undefined) await written(junit, () => writeFile(junit, junitOf(conclusion)));
  if (summary !== undefined) await written(summary, () => writeFile(summary, markdownOf(conclusion)));
  const stepSummary = env.GITHUB_STEP_SUMMARY ?? '';
  if (stepSummary !== '') await written(stepSummary, () => appendFile(stepSummary, markdownOf(conclusion)));
}

async function written(file: string, write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (cause) {
    throw new FaroError('output', `${file} cannot be written: ${messageOf(cause)}`, { cause });
  }
}
