import { Buffer } from 'node:buffer';
import { FaroError } from '../model/errors.ts';
import { grouped } from '../model/grouped.ts';
import { checkPlace, placeFile } from '../story/place.ts';
import { openStory } from '../story/reader.ts';
import { checkBundle } from '../view/html/write/bundle.ts';
import { type ReportSummary, writeReport } from '../view/html/write/report.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './exit.ts';
import type { CaptureOptions } from './options.ts';

export interface ReportOptions {
  readonly output?: string;
  readonly force?: boolean;
}

/** `faro report`: draws a story as one HTML file. */
export async function report(story: string, options: ReportOptions, context: CommandContext): Promise<ExitCode> {
  checkBundle();
  const output = options.output ?? reportBeside(story);
  await checkPlace(output, { force: options.force === true });
  context.stderr.write(summariseReport(output, await placeReport(story, output)));
  return EXIT.done;
}

/** Where `--report` of a capture goes, found out before it begins; undefined where none was asked for. */
export async function reportOf({ output, report, force }: CaptureOptions): Promise<string | undefined> {
  if (report === undefined) return undefined;
  checkBundle();
  const file = report === true ? reportBeside(output) : report;
  if (output === '-') reportBeside(output);
  await checkPlace(file, { force: force === true });
  return file;
}

/** Draws the story of a file into another, which is in place at once or not at all. */
export async function placeReport(story: string, output: string): Promise<ReportSummary> {
  await using reader = await openStory(story);
  return await placeFile(output, `the story is whole in ${story}: name another file for its report`, (write) =>
    writeReport(reader, (text) => write(Buffer.from(text))),
  );
}

/** Where the report of a story stands if nothing else was asked: `story.json.zst` has `story.html`. */
export function reportBeside(story: string): string {
  if (story === '-')
    throw new FaroError('usage', 'a report is drawn from a story in a file, not from standard output', {
      hint: 'name a file with -o',
    });
  return `${story.replace(/\.json(\.gz|\.zst)?$/, '')}.html`;
}

export function summariseReport(output: string, { bytes, omittedLines }: ReportSummary): string {
  const size = bytes < 2 ** 20 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const omitted = omittedLines === 0 ? '' : `, without ${grouped(omittedLines)} log lines from the middle of long logs`;
  return `${output}: the report, ${size}${omitted}; it opens in any browser, offline\n`;
}
