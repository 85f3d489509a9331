import { TEXT_FORMATS, type TextFormat, textConverter } from '../convert/formats.ts';
import { FaroError } from '../model/errors.ts';
import { writeStdout } from '../story/file.ts';
import { checkPlace, placeFile } from '../story/place.ts';
import { openStory, type StoryReader } from '../story/reader.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './exit.ts';

export interface ConvertOptions {
  readonly to: string;
  readonly output?: string;
  readonly budget?: string;
  readonly force?: boolean;
}

/** `faro convert`: a story in another form, on standard output or in a file that is there whole or not at all. */
export async function convert(file: string, options: ConvertOptions, context: CommandContext): Promise<ExitCode> {
  const budget = budgetOf(options);
  await using story = await openStory(file);
  const format = TEXT_FORMATS.find((candidate) => candidate === options.to);
  if (format === undefined) await convertToFolder(story, options);
  else await convertToText(story, format, { ...options, tokens: budget });
  if (options.output !== undefined && options.output !== '-') context.stderr.write(`${options.output} written\n`);
  return EXIT.done;
}

/** A digest needs room for what the story is of. */
const LEAST_BUDGET = 500;
const DEFAULT_BUDGET = 8000;

function budgetOf({ budget: text, to }: ConvertOptions): number {
  if (text === undefined) return DEFAULT_BUDGET;
  if (to !== 'md')
    throw new FaroError('usage', `--budget is of --to md, and ${to} is whole`, {
      hint: 'leave --budget out; "faro view --since, --object, --type" shows a part of a story',
    });
  const budget = Number(text);
  if (Number.isSafeInteger(budget) && budget >= LEAST_BUDGET) return budget;
  throw new FaroError('usage', `--budget: "${text}" is not a whole number of at least ${LEAST_BUDGET}`);
}

async function convertToText(
  story: StoryReader,
  format: TextFormat,
  { output = '-', tokens, force = false }: Pick<ConvertOptions, 'output' | 'force'> & { readonly tokens: number },
): Promise<void> {
  const converter = await textConverter(format);
  const pieces = converter(story, { budget: tokens });
  if (output === '-') {
    for await (const piece of pieces) await writeStdout(Buffer.from(piece));
    return;
  }
  await checkPlace(output, { force });
  await placeFile(output, 'name another file with -o', async (write) => {
    for await (const piece of pieces) await write(Buffer.from(piece));
  });
}

async function convertToFolder(story: StoryReader, { output }: ConvertOptions): Promise<void> {
  if (output === undefined || output === '-')
    throw new FaroError('usage', '--to kubectl-dir makes a folder', {
      hint: 'name one that does not exist yet with -o',
    });
  const { writeKubectlDir } = await import('../convert/kubectl-dir.ts');
  await writeKubectlDir(story, output);
}
